/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl sign: signatures over images, here or in two steps elsewhere. */
#include <stdio.h>
#include <string.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/signers.h"
#include "cfsctl/signing.h"
#include "fsverity/enable.h"
#include "keys/keyring.h"
#include "ops/whole.h"
#include "repo/enrol.h"
#include "repo/signature.h"

enum kernel {
	KERNEL_AUTO, /* enrol where the kernel would verify */
	KERNEL_YES,  /* fail otherwise */
	KERNEL_NO,
};

struct options {
	struct cfs_signers_options signers;
	enum kernel kernel;
	bool json;
};

static const char *const kernel_names[] = { "auto", "yes", "no", NULL };

static int parse_kernel(const char *text, void *to, struct cfs_err *err)
{
	enum kernel *ret = to;

	(void)err;
	for (unsigned i = 0; kernel_names[i]; i++)
		if (strcmp(text, kernel_names[i]) == 0)
			*ret = (enum kernel)i;
	return 0;
}

static const struct cfs_opt options[] = {
	CFS_SIGNERS_OPTIONS(struct options, signers, "DIGEST"),
	{ .name = "kernel-signatures",
	  .value = "auto|yes|no",
	  .help = "have the kernel check the signature at every open; auto "
		  "(default): if it knows the signer, see `cfsctl keyring`",
	  .choices = kernel_names,
	  CFS_OPT_PARSES(struct options, kernel, parse_kernel) },
	CFS_OPT_JSON(struct options, json),
	{ 0 },
};

struct sign {
	const struct cfs_globals *g;
	const char *emit; /* --emit-tbs DIR */
	enum kernel kernel;
	struct cfs_signing_keys keys;
	struct cfs_json_writer *json; /* or NULL: words are printed */
};

/* The result of signing one image. */
struct result {
	const char *name; /* the operand */
	struct cfs_digest id;
	char path[CFS_SIGNATURE_PATH_MAX]; /* of the signature */
	unsigned n;			   /* signers whose keys were given */
	struct {
		struct cfs_cert_info info;
		bool is_new; /* and had not signed before */
	} signer[CFS_SIGNERS_MAX];
	bool kept;		    /* the signature is in the repository */
	int attached;		    /* signers that --attach added */
	enum cfs_enrolled enrolled; /* by the kernel */
	struct cfs_err why_not;	    /* worded if it is not */
};

/* Why the kernel should not be asked, or NULL. */
static const char *kernel_useless(void)
{
	struct cfs_err unseen = { 0 };
	cfs_key ring;

	/* A ring that we may not see can still hold the certificate. */
	if (cfs_keyring_find(&ring, &unseen) != 0)
		return NULL;
	return "this kernel checks no fs-verity signatures";
}

static int enrol(const struct sign *s, struct cfs_store *store, int fd,
		 struct cfs_bytes der, struct result *res, struct cfs_err *err)
{
	const char *why = s->kernel == KERNEL_NO ? "--kernel-signatures=no"
						 : kernel_useless();
	int r = 0;

	if (!why) {
		r = cfs_store_enrol(store, &res->id, fd, der, &res->why_not);
		why = r < 0 ? NULL : "no fs-verity here";
	}
	if (r == CFS_ENROL_DONE || r == CFS_ENROL_ALREADY) {
		res->enrolled = (enum cfs_enrolled)r;
		return 0;
	}
	if (why)
		r = cfs_fail(&res->why_not, EOPNOTSUPP, "%s", why);
	if (s->kernel == KERNEL_YES)
		return cfs_fail(err, -r, "hand the signature to the kernel: %s",
				res->why_not.msg);
	return 0;
}

/* One blob out of the one so far and all signers.  Replaces *@blob. */
static int sign_all(const struct sign *s, struct cfs_buf *blob,
		    struct result *res, struct cfs_err *err)
{
	for (; res->n < s->keys.n; res->n++) {
		CFS_AUTOBUF struct cfs_buf next = { 0 };
		const struct cfs_signing *signer = s->keys.v[res->n];
		struct cfs_buf old = *blob;
		int r = cfs_sign(signer, &res->id, cfs_buf_bytes(blob), &next,
				 err);

		if (r < 0)
			return r;
		*blob = next;
		next = old;
		res->signer[res->n].is_new = r;
		r = cfs_cert_describe(cfs_signing_cert(signer),
				      &res->signer[res->n].info, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Adds the signers of DIR/<hex>.p7 to *@blob, which is replaced. */
static int attach(const struct sign *s, struct cfs_buf *blob,
		  struct result *res, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf next = { 0 };
	struct cfs_buf old = *blob;
	char hex[CFS_DIGEST_HEX_MAX];
	int r;

	cfs_digest_to_hex(&res->id, hex);
	r = cmd_attach_p7(&s->keys, hex, &res->id, cfs_buf_bytes(blob), &next,
			  err);
	if (r < 0)
		return r;
	*blob = next;
	next = old;
	res->attached = r;
	return 0;
}

static bool same(const struct cfs_buf *a, const struct cfs_buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static int sign_image(const struct sign *s, struct cfs_store *store,
		      struct result *res, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf blob = { 0 };
	CFS_AUTOBUF struct cfs_buf old = { 0 };
	CFS_AUTOFD int fd = -EBADF;
	int r;

	r = cmd_open_signed(s->g, &store->repo, res->name, &res->id, &fd, err);
	if (r == 0)
		r = cfs_require_whole(&store->repo, &res->id, res->name, err);
	if (r < 0)
		return r;
	r = cfs_signature_read(&store->repo, &res->id, &old, err);
	if (r < 0)
		return r;
	cfs_signature_path(&res->id, res->path);
	cfs_buf_add(&blob, old.data, old.len);
	r = cfs_buf_check(&blob, err);
	if (r == 0)
		r = s->keys.attach ? attach(s, &blob, res, err)
				   : sign_all(s, &blob, res, err);
	if (r == 0 && !same(&old, &blob))
		r = cfs_store_write_file(store, res->path, cfs_buf_bytes(&blob),
					 err);
	if (r < 0)
		return cfs_ctx(err, "sign %s", res->name);
	res->kept = true;
	return enrol(s, store, fd, cfs_buf_bytes(&blob), res, err);
}

static const char *kernel_words(const struct result *res)
{
	switch (res->enrolled) {
	case CFS_ENROL_DONE:
		return "enrolled";
	case CFS_ENROL_ALREADY:
		return "enrolled before";
	default:
		return "not enrolled";
	}
}

static void print(const struct sign *s, const struct result *res)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(&res->id, hex);
	puts(hex);
	for (unsigned i = 0; i < res->n; i++) {
		const struct cfs_cert_info *info = &res->signer[i].info;

		cmd_print_signer(res->signer[i].is_new ? "  signed"
						       : "  signed before",
				 info);
		cmd_note_expiry(cfs_signing_cert(s->keys.v[i]), info);
	}
	if (s->keys.attach)
		printf("  attached: %d new signer%s\n", res->attached,
		       res->attached == 1 ? "" : "s");
	printf("  kept: %s\n", res->path);
	cmd_line(stdout, "  kernel: %s%s%s", kernel_words(res),
		 res->enrolled ? "" : ": ",
		 res->enrolled ? "" : res->why_not.msg);
}

static void write_json(const struct sign *s, const struct result *res)
{
	struct cfs_json_writer *w = s->json;

	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "name", res->name);
	cmd_json_digest(w, "digest", &res->id);
	cfs_json_write_array(w, "signers", CFS_JSON_LINES);
	for (unsigned i = 0; i < res->n; i++) {
		cfs_json_write_object(w, NULL, CFS_JSON_LINES);
		cfs_json_write_text(w, "subject", res->signer[i].info.subject);
		cfs_json_write_text(w, "sha256",
				    res->signer[i].info.fingerprint);
		cfs_json_write_bool(w, "expired", res->signer[i].info.expired);
		cfs_json_write_bool(w, "new", res->signer[i].is_new);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
	if (s->keys.attach)
		cfs_json_write_u64(w, "attached", (unsigned)res->attached);
	cfs_json_write_text(w, "path", res->path);
	cfs_json_write_text(w, "kernel", kernel_words(res));
	cfs_json_write_text(w, "kernel_reason",
			    res->enrolled ? NULL : res->why_not.msg);
	cfs_json_write_end(w);
}

/* Writes the bytes to be signed to DIR/<hex>.tbs, and nothing to the
 * repository. */
static int emit_image(const struct sign *s, const struct cfs_repo *repo,
		      const char *name, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	CFS_AUTOFREE char *path = NULL;
	CFS_AUTOFD int image = -EBADF;
	struct cfs_digest id;
	int r;

	r = cmd_open_signed(s->g, repo, name, &id, &image, err);
	if (r == 0)
		r = cfs_require_whole(repo, &id, name, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&id, hex);
	r = cmd_emit_tbs(s->emit, hex, &id, &path, err);
	if (r < 0)
		return r;
	if (!s->json) {
		cmd_line(stdout, "%s", path);
		return 0;
	}
	cfs_json_write_object(s->json, NULL, CFS_JSON_LINES);
	cfs_json_write_text(s->json, "name", name);
	cmd_json_digest(s->json, "digest", &id);
	cfs_json_write_text(s->json, "tbs", path);
	cfs_json_write_end(s->json);
	return 0;
}

static int emit_all(const struct sign *s, const struct cfs_call *call,
		    struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cmd_open_repo(s->g, &repo, err);

	for (int i = 0; r >= 0 && i < call->n; i++)
		r = emit_image(s, &repo, call->operand[i], err);
	return r;
}

static int sign_images(const struct sign *s, const struct cfs_call *call,
		       struct cfs_err *err)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	int r = cmd_open_store(s->g, &store, err);

	for (int i = 0; r >= 0 && i < call->n; i++) {
		struct result res = { .name = call->operand[i] };

		r = sign_image(s, &store, &res, err);
		if (res.kept && s->json)
			write_json(s, &res);
		else if (res.kept)
			print(s, &res);
	}
	return r;
}

static int sign(const struct sign *s, const struct cfs_call *call,
		struct cfs_err *err)
{
	return s->emit ? emit_all(s, call, err) : sign_images(s, call, err);
}

static int sign_with_json(struct sign *s, const struct cfs_call *call,
			  struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	struct cfs_err ignored;
	int r;

	s->json = &w;
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_array(&w, "images", CFS_JSON_LINES);
	r = sign(s, call, err);
	cfs_json_write_end(&w);
	cfs_json_write_end(&w);
	/* Images that were signed before a failure are reported, too. */
	if (r < 0)
		(void)!cmd_json_print(&w, &ignored);
	else
		r = cmd_json_print(&w, err);
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct sign s = {
		.g = call->g,
		.emit = o->signers.emit,
		.kernel = o->kernel,
	};
	int r = cmd_signing_keys_open(&o->signers, &s.keys, err);

	if (r == 0)
		r = o->json ? sign_with_json(&s, call, err)
			    : sign(&s, call, err);
	cmd_signing_keys_close(&s.keys);
	return r;
}

const struct cfs_cmd cmd_sign = {
	.name = "sign",
	.help = "sign images",
	.needs = "--cert PEM --key KEY",
	.more = "Several pairs of --cert and --key make several signers.  What "
		"--emit-tbs wrote\nis signed by\n"
		"  openssl smime -sign -binary -noattr -nocerts -outform DER -md "
		"HASH \\\n"
		"    -signer PEM -inkey KEY -in DIGEST.tbs -out DIGEST.p7\n",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE", CFS_TAKES_IMAGE, .many = true } },
	.run = run,
};
