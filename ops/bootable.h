/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Will a directory boot as the root of a system?  Asked before anything of it
 * is read, which can take minutes; composefs-setup-root refuses at boot what is
 * an error here (setup-root/preflight.h), and does without the rest.
 */
#ifndef CFS_OPS_BOOTABLE_H
#define CFS_OPS_BOOTABLE_H

#include <stdbool.h>

#include "base/err.h"
#include "ops/note.h"

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

/* The directory that is looked at. */
struct cfs_root {
	const char *path; /* what it is called, for errors and notes */
	enum cfs_lint lint;
	bool made; /* mount points that are missing will be made in the image */
	const struct cfs_notes *notes; /* or NULL */
};

/*
 * Looks at the directory open as @root.  What the system can do without is a
 * note (CFS_NOTE_NO_STATE, CFS_NOTE_NO_BOOT, CFS_NOTE_FSTAB).
 * Errors: -ENOENT, in one message all that is missing or wrong and how to make
 * it; whatever params->lint says for directories that no bootable image can be
 * made without.
 */
int cfs_check_bootable(int root, const struct cfs_root *params,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
