/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/mount.h"

#include "cfsctl/oci/oci.h"

struct options {
	struct cfs_mount_options mount;
	bool bootable;
};

static const struct cfs_opt options[] = {
	{ .name = "bootable",
	  .help = "mount the image to boot",
	  CFS_OPT_SETS(struct options, bootable) },
	CFS_MOUNT_OPTIONS(struct options, mount),
	{ 0 },
};

/* The one of the repository's own format, else of the other. */
static int find_erofs(const struct cfs_oci_image *image, unsigned format,
		      bool bootable, struct cfs_digest *ret,
		      struct cfs_err *err)
{
	struct cfs_oci_erofs erofs = { .bootable = bootable, .v1 = format < 2 };

	if (cfs_oci_image_erofs(image, &erofs, ret))
		return 0;
	erofs.v1 = !erofs.v1;
	if (cfs_oci_image_erofs(image, &erofs, ret))
		return 0;
	if (bootable)
		return cfs_fail(err, ENOENT,
				"No boot EROFS image linked — try pulling "
				"with --bootable");
	return cfs_fail(err, ENOENT,
			"No composefs EROFS image linked — try re-pulling the "
			"image");
}

static int find(const struct cfs_call *call, const struct cfs_repo *repo,
		struct cfs_digest *ret, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	int r = cfs_oci_image_find(repo, call->operand[0], &image, err);

	return r < 0 ? r
		     : find_erofs(&image, repo->meta.erofs_default, o->bootable,
				  ret, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	struct cfs_mount_options o =
		((const struct options *)call->options)->mount;

	return cmd_mount_run(call, &o, find, err);
}

const struct cfs_cmd cmd_oci_mount = {
	.name = "mount",
	.help = "mount an image",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" },
		      { "MOUNTPOINT", CFS_TAKES_DIR, .optional = true } },
	.run = run,
};
