/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl sign: signatures over images or their objects, here or in two steps
 * elsewhere. */
#include <stdio.h>
#include <string.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/enrol.h"
#include "cfsctl/sign_objects.h"
#include "cfsctl/signers.h"
#include "cfsctl/signing.h"
#include "ops/sign.h"

struct options {
	struct cfs_signers_options signers;
	struct cfs_objects_option objects;
	enum cfs_kernel_signatures kernel;
	unsigned threads;
	bool json;
};

static const struct cfs_opt options[] = {
	CFS_SIGNERS_OPTIONS(struct options, signers, "DIGEST"),
	CFS_OBJECTS_OPTION(struct options, objects),
	CFS_KERNEL_OPTION(struct options, kernel),
	{ .name = "threads",
	  .value = "N",
	  .help = "number of threads that sign objects (default: one for each "
		  "processor)",
	  CFS_OPT_PARSES(struct options, threads, cmd_parse_threads) },
	CFS_OPT_JSON(struct options, json),
	{ 0 },
};

struct sign {
	const struct cfs_globals *g;
	const char *emit; /* --emit-tbs DIR */
	enum cfs_kernel_signatures kernel;
	struct cfs_objects_option objects;
	unsigned threads;
	struct cfs_signing_keys keys;
	struct cfs_json_writer *json; /* or NULL: words are printed */
};

static struct cfs_sign_objects_call objects_call(const struct sign *s)
{
	return (struct cfs_sign_objects_call){ .g = s->g,
					       .emit = s->emit,
					       .which = s->objects.which,
					       .kernel = s->kernel,
					       .threads = s->threads,
					       .keys = &s->keys,
					       .json = s->json };
}

static const char *kernel_words(const struct cfs_sign_result *res)
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

/* Why the kernel has not enrolled it, or NULL. */
static const char *kernel_reason(const struct cfs_sign_result *res)
{
	if (res->enrolled)
		return NULL;
	return res->why_not.code ? res->why_not.msg : "--kernel-signatures=no";
}

static void print(const struct sign *s, const struct cfs_digest *id,
		  const struct cfs_sign_result *res)
{
	const char *why = kernel_reason(res);
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
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
	cmd_line(stdout, "  kernel: %s%s%s", kernel_words(res), why ? ": " : "",
		 why ? why : "");
}

static void write_json(const struct sign *s, const char *name,
		       const struct cfs_digest *id,
		       const struct cfs_sign_result *res)
{
	struct cfs_json_writer *w = s->json;

	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "name", name);
	cmd_json_digest(w, "digest", id);
	cfs_json_write_array(w, "signers", CFS_JSON_LINES);
	for (unsigned i = 0; i < res->n; i++) {
		cfs_json_write_object(w, NULL, CFS_JSON_LINES);
		cmd_json_signer(w, &res->signer[i].info);
		cfs_json_write_bool(w, "new", res->signer[i].is_new);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
	if (s->keys.attach)
		cfs_json_write_u64(w, "attached", (unsigned)res->attached);
	cfs_json_write_text(w, "path", res->path);
	cfs_json_write_text(w, "kernel", kernel_words(res));
	cfs_json_write_text(w, "kernel_reason", kernel_reason(res));
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

	r = cmd_find_signed(s->g, repo, name, &id, err);
	if (r == 0)
		r = cfs_sign_open(repo, &id, name, &image, err);
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
	const struct cfs_sign_objects_call objects = objects_call(s);
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cmd_open_repo(s->g, &repo, err);

	for (int i = 0; r >= 0 && i < call->n; i++)
		r = s->objects.on ? cmd_emit_objects(&objects, &repo,
						     call->operand[i], err)
				  : emit_image(s, &repo, call->operand[i], err);
	return r;
}

static int sign_image(const struct sign *s, struct cfs_store *store,
		      const char *name, const struct cfs_digest *id,
		      struct cfs_sign_result *res, struct cfs_err *err)
{
	struct cfs_sign_params params = { .keys = s->keys.v,
					  .n = s->keys.n,
					  .kernel = s->kernel };
	CFS_AUTOBUF struct cfs_buf p7 = { 0 };
	CFS_AUTOFREE char *path = NULL;
	char hex[CFS_DIGEST_HEX_MAX];
	int r = 0;

	cfs_digest_to_hex(id, hex);
	if (s->keys.attach)
		r = cmd_read_p7(&s->keys, hex, &p7, &path, err);
	if (r < 0)
		return cfs_ctx(err, "sign %s", name);
	params.attach = cfs_buf_bytes(&p7);
	params.attach_name = path;
	params.attach_certs = &s->keys.certs;
	return cfs_sign_image(store, &params, id, name, res, err);
}

static int sign_and_report(const struct sign *s, struct cfs_store *store,
			   const char *name, struct cfs_err *err)
{
	struct cfs_sign_result res = { 0 };
	struct cfs_digest id;
	int r = cmd_find_signed(s->g, &store->repo, name, &id, err);

	if (r == 0)
		r = sign_image(s, store, name, &id, &res, err);
	/* Also where the kernel did not take what is kept. */
	if (res.kept && s->json)
		write_json(s, name, &id, &res);
	else if (res.kept)
		print(s, &id, &res);
	return r;
}

static int sign_images(const struct sign *s, const struct cfs_call *call,
		       struct cfs_err *err)
{
	const struct cfs_sign_objects_call objects = objects_call(s);
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	int r = cmd_open_store(s->g, &store, err);

	for (int i = 0; r >= 0 && i < call->n; i++)
		r = s->objects.on
			    ? cmd_sign_objects(&objects, &store,
					       call->operand[i], err)
			    : sign_and_report(s, &store, call->operand[i], err);
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
		.objects = o->objects,
		.threads = o->threads,
	};
	int r = cmd_signing_keys_open(&o->signers, &s.keys, err);

	if (r == 0)
		r = cmd_enrol_check(o->kernel, o->signers.emit, err);
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
