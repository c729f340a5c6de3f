/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The command line of composefs-setup-root(8).
 * Source: composefs-rs crates/composefs-setup-root (the options it shares).
 */
#ifndef CFS_SETUP_ROOT_OPTIONS_H
#define CFS_SETUP_ROOT_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"

struct cfs_options {
	const char *sysroot; /* the physical root: "/sysroot" */
	const char *config;  /* CFS_CONFIG_PATH */
	bool config_given;   /* then it should be there */
	const char *root_fs; /* directory to use as the root, or NULL */
	const char *cmdline; /* instead of /proc/cmdline, or NULL */
	const char *target;  /* where to attach, or NULL: at sysroot */
	const char *command; /* first word that is no option, or NULL */
	bool check;	     /* attach nothing, print the marker */
	bool print_kargs;
	bool if_present; /* no composefs argument is no failure */
	bool verbose, help, version;
};

/*
 * Reads @argv, which ends with NULL.  Options may stand before and after other
 * words (a command, which other implementations take and which has no effect
 * here), up to a "--".  The strings are borrowed from @argv.
 *
 * Errors: -EINVAL for an unknown option or a missing value.
 */
int cfs_options_parse(char **argv, struct cfs_options *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* What --help prints. */
extern const char cfs_options_help[];

#endif
