/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci uki: a unified kernel image that boots an image. */
#include "cfsctl/uki.h"

#include "cfsctl/oci/boot_source.h"
#include "cfsctl/oci/oci.h"

struct options {
	struct cfs_uki_options uki;
	struct cmd_oci_boot_options source;
};

static const struct cfs_opt options[] = {
	CFS_UKI_OPTIONS(struct options, uki),
	CFS_OCI_BOOT_OPTIONS(struct options, source),
	{ 0 },
};

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	const struct cfs_access access = cmd_access(call->g);
	const struct cmd_oci_boot boot = { call->g, &access, &o->source,
					   call->operand[0] };
	const struct cmd_uki uki = { call->g, &o->uki };
	int r = cmd_uki_check(&o->uki, err);

	if (r == 0)
		r = cmd_oci_boot_image(&boot, cmd_uki_run, &uki, err);
	return r < 0 && r != -CFS_EUSAGE
		       ? cfs_ctx(err, "make a kernel image for %s",
				 call->operand[0])
		       : r;
}

const struct cfs_cmd cmd_oci_uki = {
	.name = "uki",
	.help = "make a unified kernel image that boots an image, of the "
		"kernel in its layers",
	.needs = "-o FILE",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" } },
	.run = run,
};
