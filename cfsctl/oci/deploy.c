/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci deploy: an image is booted next, on trial. */
#include "cfsctl/deploy.h"

#include "cfsctl/oci/boot_source.h"

struct options {
	struct cmd_oci_boot_options oci;
	struct cfs_deploy_options deploy;
};

static const struct cfs_opt options[] = {
	CFS_DEPLOY_OPTIONS(struct options, deploy),
	CFS_OCI_BOOT_OPTIONS(struct options, oci),
	{ 0 },
};

static const struct options defaults = { .deploy = CFS_DEPLOY_DEFAULTS };

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct cfs_machine machine;
	struct cmd_deploy deploy = { call->g, &machine, &o->deploy };
	const struct cmd_oci_boot boot = { call->g, &machine.access, &o->oci,
					   call->operand[0], o->deploy.check };
	int r = cmd_machine(call->g, &o->deploy.machine, &machine, err);

	if (r == 0)
		r = cmd_deploy_check(&deploy, err);
	if (r == 0)
		r = cmd_oci_boot_image(&boot, cmd_deploy_run, &deploy, err);
	return r < 0 && r != -CFS_EUSAGE
		       ? cfs_ctx(err, "deploy %s", call->operand[0])
		       : r;
}

const struct cfs_cmd cmd_oci_deploy = {
	.name = "deploy",
	.help = "boot an image next, on trial, with the changes made to /etc",
	.options = options,
	.size = sizeof(struct options),
	.defaults = &defaults,
	.operands = { { "IMAGE" } },
	.run = run,
};
