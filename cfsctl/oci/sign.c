/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci sign: an artifact with signatures, made here or elsewhere. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/output.h"
#include "cfsctl/oci/oci.h"
#include "cfsctl/signing.h"
#include "fsverity/signature.h"
#include "keys/sign.h"
#include "oci/seal/image.h"
#include "oci/seal/judge.h"
#include "oci/seal/keep.h"

#define SIGNERS_MAX CFS_SIGNERS_MAX

struct options {
	struct cfs_opt_list certs, keys;
	const char *emit, *attach;
};

static const struct cfs_opt options[] = {
	{ .name = "cert",
	  .value = "PEM",
	  .help = "the signer's own certificate",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, certs) },
	{ .name = "key",
	  .value = "KEY",
	  .help = "its key: a PEM file or a pkcs11: URI",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, keys) },
	{ .name = "emit-tbs",
	  .value = "DIR",
	  .help = "only write DIR/ROLE.tbs, to be signed elsewhere",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, emit) },
	{ .name = "attach",
	  .value = "DIR",
	  .help = "take back DIR/ROLE.p7, made with --cert's key",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, attach) },
	{ 0 },
};

struct signers {
	struct cfs_signing *v[SIGNERS_MAX];
	unsigned n;
};

static void signers_free(struct signers *s)
{
	for (unsigned i = 0; i < s->n; i++)
		cfs_signing_free(s->v[i]);
}

static int open_signers(const struct options *o, struct signers *s,
			struct cfs_err *err)
{
	if (!o->certs.n || o->certs.n != o->keys.n)
		return cfs_fail(err, CFS_EUSAGE,
				"give at least one --cert, each with its "
				"--key");
	if (o->certs.n > SIGNERS_MAX)
		return cfs_fail(err, CFS_EUSAGE,
				"too many signers (%u; at most %d)", o->certs.n,
				SIGNERS_MAX);
	for (; s->n < o->certs.n; s->n++) {
		int r = cfs_signing_open(o->certs.v[s->n], o->keys.v[s->n],
					 &s->v[s->n], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Do all of @s vouch for all of @facts in @source?  1 or 0. */
static int signed_by_all(const struct cfs_seal_source *source,
			 const struct cfs_seal_facts *facts,
			 const struct signers *s, struct cfs_err *err)
{
	struct cfs_bytes blobs[CFS_SEAL_ENTRIES_MAX];
	struct cfs_seal_verdict v;

	if (!source->readable)
		return 0;
	for (unsigned i = 0; i < source->artifact.n; i++)
		blobs[i] = cfs_buf_bytes(&source->blobs[i]);
	for (unsigned i = 0; i < s->n; i++) {
		const struct cfs_certs one = {
			.n = 1, .v = { *cfs_signing_cert(s->v[i]) }
		};
		const struct cfs_seal_policy policy = {
			.certs = &one,
			.bootable = facts->role[CFS_SEAL_BOOTABLE].known,
		};
		int r = cfs_seal_judge(facts, &policy, &source->artifact, blobs,
				       &v, err);

		if (r < 0 || v.answer != CFS_SEAL_VERIFIED)
			return r;
	}
	return 1;
}

/* Looks for an artifact that these signers made before: ECDSA would give other
 * bytes each time.  1 with *@ret, or 0. */
static int find_signed(const struct cfs_repo *repo,
		       const struct cfs_seal_facts *facts,
		       const struct signers *s, struct cfs_oci_id *ret,
		       struct cfs_err *err)
{
	CFS_AUTOSOURCES struct cfs_seal_sources sources = { 0 };
	int r = cfs_seal_sources_read(repo, &facts->subject.id, &sources, err);

	for (size_t i = 0; r == 0 && i < sources.n; i++) {
		r = signed_by_all(sources.v[i], facts, s, err);
		*ret = sources.v[i]->id;
	}
	return r;
}

static int sign_with_keys(struct cfs_store *store, const struct signers *s,
			  const struct cfs_seal_facts *facts,
			  struct cfs_oci_id *ret, struct cfs_err *err)
{
	CFS_AUTOSEALBLOBS struct cfs_seal_blobs blobs = { 0 };
	int r = find_signed(&store->repo, facts, s, ret, err);

	if (r != 0)
		return r < 0 ? r : 0;
	for (unsigned i = 0; r >= 0 && i < s->n; i++)
		r = cfs_seal_sign(facts, s->v[i], &blobs, err);
	return r < 0 ? r : cfs_seal_keep(store, facts, &blobs, ret, err);
}

/* DIR/ROLE.SUFFIX; the caller frees it. */
static int path_of(const char *dir, enum cfs_seal_role role, const char *suffix,
		   char **ret, struct cfs_err *err)
{
	if (asprintf(ret, "%s/%s.%s", dir, cfs_seal_role_name(role), suffix) >=
	    0)
		return 0;
	*ret = NULL;
	return cfs_no_memory(err);
}

/* The signers of DIR/ROLE.p7 that are in @certs. */
static int attach_role(const char *dir, enum cfs_seal_role role,
		       const struct cfs_digest *digest,
		       const struct cfs_certs *certs, struct cfs_buf *ret,
		       struct cfs_err *err)
{
	const struct cfs_bytes none = { NULL, 0 };
	CFS_AUTOBUF struct cfs_buf blob = { 0 };
	CFS_AUTOFREE char *path = NULL;
	int r = path_of(dir, role, "p7", &path, err);

	if (r == 0)
		r = cfs_read_file(AT_FDCWD, path, CFS_SIGNATURE_MAX, &blob,
				  err);
	else
		return r;
	if (r == 0)
		return cfs_fail(err, ENOENT, "there is no signature %s", path);
	if (r > 0)
		r = cfs_signature_attach(cfs_buf_bytes(&blob), digest, certs,
					 none, ret, err);
	return r < 0 ? cfs_ctx(err, "%s", path) : 0;
}

static int attach(struct cfs_store *store, const struct options *o,
		  const struct cfs_seal_facts *facts, struct cfs_oci_id *ret,
		  struct cfs_err *err)
{
	CFS_AUTOSEALBLOBS struct cfs_seal_blobs blobs = { 0 };
	CFS_AUTOCERTS struct cfs_certs certs = { .n = 0 };
	int r = cmd_read_certs(&o->certs, &certs, err);

	for (unsigned i = 0; r == 0 && i < CFS_SEAL_ROLES; i++) {
		enum cfs_seal_role role = (enum cfs_seal_role)i;

		if (cfs_seal_makes(facts, role))
			r = attach_role(o->attach, role,
					&facts->role[role].digest, &certs,
					&blobs.v[role], err);
	}
	return r < 0 ? r : cfs_seal_keep(store, facts, &blobs, ret, err);
}

static int emit_role(const char *dir, enum cfs_seal_role role,
		     const struct cfs_digest *digest, struct cfs_err *err)
{
	uint8_t text[CFS_FORMATTED_MAX];
	size_t len = cfs_digest_format(digest, text);
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	CFS_AUTOFREE char *path = NULL;
	int r = path_of(dir, role, "tbs", &path, err);

	if (r < 0)
		return r;
	r = cmd_output_open_file(path, CFS_OUTPUT_REPLACE, &out, err);
	if (r == 0)
		r = cmd_output_write(&out, text, len, err);
	if (r == 0)
		r = cmd_output_commit(&out, err);
	if (r < 0)
		return cfs_ctx(err, "write %s", path);
	cmd_line(stdout, "%s", path);
	return 0;
}

static int emit(const char *dir, const struct cfs_seal_facts *facts,
		struct cfs_err *err)
{
	int r = 0;

	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return cfs_fail_errno(err, "make directory %s", dir);
	for (unsigned i = 0; r == 0 && i < CFS_SEAL_ROLES; i++)
		if (cfs_seal_makes(facts, (enum cfs_seal_role)i))
			r = emit_role(dir, (enum cfs_seal_role)i,
				      &facts->role[i].digest, err);
	return r;
}

static int compute(const struct cfs_repo *repo, const char *name,
		   struct cfs_seal_facts *ret, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	int r = cfs_oci_image_find(repo, name, &image, err);

	return r < 0 ? r
		     : cfs_seal_compute(repo, &image,
					cfs_seal_is_bootable(&image),
					CFS_XATTRS_ALLOWLIST, ret, err);
}

static int run_emit(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_seal_facts facts;
	int r = cmd_open_repo(call->g, &repo, err);

	if (r == 0)
		r = compute(&repo, call->operand[0], &facts, err);
	return r < 0 ? r : emit(o->emit, &facts, err);
}

static int run_store(const struct cfs_call *call, struct cfs_err *err)
{
	__attribute__((cleanup(signers_free))) struct signers s = { .n = 0 };
	const struct options *o = call->options;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_seal_facts facts;
	struct cfs_oci_id artifact;
	int r = o->attach ? 0 : open_signers(o, &s, err);

	if (r == 0)
		r = cmd_open_store(call->g, &store, err);
	if (r == 0)
		r = compute(&store.repo, call->operand[0], &facts, err);
	if (r == 0)
		r = o->attach ? attach(&store, o, &facts, &artifact, err)
			      : sign_with_keys(&store, &s, &facts, &artifact,
					       err);
	if (r == 0)
		cmd_line(stdout, "%s", artifact.text);
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	int r;

	if (o->emit && (o->attach || o->certs.n || o->keys.n))
		return cfs_fail(err, CFS_EUSAGE,
				"--emit-tbs cannot be combined with --cert, "
				"--key or --attach");
	if (o->attach && (o->keys.n || !o->certs.n))
		return cfs_fail(err, CFS_EUSAGE,
				"--attach needs --cert, and no --key");
	r = o->emit ? run_emit(call, err) : run_store(call, err);
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
