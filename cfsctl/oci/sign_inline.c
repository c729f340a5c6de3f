/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci sign --inline: signatures in the manifest. */
#include "cfsctl/cli/line.h"
#include "cfsctl/oci/edited.h"
#include "cfsctl/oci/oci.h"
#include "oci/seal/image.h"
#include "oci/seal/inline.h"
#include "ops/signature.h"

/* The annotations of an image, and what they should say. */
struct annotated {
	struct cfs_oci_image image;
	struct cfs_seal_artifact claims;
	struct cfs_seal_blobs blobs; /* signatures, by role */
	struct cfs_seal_facts facts; /* that are among the claims */
};

static void annotated_free(struct annotated *a)
{
	cfs_oci_image_free(&a->image);
	cfs_seal_blobs_free(&a->blobs);
}

/* Nothing is signed because a manifest claims it. */
static int check(const struct cfs_seal_facts *facts,
		 const struct cfs_seal_entry *entry, struct cfs_err *err)
{
	char want[CFS_DIGEST_HEX_MAX], have[CFS_DIGEST_HEX_MAX];
	const struct cfs_digest *fact = &facts->role[entry->role].digest;

	if (facts->role[entry->role].known &&
	    cfs_digest_equal(fact, &entry->digest))
		return 0;
	cfs_digest_to_hex(&entry->digest, have);
	cfs_digest_to_hex(fact, want);
	return cfs_fail(err, EBADMSG,
			"the manifest says that the digest of role %s is %s, "
			"which is %s: nothing is signed (`cfsctl oci seal "
			"--inline` writes what is right)",
			cfs_seal_role_name(entry->role), have, want);
}

/* Of @all, those that the manifest has. */
static int compare(struct annotated *a, const struct cfs_seal_facts *all,
		   struct cfs_err *err)
{
	a->facts = (struct cfs_seal_facts){ .subject = all->subject,
					    .alg = all->alg,
					    .n_layers = all->n_layers };
	for (unsigned i = 0; i < a->claims.n; i++) {
		const struct cfs_seal_entry *entry = &a->claims.v[i];
		int r = check(all, entry, err);

		if (r < 0)
			return r;
		a->facts.role[entry->role] = all->role[entry->role];
	}
	if (!a->facts.role[CFS_SEAL_CONFIG].known)
		return cfs_fail(err, EBADMSG,
				"the manifest has no digest of the "
				"configuration: `cfsctl oci seal --inline` "
				"writes it");
	return 0;
}

/* Signatures that cannot be read give way. */
static void drop_unreadable(struct annotated *a)
{
	const struct cfs_certs none = { .n = 0 };

	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++) {
		struct cfs_buf *blob = &a->blobs.v[i];
		struct cfs_signers signers;
		struct cfs_err why;

		if (!blob->len || cfs_signers_list(cfs_buf_bytes(blob), &none,
						   &signers, &why) >= 0)
			continue;
		cmd_line(stderr,
			 "note: the signature of role %s is replaced, which "
			 "cannot be read: %s",
			 cfs_seal_role_name((enum cfs_seal_role)i), why.msg);
		cfs_buf_free(blob);
	}
}

static int open_annotated(const struct cfs_repo *repo, const char *name,
			  struct annotated *a, struct cfs_err *err)
{
	struct cfs_seal_facts all = { .n_layers = 0 };
	bool bootable = false;
	int r = cfs_oci_image_find(repo, name, &a->image, err);

	if (r >= 0)
		r = cfs_seal_inline_read(
			&a->image.id, cfs_buf_bytes(&a->image.manifest_text),
			repo->meta.alg, &a->claims, &a->blobs, err);
	if (r == 0)
		return cfs_fail(err, ENODATA,
				"there is nothing to sign in the manifest: "
				"`cfsctl oci seal --inline` writes the digests "
				"into it");
	if (r < 0)
		return r;
	for (unsigned i = 0; i < a->claims.n; i++)
		bootable |= a->claims.v[i].role == CFS_SEAL_BOOTABLE;
	r = cfs_seal_compute(repo, &a->image, bootable, CFS_XATTRS_ALLOWLIST,
			     &all, err);
	return r < 0 ? r : compare(a, &all, err);
}

static int store_signed(struct cfs_store *store, const char *name,
			const struct annotated *a, struct cfs_oci_id *ret,
			struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf manifest = { 0 };
	CFS_AUTOIMAGE struct cfs_oci_image next = { 0 };
	struct cmd_edit edit = {
		.name = name,
		.from = &a->image,
		.config = cfs_buf_bytes(&a->image.config_text),
	};
	int r = cfs_seal_inline_write(cfs_buf_bytes(&a->image.manifest_text),
				      &a->facts, &a->blobs, false, &manifest,
				      err);

	edit.manifest = cfs_buf_bytes(&manifest);
	if (r == 0)
		r = cmd_oci_edit(store, &edit, &next, err);
	if (r == 0)
		*ret = next.id;
	return r;
}

int cmd_oci_sign_inline(struct cfs_store *store, const char *name,
			const struct cfs_signing_keys *keys,
			struct cfs_oci_id *ret, struct cfs_err *err)
{
	__attribute__((cleanup(annotated_free))) struct annotated a = {
		.claims = { .n = 0 },
	};
	int r = open_annotated(&store->repo, name, &a, err);

	if (r < 0)
		return r;
	drop_unreadable(&a);
	r = cmd_oci_sign_facts(keys, &a.facts, &a.blobs, err);
	*ret = a.image.id;
	return r <= 0 ? r : store_signed(store, name, &a, ret, err);
}
