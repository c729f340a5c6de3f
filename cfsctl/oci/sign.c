/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci sign: an artifact with signatures, made here or elsewhere. */
#include <string.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/enrol.h"
#include "cfsctl/oci/oci.h"
#include "cfsctl/sign_objects.h"
#include "cfsctl/signers.h"
#include "cfsctl/signing.h"
#include "oci/seal/image.h"
#include "oci/seal/keep.h"
#include "oci/seal/verify.h"

struct options {
	struct cfs_signers_options signers;
	struct cfs_opt_list replace;
	enum cfs_kernel_signatures kernel;
	bool in_manifest;
};

static const struct cfs_opt options[] = {
	CFS_SIGNERS_OPTIONS(struct options, signers, "ROLE"),
	{ .name = "replace-signer",
	  .value = "PEM",
	  .help = "then drop what the signers of these certificates alone "
		  "signed; repeatable",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, replace) },
	{ .name = "inline",
	  .help = "sign the digests that `oci seal --inline` wrote into the "
		  "manifest, in it",
	  CFS_OPT_SETS(struct options, in_manifest) },
	CFS_KERNEL_OPTION(struct options, kernel),
	{ 0 },
};

/* Do all of @s vouch for all of @facts in @source?  1 or 0. */
static int signed_by_all(const struct cfs_seal_source *source,
			 const struct cfs_seal_facts *facts,
			 const struct cfs_signing_keys *s, struct cfs_err *err)
{
	struct cfs_seal_verdict v;

	for (unsigned i = 0; i < s->n; i++) {
		const struct cfs_certs one = {
			.n = 1, .v = { *cfs_signing_cert(s->v[i]) }
		};
		const struct cfs_seal_policy policy = {
			.certs = &one,
			.bootable = facts->role[CFS_SEAL_BOOTABLE].known,
		};
		int r = cfs_seal_judge_source(facts, &policy, source, &v, err);

		if (r < 0 || v.answer != CFS_SEAL_VERIFIED)
			return r;
	}
	return 1;
}

/* Looks through the next ones of @list. */
static int find_in_some(const struct cfs_repo *repo,
			const struct cfs_seal_facts *facts,
			const struct cfs_signing_keys *s,
			struct cfs_seal_list *list, struct cfs_oci_id *ret,
			struct cfs_err *err)
{
	CFS_AUTOSOURCES struct cfs_seal_sources sources = { 0 };
	int r = cfs_seal_sources_next(repo, list, &sources, err);

	for (size_t i = 0; r == 0 && i < sources.n; i++) {
		r = signed_by_all(sources.v[i], facts, s, err);
		*ret = sources.v[i]->id;
	}
	return r;
}

/* Looks for an artifact that these signers made before: ECDSA would give other
 * bytes each time.  1 with *@ret, or 0. */
static int find_signed(const struct cfs_repo *repo,
		       const struct cfs_seal_facts *facts,
		       const struct cfs_signing_keys *s, struct cfs_oci_id *ret,
		       struct cfs_err *err)
{
	CFS_AUTOSEALLIST struct cfs_seal_list list = { 0 };
	int r = cfs_seal_list_read(repo, &facts->subject.id, &list, err);

	while (r == 0 && !cfs_seal_list_ends(&list))
		r = find_in_some(repo, facts, s, &list, ret, err);
	return r;
}

static int attach(const struct cfs_signing_keys *keys,
		  const struct cfs_seal_facts *facts,
		  struct cfs_seal_blobs *blobs, struct cfs_err *err)
{
	int any = 0;

	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++) {
		enum cfs_seal_role role = (enum cfs_seal_role)i;
		struct cfs_buf *blob = &blobs->v[i];
		CFS_AUTOBUF struct cfs_buf next = { 0 };
		int r;

		if (!cfs_seal_makes(facts, role))
			continue;
		r = cmd_attach_p7(keys, cfs_seal_role_name(role),
				  &facts->role[role].digest,
				  cfs_buf_bytes(blob), &next, err);
		if (r < 0)
			return r;
		cfs_buf_free(blob);
		*blob = next;
		next = (struct cfs_buf){ 0 };
		any |= r > 0;
	}
	return any;
}

int cmd_oci_sign_facts(const struct cfs_signing_keys *keys,
		       const struct cfs_seal_facts *facts,
		       struct cfs_seal_blobs *blobs, struct cfs_err *err)
{
	int any = 0, r = 0;

	if (keys->attach)
		return attach(keys, facts, blobs, err);
	for (unsigned i = 0; r >= 0 && i < keys->n; i++) {
		r = cfs_seal_sign(facts, keys->v[i], blobs, err);
		any |= r > 0;
	}
	return r < 0 ? r : any;
}

/* Keeps an artifact with the signatures; *@ret becomes its digest. */
static int sign(struct cfs_store *store, const struct cfs_signing_keys *keys,
		const struct cfs_seal_facts *facts, struct cfs_oci_id *ret,
		struct cfs_err *err)
{
	CFS_AUTOSEALBLOBS struct cfs_seal_blobs blobs = { 0 };
	int r = keys->attach ? 0
			     : find_signed(&store->repo, facts, keys, ret, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = cmd_oci_sign_facts(keys, facts, &blobs, err);
	return r < 0 ? r : cfs_seal_keep(store, facts, &blobs, ret, err);
}

static int emit(const char *dir, const struct cfs_seal_facts *facts,
		struct cfs_err *err)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < CFS_SEAL_ROLES; i++) {
		enum cfs_seal_role role = (enum cfs_seal_role)i;
		CFS_AUTOFREE char *path = NULL;

		if (!cfs_seal_makes(facts, role))
			continue;
		r = cmd_emit_tbs(dir, cfs_seal_role_name(role),
				 &facts->role[role].digest, &path, err);
		if (r == 0)
			cmd_line(stdout, "%s", path);
	}
	return r;
}

static int compute(const struct cfs_repo *repo, const char *name,
		   struct cfs_oci_image *image, struct cfs_seal_facts *ret,
		   struct cfs_err *err)
{
	int r = cfs_oci_image_find(repo, name, image, err);

	return r < 0 ? r
		     : cfs_seal_compute(repo, image,
					cfs_oci_image_is_bootable(image),
					CFS_XATTRS_ALLOWLIST, ret, err);
}

static int run_emit(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_seal_facts facts;
	int r = cmd_open_repo(call->g, &repo, err);

	if (r == 0)
		r = compute(&repo, call->operand[0], &image, &facts, err);
	return r < 0 ? r : emit(o->signers.emit, &facts, err);
}

/* Looks through the next ones of @list. */
static int drop_some(struct cfs_store *store, const struct cfs_oci_id *image,
		     const struct cfs_oci_id *new,
		     const struct cfs_certs *certs, struct cfs_seal_list *list,
		     struct cfs_err *err)
{
	CFS_AUTOSOURCES struct cfs_seal_sources sources = { 0 };
	int r = cfs_seal_sources_next(&store->repo, list, &sources, err);

	for (size_t i = 0; r >= 0 && i < sources.n; i++) {
		const struct cfs_seal_source *s = sources.v[i];
		enum cfs_seal_share share = cfs_seal_share_of(s, certs);

		if (share == CFS_SEAL_NONE || cfs_oci_id_equal(&s->id, new))
			continue;
		if (share == CFS_SEAL_ALL)
			r = cfs_seal_unlist(store, image, &s->id, err);
		cmd_line(stderr,
			 share == CFS_SEAL_ALL
				 ? "note: artifact %s is dropped"
				 : "note: artifact %s stays: others signed "
				   "it, too",
			 s->id.text);
	}
	return r < 0 ? r : 0;
}

/* Drops the artifacts that the signers of @certs alone signed, but not the new
 * one. */
static int drop(struct cfs_store *store, const struct cfs_oci_id *image,
		const struct cfs_oci_id *new, const struct cfs_certs *certs,
		struct cfs_err *err)
{
	CFS_AUTOSEALLIST struct cfs_seal_list list = { 0 };
	int r = cfs_seal_list_read(&store->repo, image, &list, err);

	while (r == 0 && !cfs_seal_list_ends(&list))
		r = drop_some(store, image, new, certs, &list, err);
	return r;
}

/* Those that signed, borrowed from @keys. */
static struct cfs_certs certs_of(const struct cfs_signing_keys *keys)
{
	struct cfs_certs certs = keys->certs;

	for (unsigned i = 0; i < keys->n; i++)
		certs.v[certs.n++] = *cfs_signing_cert(keys->v[i]);
	return certs;
}

static bool has(const struct cfs_certs *certs, const struct cfs_cert *cert)
{
	for (unsigned i = 0; i < certs->n; i++)
		if (certs->v[i].der.len == cert->der.len &&
		    memcmp(certs->v[i].der.data, cert->der.data,
			   cert->der.len) == 0)
			return true;
	return false;
}

/* Of the certificates @replaced, those that did not sign now; borrowed. */
static struct cfs_certs leaving_of(const struct cfs_certs *replaced,
				   const struct cfs_certs *signers)
{
	struct cfs_certs leaving = { .n = 0 };

	for (unsigned i = 0; i < replaced->n; i++)
		if (!has(signers, &replaced->v[i]))
			leaving.v[leaving.n++] = replaced->v[i];
	return leaving;
}

/* Whose signatures are handed on, and whose are taken back. */
struct handover {
	const struct cfs_signing_keys *keys;
	const struct cfs_certs *replaced;
	enum cfs_kernel_signatures kernel;
};

/* Keeps the signatures of @image by the keys, and hands them to the kernel.
 * @facts: its digests, or NULL: to be computed. */
static int hand_over(struct cfs_store *store, const struct cfs_oci_image *image,
		     const struct handover *h,
		     const struct cfs_seal_facts *facts, struct cfs_err *err)
{
	CFS_AUTOVERIFICATION struct cfs_seal_verification v = { 0 };
	const struct cfs_certs certs = certs_of(h->keys);
	const struct cfs_certs leaving = leaving_of(h->replaced, &certs);
	CFS_AUTOENROLMENT struct cfs_enrolment e = { .leaving = &leaving };
	const struct cfs_seal_policy policy = { .certs = &certs,
						.recompute = true };
	int r = facts ? cfs_seal_verify_known(&store->repo, image, &policy,
					      facts, &v, err)
		      : cfs_seal_verify(&store->repo, image, &policy, &v, err);

	if (r == 0 && cfs_seal_refusal(&v, image->id.text, err) < 0)
		r = cfs_ctx(err, "read back what was signed");
	if (r == 0)
		r = cfs_enrolment_add(&e, &store->repo, &v, &certs, err);
	return r < 0 ? r : cmd_enrol(store, &e, h->kernel, err);
}

/* Replaces signers of the objects of the images in @facts, too, where objects
 * are signed. */
static int replace_in_objects(const struct cfs_globals *g,
			      struct cfs_store *store, const struct handover *h,
			      const struct cfs_seal_facts *facts,
			      struct cfs_err *err)
{
	static const enum cfs_seal_role roles[] = { CFS_SEAL_MERGED,
						    CFS_SEAL_BOOTABLE };
	const struct cfs_sign_objects_call c = { .g = g,
						 .keys = h->keys,
						 .kernel = h->kernel };
	const struct cfs_certs certs = certs_of(h->keys);
	const struct cfs_certs leaving = leaving_of(h->replaced, &certs);
	int r = 0;

	for (unsigned i = 0; r == 0 && i < CFS_ARRAY_SIZE(roles); i++)
		if (leaving.n > 0 && facts->role[roles[i]].known)
			r = cmd_replace_signers(&c, store,
						&facts->role[roles[i]].digest,
						&leaving, err);
	return r;
}

static int run_inline(const struct cfs_call *call,
		      const struct cfs_signing_keys *keys, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	const struct cfs_certs none = { .n = 0 };
	const struct handover h = { keys, &none, o->kernel };
	struct cfs_oci_id manifest;
	int r = cmd_open_store(call->g, &store, err);

	if (r == 0)
		r = cmd_oci_sign_inline(&store, call->operand[0], keys,
					&manifest, err);
	if (r < 0)
		return r;
	cmd_line(stdout, "%s", manifest.text);
	r = cfs_oci_image_open(&store.repo, &manifest, &image, err);
	return r < 0 ? r : hand_over(&store, &image, &h, NULL, err);
}

static int run_store(const struct cfs_call *call,
		     const struct cfs_signing_keys *keys, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOCERTS struct cfs_certs replaced = { .n = 0 };
	const struct handover h = { keys, &replaced, o->kernel };
	struct cfs_seal_facts facts;
	struct cfs_oci_id artifact;
	int r = cmd_read_certs(&o->replace, &replaced, err);

	if (r == 0)
		r = cmd_open_store(call->g, &store, err);
	if (r == 0)
		r = compute(&store.repo, call->operand[0], &image, &facts, err);
	if (r == 0)
		r = sign(&store, keys, &facts, &artifact, err);
	if (r < 0)
		return r;
	cmd_line(stdout, "%s", artifact.text);
	if (replaced.n)
		r = drop(&store, &facts.subject.id, &artifact, &replaced, err);
	if (r == 0)
		r = hand_over(&store, &image, &h, &facts, err);
	return r < 0 ? r : replace_in_objects(call->g, &store, &h, &facts, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	CFS_AUTOSIGNINGKEYS struct cfs_signing_keys keys = { .n = 0 };
	const struct options *o = call->options;
	int r = cmd_signing_keys_open(&o->signers, &keys, err);

	if (r == 0 && o->replace.n && o->signers.emit)
		r = cfs_fail(err, CFS_EUSAGE,
			     "--replace-signer is for signing, and --emit-tbs "
			     "signs nothing");
	if (r == 0 && o->replace.n && o->in_manifest)
		r = cfs_fail(err, CFS_EUSAGE,
			     "--replace-signer is for artifacts: `oci seal "
			     "--inline` drops all signatures in the manifest");
	if (r == 0 && o->signers.emit && o->in_manifest)
		r = cfs_fail(err, CFS_EUSAGE,
			     "--inline is for signing, and --emit-tbs signs "
			     "nothing: --attach --inline takes the files back");
	if (r == 0)
		r = cmd_enrol_check(o->kernel, o->signers.emit, err);
	if (r < 0)
		return r;
	r = o->signers.emit  ? run_emit(call, err)
	    : o->in_manifest ? run_inline(call, &keys, err)
			     : run_store(call, &keys, err);
	return r < 0 ? cfs_ctx(err, "sign %s", call->operand[0]) : 0;
}

const struct cfs_cmd cmd_oci_sign = {
	.name = "sign",
	.help = "sign manifest, configuration and EROFS images of an image in "
		"an artifact about it",
	.needs = "--cert PEM --key KEY",
	.more = "Several pairs of --cert and --key make one artifact with "
		"several signers.\nArtifacts of other signers stay.  What --emit-tbs "
		"wrote is signed by\n"
		"  openssl smime -sign -binary -noattr -nocerts -outform DER -md "
		"HASH \\\n"
		"    -signer PEM -inkey KEY -in ROLE.tbs -out ROLE.p7\n",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" } },
	.run = run,
};
