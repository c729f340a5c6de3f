/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/oci/boot_source.h"

#include "cfsctl/oci/oci.h"
#include "cfsctl/oci/signed_image.h"
#include "oci/pull.h"

/* An image that is to boot. */
struct job {
	const struct cmd_oci_boot *boot;
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
	int r = cmd_trust_open(&job->boot->o->trust, &job->trust, err);

	if (r == 0)
		r = job->boot->read_only
			    ? cfs_access_read(job->boot->access,
					      &job->store.repo, err)
			    : cfs_access_write(job->boot->access, &job->store,
					       err);
	if (r == 0)
		r = cfs_oci_image_find(&job->store.repo, job->boot->name,
				       &job->image, err);
	if (r >= 0 && job->boot->stream)
		r = cfs_oci_image_check_stream(&job->image, job->boot->stream,
					       err);
	if (r < 0)
		return r;
	job->tree = (struct cfs_oci_tree_options){
		.create_parents = job->boot->o->tree.create_parents,
		.filter = job->boot->o->tree.filter,
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
	unsigned formats = cmd_oci_formats(job->boot->g, &job->store.repo.meta);
	int r = 0;

	if (!cfs_oci_image_is_bootable(&job->image) && !job->boot->read_only)
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
		.name = job->boot->name,
		.role = CFS_SEAL_BOOTABLE,
	};
	int r = cmd_trust_accept(&demand, &job->store.repo, &job->image, err);

	if (r < 0)
		return r;
	if (demand.proof.n == 0)
		return find_linked(job, err);
	job->n = 1;
	return cmd_oci_signed_image(job->boot->g, &job->store.repo,
				    &demand.proof, &job->ids[0], err);
}

static int find(struct job *job, cmd_boot_fn *run, const void *arg,
		struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cmd_boot_source source = { .name = job->boot->name };
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
	source.manifest = job->image.id.text;
	return run(arg, &job->store.repo, &source, err);
}

int cmd_oci_boot_image(const struct cmd_oci_boot *boot, cmd_boot_fn *run,
		       const void *arg, struct cfs_err *err)
{
	__attribute__((cleanup(job_free))) struct job job = {
		.boot = boot,
		.store = CFS_STORE_INIT,
	};

	return find(&job, run, arg, err);
}
