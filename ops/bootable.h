/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Will a directory boot as the root of a system?  Asked before anything of it
 * is read, which can take minutes; composefs-setup-root refuses at boot what is
 * an error here (setup-root/preflight.h), and does without the rest.
 */
#ifndef CFS_CFSCTL_BOOTABLE_H
#define CFS_CFSCTL_BOOTABLE_H

#include <stdbool.h>

#include "base/err.h"

/* What to do about faults of a root that is to boot. */
enum cfs_lint {
	/* CFS_LINT_ERROR for the root of a system, which has an init or an
	 * os-release, else CFS_LINT_WARN: parts of a system and trees of tests
	 * have images too. */
	CFS_LINT_AUTO,
	CFS_LINT_ERROR, /* refuse those that make the boot fail */
	CFS_LINT_WARN,	/* warn of all of them */
	CFS_LINT_OFF,	/* do not look */
};

/* The values of --lint, and what reads them into an enum cfs_lint. */
extern const char *const cmd_lints[];
int cmd_parse_lint(const char *text, void *to,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Looks at the directory open as @root, which is called @path.
 *
 * @made: mount points that are missing will be made in the image.
 *
 * Warns on stderr of what the system can do without.
 * Errors: -ENOENT, in one message all that is missing or wrong and how to make
 * it; whatever @lint says for directories that no bootable image can be made
 * without.
 */
int cmd_check_bootable(int root, const char *path, enum cfs_lint lint,
		       bool made,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
