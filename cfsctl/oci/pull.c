/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/pull.h"

#include <stdio.h>
#include <string.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/cli/progress.h"
#include "cfsctl/enrol.h"
#include "cfsctl/oci/oci.h"
#include "cfsctl/oci/pulled.h"
#include "cfsctl/socket.h"
#include "cfsctl/tree_source.h"
#include "cfsctl/trust.h"
#include "varlink/call.h"

/* Modes of --local-fetch.  The first two are the same: an image of a store on
 * this machine is read like any other. */
static const char *const local_fetches[] = { "disabled", "auto", "zerocopy",
					     NULL };

struct options {
	struct cfs_oci_tree_choice tree;
	struct cfs_oci_platform platform; /* os "": this machine's */
	const char *expected;		  /* hex digits, or NULL */
	const char *local_fetch;	  /* or NULL */
	struct cfs_origin_options registry;
	struct cfs_trust_options trust;
	enum cfs_kernel_signatures kernel;
	unsigned threads;
	bool keep_blobs;
};

static int parse_platform(const char *text, void *to, struct cfs_err *err)
{
	return cfs_oci_platform_parse(text, to, err) < 0
		       ? cfs_fail(err, CFS_EUSAGE,
				  "'%s' is not OS/ARCH or OS/ARCH/VARIANT",
				  text)
		       : 0;
}

static const struct cfs_opt options[] = {
	CFS_OCI_TREE_OPTIONS(struct options, tree),
	{ .name = "expected-digest",
	  .value = "HEX",
	  .help = "fail unless the image to boot has this digest, whichever of "
		  "the EROFS formats and --xattrs modes gives it",
	  CFS_OPT_SETS(struct options, expected) },
	{ .name = "platform",
	  .value = "OS/ARCH[/VARIANT]",
	  .help = "of several images take the one for this platform (default: "
		  "this machine's)",
	  CFS_OPT_PARSES(struct options, platform, parse_platform) },
	{ .name = "local-fetch",
	  .value = "MODE",
	  .help = "disabled (default) or auto, as composefs-rs has it; here "
		  "both read an image in containers-storage like any other",
	  .choices = local_fetches,
	  CFS_OPT_SETS(struct options, local_fetch) },
	{ .name = "keep-blobs",
	  .help = "keep compressed layers too, to be exported as they came",
	  CFS_OPT_SETS(struct options, keep_blobs) },
	CFS_OCI_REGISTRY_OPTIONS(struct options, registry),
	CFS_TRUST_OPTIONS(struct options, trust),
	CFS_KERNEL_OPTION(struct options, kernel),
	CFS_OPT_THREADS(struct options, threads),
	{ 0 },
};

/* The progress line, and a line for each layer that is being read. */
struct shown {
	struct cfs_progress progress;
	struct cfs_progress_parts parts;
};

static void plan(void *ctx, size_t layers, uint64_t bytes)
{
	struct shown *s = ctx;

	(void)layers;
	cmd_progress_start_parts(&s->progress, "pulled", bytes, &s->parts);
}

static void begin_layer(void *ctx, size_t layer, const struct cfs_oci_id *id,
			uint64_t size)
{
	struct shown *s = ctx;
	char name[13];

	snprintf(name, sizeof(name), "%.12s", cfs_oci_id_hex(id));
	cmd_progress_part_begin(&s->parts, layer, name, size);
}

static void read_layer(void *ctx, size_t layer, uint64_t bytes)
{
	struct shown *s = ctx;

	cmd_progress_bytes(&s->progress, bytes);
	cmd_progress_part_bytes(&s->parts, layer, bytes);
}

static void end_layer(void *ctx, size_t layer, int result)
{
	struct shown *s = ctx;

	(void)result;
	cmd_progress_part_end(&s->parts, layer);
}

/* Writes the digest of the image to boot of the repository's own format to
 * @hex.
 * Returns false if there is none. */
static bool find_boot(const struct cfs_oci_image *image, unsigned format,
		      enum cfs_xattr_filter filter,
		      char hex[static CFS_DIGEST_HEX_MAX])
{
	const struct cfs_oci_erofs erofs = { .bootable = true,
					     .v1 = format < 2,
					     .filter = filter };
	struct cfs_digest id;
	bool exists = cfs_oci_image_erofs(image, &erofs, &id);

	if (exists)
		cfs_digest_to_hex(&id, hex);
	return exists;
}

static void print(const struct cfs_store *store,
		  const struct cfs_oci_pull *params,
		  const struct cfs_oci_pulled *pulled, unsigned signatures)
{
	const struct cfs_oci_image *image = &pulled->image;
	const struct cfs_oci_way *way = &pulled->expected;
	char verity[CFS_DIGEST_HEX_MAX], boot[CFS_DIGEST_HEX_MAX];
	char format[16];
	struct cmd_pulled p = {
		.manifest = image->id.text,
		.config = image->manifest.config.id.text,
		.verity = verity,
		.tag = params->tag,
		.added = store->stats.added,
		.present = store->stats.present,
		.stored = store->stats.added_bytes,
		.inlined = pulled->inline_bytes,
		.signatures = signatures,
	};

	cfs_digest_to_hex(&image->manifest_stream, verity);
	if (params->expected) {
		cfs_digest_to_hex(params->expected, boot);
		snprintf(format, sizeof(format), "V%u", way->format);
		p.boot = boot;
		p.mode = cmd_source_xattrs[way->erofs.filter];
		p.format = format;
		p.own_nanoseconds = way->own_nanoseconds;
	} else if (params->bootable &&
		   find_boot(image, store->repo.meta.erofs_default,
			     params->tree.filter, boot)) {
		p.boot = boot;
	}
	cmd_pulled_print(&p);
}

static void print_notes(const struct cfs_oci_choice *choice,
			const struct cfs_oci_referrers *referrers)
{
	if (choice->any_platform)
		cmd_line(stderr,
			 "note: the image is for %s, which this machine is not",
			 choice->platform);
	cmd_skipped_print(referrers);
}

/* Says how many layers a failed pull has stored: the next one skips them. */
static void print_progress(const struct cfs_oci_pulled *pulled)
{
	if (pulled->layers_done > 0)
		cmd_line(stderr,
			 "note: %zu of %zu missing layers are in the "
			 "repository now; the next pull goes on from there",
			 pulled->layers_done, pulled->layers_todo);
}

/* The digest of --expected-digest.  Returns 1, or 0 when there is none. */
static int expected_digest(const struct options *o, enum cfs_alg alg,
			   struct cfs_digest *ret, struct cfs_err *err)
{
	int r;

	if (!o->expected)
		return 0;
	r = cfs_digest_from_hex(o->expected, strlen(o->expected), ret, err);
	if (r == 0 && ret->alg != alg)
		r = cfs_fail(err, EINVAL,
			     "it is of %s, and the repository of %s",
			     cfs_alg_name(ret->alg), cfs_alg_name(alg));
	return r < 0 ? cfs_ctx(err, "--expected-digest") : 1;
}

static int pull(struct cfs_store *store, const struct cfs_oci_pull *params,
		struct shown *shown, struct cfs_err *err)
{
	const struct cfs_demand *demand = params->accept_ctx;
	struct cfs_oci_pulled pulled;
	int r = cfs_oci_pull(store, params, &pulled, err);

	cmd_progress_end(&shown->progress);
	if (r < 0) {
		print_progress(&pulled);
		cmd_skipped_print(&pulled.referrers);
	} else {
		print(store, params, &pulled, demand->proof.n);
		print_notes(params->choice, &pulled.referrers);
	}
	cfs_oci_pulled_free(&pulled);
	return r;
}

static int choose_and_pull(const struct cfs_call *call, struct cfs_store *store,
			   struct cfs_origin *origin,
			   const struct cfs_trust *trust, struct cfs_err *err)
{
	const struct options *o = call->options;
	const char *tag = call->operand[call->n > 1];
	struct cfs_demand demand = { .trust = trust,
				     .name = tag,
				     .role = o->tree.bootable
						     ? CFS_SEAL_BOOTABLE
						     : CFS_SEAL_MERGED,
				     .store = store,
				     .kernel = o->kernel };
	struct shown shown = { .parts = CFS_PROGRESS_PARTS_INIT };
	const struct cfs_oci_progress progress = {
		.plan = plan,
		.begin = begin_layer,
		.read = read_layer,
		.end = end_layer,
		.ctx = &shown,
	};
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	struct cfs_digest expected;
	struct cfs_oci_pull params = {
		.origin = origin,
		.choice = &choice,
		.tag = tag,
		.threads = o->threads,
		.formats = cmd_oci_formats(call->g, &store->repo.meta),
		.bootable = o->tree.bootable,
		.keep_blobs = o->keep_blobs,
		.referrers = true,
		.tree = { .create_parents = o->tree.create_parents,
			  .filter = o->tree.filter },
		.progress = &progress,
		.accept = cmd_trust_accept,
		.accept_ctx = &demand,
	};
	int r = expected_digest(o, store->repo.meta.alg, &expected, err);

	if (r > 0)
		params.expected = &expected;
	if (r >= 0)
		r = cfs_origin_choose(origin,
				      *o->platform.os ? &o->platform : NULL,
				      &choice, err);
	if (r == 0)
		r = pull(store, &params, &shown, err);
	return r;
}

/* The first of the given options that are about this process, or NULL. */
static const char *not_asked_for(const struct options *o)
{
	return *o->platform.os		      ? "--platform"
	       : o->keep_blobs		      ? "--keep-blobs"
	       : o->registry.authfile	      ? "--authfile"
	       : o->registry.cert_dir	      ? "--cert-dir"
	       : o->registry.no_tls_verify    ? "--no-tls-verify"
	       : o->trust.require	      ? "--require-signature"
	       : o->trust.certs.n > 0	      ? "--trust-cert"
	       : o->trust.policy	      ? "--policy"
	       : o->kernel != CFS_KERNEL_AUTO ? "--kernel-signatures"
	       : o->threads		      ? "--threads"
	       : o->tree.create_parents	      ? "--create-parents"
					      : NULL;
}

/* Has the service pull. */
static int ask(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	const struct cmd_pull_request request = {
		.from = call->operand[0],
		.tag = call->operand[call->n > 1],
		.expected = o->expected,
		.xattrs = o->tree.filter ? cfs_varlink_xattrs[o->tree.filter]
					 : NULL,
		.bootable = o->tree.bootable,
	};
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	const char *lacks = not_asked_for(o);

	if (lacks)
		return cmd_socket_lacks(lacks, err);
	/* Opening something that is not a reference words the error. */
	if (!cfs_origin_is_reference(request.from) &&
	    cfs_origin_open(request.from, &origin, err) < 0)
		return cfs_ctx(err, "pull %s", request.from);
	return cmd_pull_asked(call->g, &request, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOTRUST struct cfs_trust trust = { 0 };
	const struct options *o = call->options;
	int r;

	if (o->expected && !o->tree.bootable)
		return cfs_fail(err, CFS_EUSAGE,
				"--expected-digest needs --bootable");
	if (o->local_fetch && strcmp(o->local_fetch, "zerocopy") == 0)
		return cfs_fail(err, CFS_EUSAGE,
				"--local-fetch zerocopy: files are never "
				"shared with another program's store, but "
				"stored anew; auto allows that");
	if (call->g->socket)
		return ask(call, err);
	r = cmd_trust_open(&o->trust, &trust, err);
	if (r == 0)
		r = cmd_open_store(call->g, &store, err);
	if (r < 0)
		return r;
	cfs_store_trust_names(&store);
	r = cfs_origin_open_with(call->operand[0], &o->registry, &origin, err);
	if (r == 0)
		r = choose_and_pull(call, &store, origin, &trust, err);
	return r < 0 ? cfs_ctx(err, "pull %s", call->operand[0]) : 0;
}

const struct cfs_cmd cmd_oci_pull = {
	.name = "pull",
	.help = "take an image from a layout, an archive or a registry",
	.options = options,
	.size = sizeof(struct options),
	.allows_socket = true,
	.operands = { { "FROM" }, { "NAME", .optional = true } },
	.run = run,
};
