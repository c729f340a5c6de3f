/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/machine.h"

#include <stdio.h>
#include <sys/stat.h>

#include "cfsctl/cli/line.h"
#include "ops/access.h"

static int join(char ret[static CFS_MACHINE_PATH], const char *dir,
		const char *name, struct cfs_err *err)
{
	int n = snprintf(ret, CFS_MACHINE_PATH, "%s%s", dir, name);

	return *dir && n > 0 && n < CFS_MACHINE_PATH
		       ? 0
		       : cfs_fail(err, CFS_EUSAGE,
				  "the path of --sysroot is empty or too "
				  "long");
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int cmd_machine(const struct cfs_globals *g,
		const struct cfs_machine_options *o, struct cfs_machine *ret,
		struct cfs_err *err)
{
	bool chosen = g->path || g->user || g->system;
	int r;

	if (o->sysroot && !chosen)
		r = join(ret->repo, o->sysroot, "/composefs", err);
	else
		r = join(ret->repo, g->repo, "", err);
	if (r == 0)
		r = o->sysroot ? join(ret->sysroot, o->sysroot, "", err)
			       : join(ret->sysroot, ret->repo, "/..", err);
	if (r < 0)
		return r;
	ret->access = cmd_access(g);
	ret->access.path = ret->repo;
	ret->boot = o->boot_dir		      ? o->boot_dir
		    : is_dir(CFS_SYSTEM_BOOT) ? CFS_SYSTEM_BOOT
					      : NULL;
	return 0;
}

int cmd_machine_require_boot(const struct cfs_machine *m, struct cfs_err *err)
{
	return m->boot ? 0
		       : cfs_fail(err, CFS_EUSAGE,
				  "there is no " CFS_SYSTEM_BOOT
				  ": --boot-dir names the "
				  "boot partition");
}

void cmd_machine_warn(void *arg, const char *where, const char *reason)
{
	(void)arg;
	cmd_line(stderr, "warning: %s: %s", where, reason);
}

struct cfs_deployments_params cmd_machine_params(const struct cfs_machine *m,
						 cfs_boot_broken_fn *broken,
						 void *arg)
{
	return (struct cfs_deployments_params){ .sysroot = m->sysroot,
						.boot = m->boot,
						.root = "/",
						.broken = broken,
						.arg = arg };
}
