/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Options of the commands about the deployments of a machine. */
#ifndef CFS_CFSCTL_MACHINE_H
#define CFS_CFSCTL_MACHINE_H

#include "cfsctl/cfsctl.h"
#include "ops/deployments.h"

struct cfs_machine_options {
	const char *boot_dir, *sysroot; /* NULL: not given */
};

/* The rows of these options, for a struct with such a @member.  The first is
 * called "bootdir" where composefs-rs has it, in prepare-boot. */
#define CFS_OPT_MACHINE(type, member)                                       \
	{ .name = "boot-dir",                                               \
	  .alias = "bootdir",                                               \
	  .value = "DIR",                                                   \
	  .help = "where the boot partition is mounted (default: /boot)",   \
	  .takes = CFS_TAKES_DIR,                                           \
	  CFS_OPT_SETS(type, member.boot_dir) },                            \
	{                                                                   \
		.name = "sysroot", .value = "DIR",                          \
		.help = "the physical root, with state/deploy and, unless " \
			"--repo is given, the repository (default: where "  \
			"the repository is)",                               \
		.takes = CFS_TAKES_DIR, CFS_OPT_SETS(type, member.sysroot), \
	}

#define CFS_MACHINE_PATH 4096

/* The directories that the options name. */
struct cfs_machine {
	char repo[CFS_MACHINE_PATH], sysroot[CFS_MACHINE_PATH];
	struct cfs_access access; /* of the repository; borrows repo */
	const char *boot; /* NULL: none was given and /boot is missing */
};

/* Fills in *@ret, which must not be copied.  Errors: -CFS_EUSAGE a path is too
 * long. */
int cmd_machine(const struct cfs_globals *g,
		const struct cfs_machine_options *options,
		struct cfs_machine *ret,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* -CFS_EUSAGE unless there is a boot partition, which the command changes. */
int cmd_machine_require_boot(const struct cfs_machine *m,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Prints a warning at once: for commands that show no list of their own. */
void cmd_machine_warn(void *arg, const char *where, const char *reason)
	__attribute__((nonnull(2, 3)));

/* The parameters to list its deployments. */
struct cfs_deployments_params cmd_machine_params(const struct cfs_machine *m,
						 cfs_boot_broken_fn *broken,
						 void *arg)
	__attribute__((nonnull(1, 2)));

#endif
