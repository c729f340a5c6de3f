/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdio.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/enrol.h"
#include "cfsctl/oci/oci.h"
#include "cfsctl/oci/pulled.h"
#include "cfsctl/tree_source.h"
#include "cfsctl/trust.h"
#include "oci/blob.h"
#include "oci/pull.h"
#include "oci/share.h"
#include "ops/copy_objects.h"

struct options {
	const char *from, *name;
	struct cfs_trust_options trust;
	enum cfs_kernel_signatures kernel;
	struct cfs_oci_tree_choice tree;
	unsigned threads;
	bool zerocopy;
};

static const struct cfs_opt options[] = {
	{ .name = "from",
	  .value = "PATH",
	  .help = "the repository that has the image",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, from) },
	{ .name = "name",
	  .value = "TAG",
	  .help = "tag it so",
	  CFS_OPT_SETS(struct options, name) },
	{ .name = "zerocopy",
	  .help = "share files or blocks with that repository",
	  CFS_OPT_SETS(struct options, zerocopy) },
	CFS_OCI_MERGE_OPTIONS(struct options, tree),
	CFS_TRUST_OPTIONS(struct options, trust),
	CFS_KERNEL_OPTION(struct options, kernel),
	CFS_OPT_THREADS(struct options, threads),
	{ 0 },
};

static void print(const struct cfs_oci_image *image, const char *name,
		  const struct options *o)
{
	char manifest[CFS_DIGEST_HEX_MAX], config[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(&image->manifest_stream, manifest);
	cfs_digest_to_hex(&image->config_stream, config);
	if (o->name)
		cmd_line(stdout,
			 "Copied image %s from %s to destination repo, tagged "
			 "as %s",
			 name, o->from, o->name);
	else
		cmd_line(stdout, "Copied image %s from %s to destination repo",
			 name, o->from);
	cmd_line(stdout, "Manifest digest: %s", image->id.text);
	cmd_line(stdout, "Manifest verity: %s", manifest);
	cmd_line(stdout, "Config digest:   %s", image->manifest.config.id.text);
	cmd_line(stdout, "Config verity:   %s", config);
}

/* The images that were made of an OCI image. */
static const struct cfs_oci_erofs variants[] = {
	{ .bootable = false, .v1 = true },
	{ .bootable = false, .v1 = false },
	{ .bootable = true, .v1 = true },
	{ .bootable = true, .v1 = false },
};

/* Takes along the signatures of objects that were made by a signer who is
 * trusted; before the objects, which get them then. */
static int copy_signatures(const struct cfs_oci_image *image,
			   const struct cfs_repo *from,
			   const struct cfs_trust *trust,
			   struct cfs_store *store, struct cfs_err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < CFS_ARRAY_SIZE(variants); i++) {
		struct cfs_digest id;

		if (trust->certs.n == 0 ||
		    !cfs_oci_image_erofs(image, &variants[i], &id))
			continue;
		r = cfs_copy_object_signatures(from, &id, &trust->certs, store,
					       err);
	}
	return r < 0 ? r : 0;
}

/* Objects that were there before the copy get their signatures now. */
static int enrol_objects(const struct cfs_oci_image *image,
			 struct cfs_store *store,
			 enum cfs_kernel_signatures kernel, struct cfs_err *err)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(variants); i++) {
		struct cfs_err why_not = { 0 };
		struct cfs_digest id;
		int r;

		if (kernel == CFS_KERNEL_NO ||
		    !cfs_oci_image_erofs(image, &variants[i], &id))
			continue;
		r = cfs_enrol_pack(store, &id, &why_not, err);
		if (r < 0)
			return r;
		if (r == 0 && kernel == CFS_KERNEL_YES)
			return cfs_fail(err, CFS_ESTATUS(CFS_STATUS_KERNEL),
					"hand the signatures of objects to the "
					"kernel: %s",
					why_not.msg);
		if (r == 0)
			cmd_line(stderr,
				 "note: kernel: objects: not enrolled: %s",
				 why_not.msg);
	}
	return 0;
}

/* Takes along the compressed blobs of layers that are kept, before the image,
 * which then refers to them. */
static int copy_blobs(const struct cfs_oci_image *image,
		      const struct cfs_repo *from, struct cfs_store *store,
		      struct cfs_err *err)
{
	const struct cfs_oci_descriptor *d = image->manifest.layers.v;

	for (size_t i = 0; image->is_container && i < image->manifest.layers.n;
	     i++) {
		int r = cfs_oci_blob_copy(store, from, &d[i].id, d[i].size,
					  err);

		if (r < 0 && r != -EBADMSG && r != -ENOENT)
			return r;
		if (r < 0)
			cmd_line(stderr,
				 "note: the kept blob of layer %zu (%s) is "
				 "left out: %s",
				 i, d[i].id.text, err->msg);
	}
	return 0;
}

static int copy(const struct cfs_call *call, struct cfs_store *store,
		const struct cfs_repo *from, const struct cfs_trust *trust,
		struct cfs_err *err)
{
	const struct options *o = call->options;
	const char *name = call->operand[0];
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	struct cfs_oci_pulled pulled = { 0 };
	struct cfs_demand demand = { .trust = trust,
				     .name = o->name,
				     .store = store,
				     .kernel = o->kernel };
	struct cfs_oci_pull params = {
		.choice = &choice,
		.tag = o->name,
		.threads = o->threads,
		.formats = cmd_oci_formats(call->g, &store->repo.meta),
		.tree = { .create_parents = o->tree.create_parents,
			  .filter = o->tree.filter },
		.referrers = true,
		.accept = cmd_trust_accept,
		.accept_ctx = &demand,
	};
	int r = cfs_oci_image_find(from, name, &image, err);

	if (r >= 0)
		r = copy_signatures(&image, from, trust, store, err);
	if (r >= 0 && o->zerocopy)
		r = cfs_oci_share(store, from, &image, err);
	if (r >= 0)
		r = copy_blobs(&image, from, store, err);
	if (r >= 0)
		r = cfs_origin_open_repo(from, &image, &origin, err);
	if (r == 0)
		r = cfs_origin_choose(origin, NULL, &choice, err);
	if (r < 0)
		return r;
	params.origin = origin;
	params.bootable = cfs_oci_image_is_bootable(&image);
	demand.role = params.bootable ? CFS_SEAL_BOOTABLE : CFS_SEAL_MERGED;
	r = cfs_oci_pull(store, &params, &pulled, err);
	cmd_skipped_print(&pulled.referrers);
	if (r == 0) {
		print(&pulled.image, name, o);
		cmd_trust_print(&demand.proof);
		r = enrol_objects(&pulled.image, store, o->kernel, err);
	}
	cfs_oci_pulled_free(&pulled);
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	const struct cfs_access source = { .path = o->from,
					   .waiting = cmd_waiting };
	CFS_AUTOREPO struct cfs_repo from = CFS_REPO_INIT;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOTRUST struct cfs_trust trust = { 0 };
	int r;

	if (!o->from)
		return cfs_fail(err, CFS_EUSAGE, "--from PATH is missing");
	r = cmd_trust_open(&o->trust, &trust, err);
	if (r == 0)
		r = cmd_open_store(call->g, &store, err);
	if (r == 0)
		r = cfs_access_read(&source, &from, err);
	if (r < 0)
		return r;
	cfs_store_trust_names(&store);
	r = copy(call, &store, &from, &trust, err);
	return r < 0 ? cfs_ctx(err, "copy %s", call->operand[0]) : 0;
}

const struct cfs_cmd cmd_oci_copy = {
	.name = "copy",
	.help = "take an image from another repository",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" } },
	.run = run,
};
