/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci prepare-boot: a boot entry for an image. */
#include "cfsctl/oci/boot_source.h"

struct options {
	struct cmd_oci_boot_options oci;
	struct cfs_boot_options boot;
};

static const struct cfs_opt options[] = {
	CFS_BOOT_OPTIONS(struct options, boot),
	CFS_OCI_BOOT_OPTIONS(struct options, oci),
	{ 0 },
};

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	const struct cfs_access access = cmd_access(call->g);
	const struct cmd_oci_boot boot = {
		.g = call->g,
		.access = &access,
		.o = &o->oci,
		.name = call->operand[0],
		.stream = call->n > 1 ? call->operand[1] : NULL,
	};
	const struct cmd_prepare_boot prepare = { call->g, &o->boot };
	int r = cmd_oci_boot_image(&boot, cmd_prepare_boot_run, &prepare, err);

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
	.operands = { { "IMAGE" }, CFS_OCI_STREAM_OPERAND },
	.run = run,
};
