/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by the commands deploy and oci deploy. */
#ifndef CFS_CFSCTL_DEPLOY_H
#define CFS_CFSCTL_DEPLOY_H

#include "cfsctl/cli/json.h"
#include "cfsctl/machine.h"
#include "cfsctl/prepare_boot.h"

struct cfs_deploy_options {
	struct cfs_machine_options machine;
	const char *from; /* NULL: the booted deployment */
	struct cfs_opt_list args;
	unsigned tries, keep;
	bool check, json;
};

/* How often a new entry is tried, as systemd's kernel-install(8) suggests. */
#define CFS_DEPLOY_DEFAULTS \
	{                   \
		.tries = 3  \
	}

/* Rows of options that set the member @deploy of @type. */
#define CFS_DEPLOY_OPTIONS(type, deploy)                                     \
	CFS_OPT_MACHINE(type, deploy.machine),                               \
		{ .name = "from",                                            \
		  .value = "DEPLOYMENT",                                     \
		  .help = "take changes of /etc, /var and kernel arguments " \
			  "from this one (default: the booted one, or else " \
			  "the one that is booted next)",                    \
		  .takes = CFS_TAKES_IMAGE,                                  \
		  CFS_OPT_SETS(type, deploy.from) },                         \
		CFS_OPT_CMDLINE(type, deploy.args),                          \
		{ .name = "tries",                                           \
		  .value = "N",                                              \
		  .help = "how often to try it before the boot loader goes " \
			  "back (default: 3; 0: it is not on trial)",        \
		  CFS_OPT_PARSES(type, deploy.tries, cmd_deploy_tries) },    \
		{ .name = "check",                                           \
		  .help = "write nothing: say what would be done, and let "  \
			  "composefs-setup-root try it on this machine",     \
		  CFS_OPT_SETS(type, deploy.check) },                        \
		CFS_OPT_JSON(type, deploy.json),                             \
	{                                                                    \
		.name = "keep", .value = "N",                                \
		.help = "remove older deployments, so that N remain, if "    \
			"none of these is in use or pinned",                 \
		CFS_OPT_PARSES(type, deploy.keep, cmd_deploy_keep)           \
	}

/* Read the values of --tries and --keep; -CFS_EUSAGE. */
int cmd_deploy_tries(const char *text, void *to,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cmd_deploy_keep(const char *text, void *to,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The argument of cmd_deploy_run(). */
struct cmd_deploy {
	const struct cfs_globals *g;
	const struct cfs_machine *machine; /* with a boot partition */
	const struct cfs_deploy_options *o;
};

/* To be called before the repository is opened: checks the options, and lets
 * the command write below /sysroot unless it is a check.
 * Errors: -CFS_EUSAGE --json without --check, or no boot partition; those of
 * cfs_access_make_writable(). */
int cmd_deploy_check(const struct cmd_deploy *deploy,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Deploys the image, or checks it, and prints what became of it: a cmd_boot_fn,
 * whose @arg is a struct cmd_deploy.
 * Errors: those of cfs_deploy(); CFS_ESTATUS() of the exit status of
 * composefs-setup-root, of 3 and more.
 */
int cmd_deploy_run(const void *arg, const struct cfs_repo *repo,
		   const struct cmd_boot_source *source,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
