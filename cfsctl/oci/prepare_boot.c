/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci prepare-boot: a boot entry for an image. */
#include "cfsctl/prepare_boot.h"

#include "cfsctl/oci/oci.h"
#include "cfsctl/oci/signed_image.h"
#include "cfsctl/tree_source.h"
#include "oci/pull.h"

struct options {
	struct cfs_oci_tree_choice tree;
	struct cfs_boot_options boot;
	struct cfs_trust_options trust;
};

static const struct cfs_opt options[] = {
	CFS_BOOT_OPTIONS(struct options, boot),
	CFS_OCI_MERGE_OPTIONS(struct options, tree),
	CFS_TRUST_OPTIONS(struct options, trust),
	{ 0 },
};

/* An image that is to boot. */
struct job {
	const struct cfs_call *call;
	const struct options *o;
	struct cfs_store store;
	struct cfs_trust trust;
	struct cfs_oci_image image;
	struct cfs_oci_tree_options tree;
	size_t n;
	struct cfs_digest ids[CFS_UKI_IMAGES_MAX];
};

static void job_free(struct job *job)
{
	cfs_oci_image_free(&job->image);
	cfs_trust_free(&job->trust);
	cfs_store_close(&job->store);
}

static int open_image(struct job *job, struct cfs_err *err)
{
	int r = cmd_trust_open(&job->o->trust, &job->trust, err);

	if (r == 0)
		r = cmd_open_store(job->call->g, &job->store, err);
	if (r == 0)
		r = cfs_oci_image_find(&job->store.repo, job->call->operand[0],
				       &job->image, err);
	if (r < 0)
		return r;
	job->tree = (struct cfs_oci_tree_options){
		.create_parents = job->o->tree.create_parents,
		.filter = job->o->tree.filter,
	};
	return 0;
}

/* Adds the linked images to boot of one format, those with the xattrs asked for
 * or the others. */
static void add_linked(struct job *job, bool v1, bool same_xattrs)
{
	for (size_t i = 0; i < job->image.erofs.n; i++) {
		const struct cfs_oci_erofs_ref *ref = &job->image.erofs.v[i];
		struct cfs_oci_erofs erofs;

		if (job->n < CFS_UKI_IMAGES_MAX &&
		    cfs_oci_erofs_is(ref->name, &erofs) && erofs.bootable &&
		    erofs.v1 == v1 &&
		    (erofs.filter == job->tree.filter) == same_xattrs)
			job->ids[job->n++] = ref->id;
	}
}

static int find_linked(struct job *job, struct cfs_err *err)
{
	unsigned formats = cmd_oci_formats(job->call->g, &job->store.repo.meta);
	int r = 0;

	if (!cfs_oci_image_is_bootable(&job->image))
		r = cfs_oci_make_images(&job->store, &job->image, formats, true,
					&job->tree, err);
	if (r < 0)
		return r;
	add_linked(job, true, true);
	add_linked(job, false, true);
	add_linked(job, true, false);
	add_linked(job, false, false);
	return job->n > 0 ? 0
			  : cfs_fail(err, ENOENT,
				     "No boot EROFS image linked — try pulling "
				     "with --bootable");
}

/* The images that may boot: the signed one alone, where that is demanded. */
static int find_images(struct job *job, struct cfs_err *err)
{
	struct cfs_demand demand = {
		.trust = &job->trust,
		.name = job->call->operand[0],
		.role = CFS_SEAL_BOOTABLE,
	};
	int r = cmd_trust_accept(&demand, &job->store.repo, &job->image, err);

	if (r < 0)
		return r;
	if (demand.proof.n == 0)
		return find_linked(job, err);
	job->n = 1;
	return cmd_oci_signed_image(job->call->g, &job->store.repo,
				    &demand.proof, &job->ids[0], err);
}

static int prepare(struct job *job, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cmd_boot_source source = { .name = job->call->operand[0] };
	int r = open_image(job, err);

	if (r == 0)
		r = find_images(job, err);
	if (r == 0)
		r = cfs_oci_image_tree(&job->store.repo, &job->image,
				       &job->tree, &tree, err);
	if (r < 0)
		return r;
	source.images = (struct cfs_uki_images){ job->n, job->ids };
	source.tree = tree;
	return cmd_prepare_boot_run(job->call->g, &job->store.repo, &source,
				    &job->o->boot, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	__attribute__((cleanup(job_free))) struct job job = {
		.call = call,
		.o = call->options,
		.store = CFS_STORE_INIT,
	};
	int r = prepare(&job, err);

	return r < 0 && r != -CFS_EUSAGE
		       ? cfs_ctx(err, "prepare to boot %s", call->operand[0])
		       : r;
}

const struct cfs_cmd cmd_oci_prepare_boot = {
	.name = "prepare-boot",
	.help = "write a boot entry for an image, with its kernel, and make "
		"its state directory",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" } },
	.run = run,
};
