/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The options of mount.composefs(8): text in, struct out.
 *
 * Source: mount.composefs(8) of composefs 1.0.8 and what it was seen to do.
 */
#ifndef CFS_CFSCTL_COMPAT_MOUNT_OPTIONS_H
#define CFS_CFSCTL_COMPAT_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct cfs_mount_options {
	const char *basedirs; /* n_basedirs strings, each after the other's
				 NUL; never empty ones */
	size_t n_basedirs;
	const char *digest; /* or NULL; not yet looked at, but not empty */
	const char *idmap;  /* or NULL */
	const char *upperdir, *workdir; /* both or none */
	bool verity;
	bool tryverity;
	bool sync;     /* what is written is on the disk at once */
	unsigned attr; /* MOUNT_ATTR_* */
};

enum cfs_mount_flags {
	CFS_MOUNT_SLOPPY = 1, /* -s of mount(8) */
};

/* An option of one file system: its value goes to @text, or it sets @flag or
 * clears @unflag. */
struct cmd_mount_row {
	const char *name;
	const char **text;
	bool *flag, *unflag;
};

/*
 * Reads "NAME[=VALUE],..." by @rows, which end with a NULL name, and the
 * options of mounts in general into *@attr (MOUNT_ATTR_*), which is changed.
 * Words that are for others are ignored; see cmd_mount_options().
 * Errors: -EINVAL.
 */
int cmd_mount_words(char *text, const struct cmd_mount_row *rows,
		    unsigned flags, unsigned *attr,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads "NAME[=VALUE],...".  Of an option given twice the last counts.  A
 * backslash takes the meaning of the comma after it, and is itself taken out
 * of values.  Words that mount(8) and systemd leave in the options of every
 * helper ("nofail", "x-systemd.automount") are ignored.
 *
 * @text: modified; "" is one option with no name, as in the C program.  *@ret
 * points into it.
 * @flags: with CFS_MOUNT_SLOPPY unknown options are ignored too, but for those
 * that say that this is no new mount ("remount").
 *
 * Errors: -EINVAL in the words of the C program; -CFS_EUSAGE without basedir=.
 */
int cmd_mount_options(char *text, unsigned flags, struct cfs_mount_options *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
