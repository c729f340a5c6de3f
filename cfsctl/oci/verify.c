/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci verify: what the artifacts about an image prove. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/oci/oci.h"
#include "cfsctl/oci/verify_kernel.h"
#include "cfsctl/signing.h"
#include "cfsctl/socket.h"
#include "cfsctl/trust.h"
#include "oci/layer_digest.h"
#include "varlink/verification.h"

struct options {
	struct cfs_opt_list certs;
	bool bootable, merged_only, digest_only, check_expiry;
	bool kernel, recompute, read_data, json;
};

static const struct cfs_opt options[] = {
	{ .name = "cert",
	  .value = "PEM",
	  .help = "a file of certificates that are trusted to sign",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, certs) },
	{ .name = "bootable",
	  .help = "the image to boot has to be signed, too",
	  CFS_OPT_SETS(struct options, bootable) },
	{ .name = "accept-merged-only",
	  .help = "manifest and configuration need not be signed, as up to "
		  "draft versions of the format",
	  CFS_OPT_SETS(struct options, merged_only) },
	{ .name = "check-expiry",
	  .help = "do not trust expired certificates",
	  CFS_OPT_SETS(struct options, check_expiry) },
	{ .name = "digest-only",
	  .help = "without --cert: succeed if the digests are right",
	  CFS_OPT_SETS(struct options, digest_only) },
	{ .name = "kernel",
	  .help = "the kernel has to keep such signatures of the objects, too "
		  "(see --kernel-signatures of `cfsctl oci sign`)",
	  CFS_OPT_SETS(struct options, kernel) },
	{ .name = "read-data",
	  .help = "read all layers, and compare them with their diff_ids",
	  CFS_OPT_SETS(struct options, read_data) },
	{ .name = "recompute",
	  .help = "compute digests and signatures also if that was done before",
	  CFS_OPT_SETS(struct options, recompute) },
	CFS_OPT_JSON(struct options, json),
	{ 0 },
};

struct verification {
	const char *name;
	struct cfs_certs certs;
	struct cfs_seal_policy policy;
	struct cfs_oci_image image;
	struct cfs_seal_verification of;
	bool read_data;
	bool asks_kernel; /* --kernel; the answer, if the image is verified: */
	struct cmd_kernel_check kernel;
};

static void verification_free(struct verification *v)
{
	cfs_certs_free(&v->certs);
	cfs_oci_image_free(&v->image);
	cfs_seal_verification_free(&v->of);
}

static int verify(struct verification *v, const struct cfs_globals *g,
		  struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cmd_open_repo(g, &repo, err);

	if (r == 0)
		r = cfs_oci_image_find(&repo, v->name, &v->image, err);
	if (r >= 0)
		r = cfs_seal_verify(&repo, &v->image, &v->policy, &v->of, err);
	if (r < 0)
		return r;
	if (v->read_data && v->of.answer >= CFS_SEAL_DIGESTS)
		r = cfs_oci_layers_check(&repo, &v->image, err);
	if (r < 0) {
		err->code = CFS_ESTATUS(CFS_STATUS_FAILED);
		return -err->code;
	}
	v->asks_kernel &= v->of.answer == CFS_SEAL_VERIFIED;
	if (v->asks_kernel)
		cmd_kernel_check(&repo, &v->of, &v->certs, &v->kernel);
	return 0;
}

/* Asks the service about the certificates in the files of --cert. */
static int ask_about(struct verification *v, struct cfs_varlink_client *client,
		     const struct options *o, struct cfs_varlink_answer *ret,
		     struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf pem = { 0 };
	struct cfs_json_writer *w = cmd_socket_call(client, "Oci.Verify");
	int r = 1;

	for (unsigned i = 0; r > 0 && i < o->certs.n; i++)
		r = cfs_read_file(AT_FDCWD, o->certs.v[i], CFS_CERT_FILE_MAX,
				  &pem, err);
	if (r == 0)
		return cfs_fail(err, ENOENT, "a file of --cert is gone");
	if (r < 0)
		return r;
	cfs_json_write_text(w, "image", v->name);
	if (o->certs.n > 0)
		cfs_json_write_buf(w, "cert_pem", &pem);
	cfs_json_write_bool(w, "bootable", o->bootable);
	return cfs_varlink_ask(client, ret, err);
}

/* Words an error of the service but that of signatures that are not right,
 * which has the verification, too. */
static int fail_asked(const struct cfs_varlink_answer *answer,
		      struct cfs_err *err)
{
	int r;

	if (!answer->is_error ||
	    strcmp(answer->error,
		   "org.composefs.Oci.SignatureVerificationFailed") == 0)
		return 0;
	r = cfs_varlink_answer_fail(answer, err);
	if (strcmp(answer->error, "org.composefs.Oci.InvalidCertificate") == 0)
		r = -(err->code = CFS_ESTATUS(CFS_STATUS_CERT));
	return r;
}

/* Has the service verify. */
static int ask(struct verification *v, const struct cfs_globals *g,
	       const struct options *o, struct cfs_err *err)
{
	CFS_AUTOVARLINKCLIENT struct cfs_varlink_client client =
		CFS_VARLINK_CLIENT_INIT;
	struct cfs_varlink_answer answer;
	const char *lacks = o->kernel	      ? "--kernel"
			    : o->check_expiry ? "--check-expiry"
			    : o->merged_only  ? "--accept-merged-only"
			    : o->read_data    ? "--read-data"
			    : o->recompute    ? "--recompute"
					      : NULL;
	int r;

	if (lacks)
		return cmd_socket_lacks(lacks, err);
	r = cmd_socket_open(g, &client, err);
	if (r == 0)
		r = ask_about(v, &client, o, &answer, err);
	if (r == 0)
		r = fail_asked(&answer, err);
	return r < 0 ? r
		     : cfs_varlink_read_verification(&answer, v->certs.n,
						     &v->of, &v->image.id, err);
}

static const char *words_of(const struct cfs_seal_finding *f)
{
	if (*f->why)
		return f->why;
	return f->sig == CFS_SEAL_GOOD ? "signature verified"
				       : "digest matches";
}

static void print_source(const struct verification *v, size_t i)
{
	const struct cfs_seal_source *source = v->of.sources.v[i];
	const struct cfs_seal_verdict *verdict = &v->of.verdicts[i];

	cmd_line(stdout, "%s %s",
		 source->is_inline ? "Annotations of" : "Signature artifact",
		 source->id.text);
	for (unsigned k = 0; k < verdict->n; k++) {
		const struct cfs_seal_finding *f = &verdict->v[k];

		if (f->role == CFS_SEAL_LAYER)
			cmd_line(stdout, "  layer[%zu]: %s", f->layer,
				 words_of(f));
		else
			cmd_line(stdout, "  %s: %s",
				 cfs_seal_role_name(f->role), words_of(f));
	}
	if (verdict->odd_size)
		cmd_line(stdout, "  note: the subject's size is wrong");
	if (verdict->answer < CFS_SEAL_DIGESTS)
		cmd_line(stdout, "  skipped (%s): %s",
			 cfs_seal_answer_name(verdict->answer), verdict->why);
}

/* Is certificate @n that of a signer of the artifact that was chosen? */
static bool is_signer(const struct verification *v, unsigned n)
{
	const struct cfs_seal_verdict *verdict = &v->of.verdicts[v->of.which];

	for (unsigned i = 0; i < verdict->n; i++)
		if (verdict->v[i].sig == CFS_SEAL_GOOD &&
		    verdict->v[i].cert == n)
			return true;
	return false;
}

/* Certificates that verified something are certificates. */
static void print_signers(const struct verification *v)
{
	for (unsigned i = 0; i < v->certs.n; i++) {
		struct cfs_cert_info info;
		struct cfs_err ignored;

		if (!is_signer(v, i) ||
		    cfs_cert_describe(&v->certs.v[i], &info, &ignored) < 0)
			continue;
		cmd_print_signer("signed by", &info);
		cmd_note_expiry(&v->certs.v[i], &info);
	}
}

/* Annotations cannot vouch for the manifest that they are in. */
static void note_manifest(const struct verification *v)
{
	if (v->of.sources.v[v->of.which]->is_inline)
		cmd_line(stderr, "note: the signatures are annotations in the "
				 "manifest, which itself is not signed");
}

static void print(const struct verification *v)
{
	for (size_t i = 0; i < v->of.sources.n; i++)
		print_source(v, i);
	if (v->of.sources.n_left > 0)
		cmd_line(stderr, "note: %zu more artifacts are not listed here",
			 v->of.sources.n_left);
	if (v->asks_kernel)
		cmd_kernel_print(&v->kernel);
	if (v->of.answer == CFS_SEAL_VERIFIED) {
		printf("\nVerification passed (%u signatures verified)\n",
		       cfs_seal_count_good(&v->of));
		print_signers(v);
		note_manifest(v);
	} else if (v->of.answer == CFS_SEAL_DIGESTS) {
		puts("\nDigest check passed. NOTE: no certificate provided, "
		     "signatures were NOT cryptographically verified.");
	}
}

static void write_finding(struct cfs_json_writer *w,
			  const struct cfs_seal_finding *f)
{
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "role", cfs_seal_role_name(f->role));
	if (f->role == CFS_SEAL_LAYER)
		cfs_json_write_u64(w, "layer", f->layer);
	cfs_json_write_bool(w, "digest_ok", f->match == CFS_SEAL_EQUAL);
	cfs_json_write_bool(w, "signature_verified", f->sig == CFS_SEAL_GOOD);
	cfs_json_write_text(w, "reason", *f->why ? f->why : NULL);
	cfs_json_write_end(w);
}

static void write_source(struct cfs_json_writer *w,
			 const struct cfs_seal_source *source,
			 const struct cfs_seal_verdict *verdict)
{
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "digest", source->id.text);
	cfs_json_write_bool(w, "inline", source->is_inline);
	cfs_json_write_text(w, "answer", cfs_seal_answer_name(verdict->answer));
	cfs_json_write_text(w, "reason", *verdict->why ? verdict->why : NULL);
	cfs_json_write_array(w, "entries", CFS_JSON_LINES);
	for (unsigned i = 0; i < verdict->n; i++)
		write_finding(w, &verdict->v[i]);
	cfs_json_write_end(w);
	cfs_json_write_end(w);
}

static int print_json(const struct verification *v, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	bool passed = v->of.answer >= CFS_SEAL_DIGESTS;

	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(&w, "name", v->name);
	cfs_json_write_text(&w, "manifest", v->image.id.text);
	cfs_json_write_text(&w, "answer", cfs_seal_answer_name(v->of.answer));
	if (passed)
		cmd_json_digest(&w, "merged",
				&v->of.facts.role[CFS_SEAL_MERGED].digest);
	if (passed && v->policy.bootable)
		cmd_json_digest(&w, "bootable",
				&v->of.facts.role[CFS_SEAL_BOOTABLE].digest);
	cfs_json_write_bool(&w, "recalled", v->of.facts.recalled);
	cfs_json_write_array(&w, "artifacts", CFS_JSON_LINES);
	for (size_t i = 0; i < v->of.sources.n; i++)
		write_source(&w, v->of.sources.v[i], &v->of.verdicts[i]);
	cfs_json_write_end(&w);
	if (v->asks_kernel)
		cmd_kernel_write(&v->kernel, &w);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
}

static int failure(const struct verification *v, const struct options *o,
		   struct cfs_err *err)
{
	bool digests = v->of.answer == CFS_SEAL_DIGESTS;
	int r;

	if (digests && o->digest_only)
		return 0;
	if (digests)
		return cfs_fail(err, CFS_ESTATUS(CFS_STATUS_NOTHING),
				"no signature of %s was verified: name the "
				"certificates that you trust with --cert, or "
				"settle for digests with --digest-only",
				v->name);
	r = cfs_seal_refusal(&v->of, v->name, err);
	if (r == 0)
		return v->asks_kernel
			       ? cmd_kernel_refusal(&v->kernel, v->name, err)
			       : 0;
	err->code = CFS_ESTATUS(r == -ENODATA ? CFS_STATUS_NOTHING
					      : CFS_STATUS_FAILED);
	return -err->code;
}

static int prepare(struct verification *v, const struct options *o,
		   struct cfs_err *err)
{
	int r = 0;

	if (o->digest_only && o->certs.n)
		return cfs_fail(err, CFS_EUSAGE,
				"--digest-only and --cert exclude each other");
	if (o->kernel && !o->certs.n)
		return cfs_fail(err, CFS_EUSAGE,
				"--kernel needs --cert: the kernel does not "
				"say whose signatures it accepted");
	if (o->certs.n)
		r = cmd_read_certs(&o->certs, &v->certs, err);
	if (r == 0 && o->check_expiry)
		r = cmd_drop_expired(&v->certs, err);
	if (r < 0) {
		err->code = CFS_ESTATUS(CFS_STATUS_CERT);
		return -err->code;
	}
	v->policy = (struct cfs_seal_policy){
		.certs = &v->certs,
		.bootable = o->bootable,
		.merged_only = o->merged_only,
		.recompute = o->recompute,
	};
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	__attribute__((cleanup(verification_free))) struct verification v = {
		.name = call->operand[0],
		.asks_kernel = o->kernel,
		.read_data = o->read_data,
	};
	int r = prepare(&v, o, err);

	if (r == 0)
		r = call->g->socket ? ask(&v, call->g, o, err)
				    : verify(&v, call->g, err);
	if (r < 0)
		return r;
	if (!o->json)
		print(&v);
	else if ((r = print_json(&v, err)) < 0)
		return r;
	return failure(&v, o, err);
}

const struct cfs_cmd cmd_oci_verify = {
	.name = "verify",
	.help = "succeed if one of the given certificates signed the image",
	.needs = "--cert PEM",
	.more = "The exit status is 3 if there is nothing to verify or nothing "
		"signed, 4 if the\ncertificates are not the signers', a "
		"signature is wrong or missing or a digest is\nnot that of the "
		"image, 6 if a certificate cannot be used, 7 if the kernel lacks "
		"a signature\n(--kernel).\n",
	.options = options,
	.size = sizeof(struct options),
	.allows_socket = true,
	.operands = { { "IMAGE" } },
	.run = run,
};
