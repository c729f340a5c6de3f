/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/mount.h"

#include "cfsctl/oci/oci.h"
#include "cfsctl/oci/signed_image.h"
#include "ops/oci_erofs.h"

struct options {
	struct cfs_mount_options mount;
	struct cfs_trust_options trust;
	bool bootable;
};

static const struct cfs_opt options[] = {
	{ .name = "bootable",
	  .help = "mount the image to boot",
	  CFS_OPT_SETS(struct options, bootable) },
	CFS_MOUNT_OPTIONS(struct options, mount),
	CFS_TRUST_OPTIONS(struct options, trust),
	{ 0 },
};

/* Files that are not verified may be other ones than were signed. */
static int find_signed(const struct cfs_call *call, const struct cfs_repo *repo,
		       const struct cfs_proof *proof, struct cfs_digest *ret,
		       struct cfs_err *err)
{
	const struct options *o = call->options;

	if (o->mount.no_verify && !call->g->insecure)
		return cfs_fail(err, EPERM,
				"signatures are demanded of the image, and "
				"--no-verify would accept other files than "
				"were signed");
	return cmd_oci_signed_image(call->g, repo, proof, ret, err);
}

static int find_in(const struct cfs_call *call, const struct cfs_repo *repo,
		   const struct cfs_trust *trust, struct cfs_digest *ret,
		   struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_demand demand = {
		.trust = trust,
		.name = call->operand[0],
		.role = o->bootable ? CFS_SEAL_BOOTABLE : CFS_SEAL_MERGED,
	};
	int r = cfs_oci_image_find(repo, call->operand[0], &image, err);

	if (r >= 0)
		r = cmd_trust_accept(&demand, repo, &image, err);
	if (r < 0)
		return r;
	if (demand.proof.n > 0)
		return find_signed(call, repo, &demand.proof, ret, err);
	return cfs_oci_linked_erofs(repo, &image, demand.role, ret, err);
}

static int find(const struct cfs_call *call, const struct cfs_repo *repo,
		struct cfs_digest *ret, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOTRUST struct cfs_trust trust = { 0 };
	int r = cmd_trust_open(&o->trust, &trust, err);

	return r < 0 ? r : find_in(call, repo, &trust, ret, err);
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
