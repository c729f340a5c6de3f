/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl undeploy: a deployment that is no longer needed is removed. */
#include "ops/undeploy.h"

#include <stdio.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/machine.h"

struct options {
	bool delete_var;
	struct cfs_machine_options machine;
};

static const struct cfs_opt options[] = {
	CFS_OPT_MACHINE(struct options, machine),
	{ .name = "delete-var",
	  .help = "delete its /var, too, unless that is shared with others",
	  CFS_OPT_SETS(struct options, delete_var) },
	{ 0 },
};

static int undeploy(const struct cfs_call *call,
		    const struct cfs_machine *machine, struct cfs_err *err)
{
	const struct options *o = call->options;
	const struct cfs_deployments_params params =
		cmd_machine_params(machine, cmd_machine_warn, NULL);
	const struct cfs_undeploy how = { .where = &params,
					  .waiting = cmd_waiting,
					  .delete_var = o->delete_var,
					  .no_sync = call->g->no_sync };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	int r = cfs_access_make_writable(machine->sysroot, err);

	if (r == 0)
		r = cfs_access_read(&machine->access, &repo, err);
	if (r == 0)
		r = cfs_undeploy(&repo, &how, call->operand[0], &id, err);
	if (r < 0)
		return r;
	if (r == 0) {
		puts("Removed what an interrupted run had left");
		return 0;
	}
	cfs_digest_to_hex(&id, hex);
	cmd_line(stdout, "Removed the deployment of %s:%s",
		 cfs_alg_name(id.alg), hex);
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct cfs_machine machine;
	int r = cmd_machine(call->g, &o->machine, &machine, err);

	if (r == 0)
		r = cmd_machine_require_boot(&machine, err);
	return r < 0 ? r : undeploy(call, &machine, err);
}

const struct cfs_cmd cmd_undeploy = {
	.name = "undeploy",
	.help = "remove a deployment, but for its image",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "DEPLOYMENT", CFS_TAKES_IMAGE } },
	.run = run,
};
