/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/make.h"

static bool is_required(enum cfs_seal_role role)
{
	return role != CFS_SEAL_LAYER && role != CFS_SEAL_BOOTABLE;
}

void cfs_seal_blobs_free(struct cfs_seal_blobs *blobs)
{
	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++)
		cfs_buf_free(&blobs->v[i]);
}

bool cfs_seal_makes(const struct cfs_seal_facts *facts, enum cfs_seal_role role)
{
	return role != CFS_SEAL_LAYER && facts->role[role].known;
}

int cfs_seal_sign(const struct cfs_seal_facts *facts,
		  const struct cfs_signing *signing,
		  struct cfs_seal_blobs *blobs, struct cfs_err *err)
{
	int any = 0;

	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++) {
		struct cfs_buf *blob = &blobs->v[i];
		struct cfs_buf next = { 0 };
		int r;

		if (!cfs_seal_makes(facts, (enum cfs_seal_role)i))
			continue;
		/* A signature that exists gets a further signer. */
		r = cfs_sign(signing, &facts->role[i].digest,
			     cfs_buf_bytes(blob), &next, err);
		if (r < 0) {
			cfs_buf_free(&next);
			return cfs_ctx(
				err, "%s",
				cfs_seal_role_name((enum cfs_seal_role)i));
		}
		cfs_buf_free(blob);
		*blob = next;
		any |= r;
	}
	return any;
}

static int add_entry(const struct cfs_seal_facts *facts,
		     enum cfs_seal_role role, const struct cfs_buf *blob,
		     struct cfs_seal_artifact *to, struct cfs_err *err)
{
	struct cfs_seal_entry *entry = &to->v[to->n];

	if (to->n > 0 && (blob->len > 0) != to->v[0].is_signed)
		return cfs_fail(err, EINVAL,
				"%s and %s have to be signed both, or none",
				cfs_seal_role_name(to->v[0].role),
				cfs_seal_role_name(role));
	to->n++;
	*entry = (struct cfs_seal_entry){
		.role = role,
		.digest = facts->role[role].digest,
		.is_signed = blob->len > 0,
		.size = blob->len,
	};
	return cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, cfs_buf_bytes(blob),
				   &entry->blob, err);
}

int cfs_seal_make(const struct cfs_seal_facts *facts,
		  const struct cfs_seal_blobs *blobs,
		  struct cfs_seal_artifact *ret, struct cfs_buf *text,
		  struct cfs_err *err)
{
	struct cfs_seal_artifact a = {
		.form = CFS_SEAL_METADATA,
		.alg = facts->alg,
		.subject = facts->subject,
	};
	int r = 0;

	for (unsigned i = 0; r == 0 && i < CFS_SEAL_ROLES; i++) {
		enum cfs_seal_role role = (enum cfs_seal_role)i;

		if (cfs_seal_makes(facts, role))
			r = add_entry(facts, role, &blobs->v[i], &a, err);
		else if (is_required(role))
			return cfs_fail(err, EINVAL,
					"the digest of role %s is not known",
					cfs_seal_role_name(role));
	}
	if (r == 0)
		r = cfs_seal_artifact_write(&a, text, err);
	if (r == 0)
		*ret = a;
	return r;
}
