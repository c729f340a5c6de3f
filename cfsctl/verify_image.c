/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl verify-image: did one of these sign this image? */
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/signing.h"
#include "ops/verify.h"

struct options {
	struct cfs_opt_list certs;
	bool check_expiry, json;
};

static const struct cfs_opt options[] = {
	{ .name = "cert",
	  .value = "PEM",
	  .help = "a signer's own certificate; repeatable",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, certs) },
	{ .name = "check-expiry",
	  .help = "refuse an expired certificate",
	  CFS_OPT_SETS(struct options, check_expiry) },
	CFS_OPT_JSON(struct options, json),
	{ 0 },
};

struct verification {
	const char *name; /* the operand */
	struct cfs_digest id;
	struct cfs_certs certs;
	struct cfs_verify_result result;
};

/* Fills in what there is to say of @v, whatever the answer is. */
static int verify(const struct cfs_globals *g, struct verification *v,
		  bool check_expiry, struct cfs_err *err)
{
	const struct cfs_verify_params params = {
		.certs = &v->certs,
		.check_expiry = check_expiry,
	};
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cmd_open_repo(g, &repo, err);

	if (r == 0)
		r = cmd_find_signed(g, &repo, v->name, &v->id, err);
	if (r < 0)
		return cfs_ctx(err, "image %s", v->name);
	r = cfs_verify_image(&repo, &v->id, v->name, &params, &v->result, err);
	if (r == 0)
		cmd_note_expiry(&v->certs.v[v->result.cert], &v->result.info);
	return r;
}

static void print(const struct verification *v, bool verified)
{
	char hex[CFS_DIGEST_HEX_MAX];
	char what[sizeof("verified ") + CFS_DIGEST_HEX_MAX];

	if (!v->result.is_image)
		return;
	cfs_digest_to_hex(&v->id, hex);
	if (verified) {
		snprintf(what, sizeof(what), "verified %s", hex);
		cmd_print_signer(what, &v->result.info);
	} else if (v->certs.n == 0 && v->result.signers.n > 0) {
		puts(hex);
		for (unsigned i = 0; i < v->result.signers.n; i++)
			cmd_line(stdout, "  signed by: %s, serial %s",
				 v->result.signers.v[i].issuer,
				 v->result.signers.v[i].serial);
	}
}

static int write_signers(const struct verification *v, bool verified,
			 struct cfs_json_writer *w, struct cfs_err *err)
{
	int r = 0;

	cfs_json_write_array(w, "signers", CFS_JSON_LINES);
	for (unsigned i = 0; r == 0 && i < v->result.signers.n; i++) {
		int c = v->result.signers.cert[i];
		struct cfs_cert_info info;

		if (c >= 0)
			r = cfs_cert_describe(&v->certs.v[c], &info, err);
		cfs_json_write_object(w, NULL, CFS_JSON_LINES);
		cfs_json_write_text(w, "issuer", v->result.signers.v[i].issuer);
		cfs_json_write_text(w, "serial", v->result.signers.v[i].serial);
		cfs_json_write_bool(w, "verified", verified && c >= 0);
		cfs_json_write_text(w, "subject", c >= 0 ? info.subject : NULL);
		cfs_json_write_text(w, "sha256",
				    c >= 0 ? info.fingerprint : NULL);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
	return r;
}

/* @why: why it is not verified, or NULL. */
static int print_json(const struct verification *v, const char *why,
		      struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	int r;

	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(&w, "name", v->name);
	if (v->result.is_image)
		cmd_json_digest(&w, "digest", &v->id);
	else
		cfs_json_write_null(&w, "digest");
	cfs_json_write_bool(&w, "verified", !why);
	cfs_json_write_text(&w, "reason", why);
	r = write_signers(v, !why, &w, err);
	cfs_json_write_end(&w);
	return r < 0 ? r : cmd_json_print(&w, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct verification v = { .name = call->operand[0] };
	struct cfs_err ignored;
	int r = cmd_read_certs(&o->certs, &v.certs, err);

	if (r == 0)
		r = verify(call->g, &v, o->check_expiry, err);
	if (r < 0 && o->json)
		(void)!print_json(&v, err->msg, &ignored);
	else if (o->json)
		r = print_json(&v, NULL, err);
	else
		print(&v, r == 0);
	cfs_certs_free(&v.certs);
	return r;
}

const struct cfs_cmd cmd_verify_image = {
	.name = "verify-image",
	.help = "succeed if one of the given certificates signed the image",
	.needs = "--cert PEM",
	.more = "Without --cert the signers are listed, nothing is verified, "
		"and the exit status\nis 1.  A signature names its signer's "
		"certificate by issuer and serial number,\nas `openssl x509 "
		"-noout -issuer -serial` prints them.\n",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE", CFS_TAKES_IMAGE } },
	.run = run,
};
