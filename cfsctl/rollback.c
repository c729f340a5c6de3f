/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl rollback: the previous deployment is booted next. */
#include "ops/rollback.h"

#include <stdio.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/machine.h"

struct options {
	struct cfs_machine_options machine;
};

static const struct cfs_opt options[] = {
	CFS_OPT_MACHINE(struct options, machine),
	{ 0 },
};

static int roll_back(const struct cfs_globals *g,
		     const struct cfs_machine *machine, struct cfs_err *err)
{
	const struct cfs_deployments_params params =
		cmd_machine_params(machine, cmd_machine_warn, NULL);
	const struct cfs_rollback rollback = { &params, g->no_sync };
	CFS_AUTODEPLOYMENTS struct cfs_deployments list = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_rolled_back to;
	char hex[CFS_DIGEST_HEX_MAX];
	int r = cfs_access_read(&machine->access, &repo, err);

	if (r == 0)
		r = cfs_deployments_read(&repo, &params, &list, err);
	if (r == 0)
		r = cfs_deployments_complete(&list, err);
	if (r == 0)
		r = cfs_roll_back(&rollback, &list, &to, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&to.id, hex);
	cmd_line(stdout, "Next: %s:%s (%s)", cfs_alg_name(to.id.alg), hex,
		 list.entries.v[to.entry].path);
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct cfs_machine machine;
	int r = cmd_machine(call->g, &o->machine, &machine, err);

	if (r == 0)
		r = cmd_machine_require_boot(&machine, err);
	return r < 0 ? r : roll_back(call->g, &machine, err);
}

const struct cfs_cmd cmd_rollback = {
	.name = "rollback",
	.help = "boot the previous deployment next",
	.options = options,
	.size = sizeof(struct options),
	.run = run,
};
