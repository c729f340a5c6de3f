/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci seal: an artifact with the digests of an image. */
#include "cfsctl/cli/line.h"
#include "cfsctl/oci/oci.h"
#include "oci/seal/image.h"
#include "oci/seal/keep.h"

struct options {
	bool bootable;
};

static const struct cfs_opt options[] = {
	{ .name = "bootable",
	  .help = "make the image to boot as well",
	  CFS_OPT_SETS(struct options, bootable) },
	{ 0 },
};

static int run_seal(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	const struct cfs_seal_blobs none = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_seal_facts facts;
	struct cfs_oci_id artifact;
	int r = cmd_open_store(call->g, &store, err);

	if (r == 0)
		r = cfs_oci_image_find(&store.repo, call->operand[0], &image,
				       err);
	if (r >= 0)
		r = cfs_seal_commit(&store, &image,
				    o->bootable ||
					    cfs_oci_image_is_bootable(&image),
				    &facts, err);
	if (r == 0)
		r = cfs_seal_keep(&store, &facts, &none, &artifact, err);
	if (r < 0)
		return cfs_ctx(err, "seal %s", call->operand[0]);
	cmd_line(stdout, "Sealed %s -> %s", call->operand[0], image.id.text);
	cmd_line(stdout, "  artifact: %s", artifact.text);
	return 0;
}

const struct cfs_cmd cmd_oci_seal = {
	.name = "seal",
	.help = "commit the EROFS images of an image, and list their digests "
		"in an artifact about it",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" } },
	.run = run_seal,
};
