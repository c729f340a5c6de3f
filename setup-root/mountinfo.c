/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/mountinfo.h"

#include <libmount/libmount.h>
#include <limits.h>
#include <string.h>

/* Does @options have @name, with the value @want unless that is NULL? */
static bool has_option(const char *options, const char *name, const char *want)
{
	char *value = NULL;
	size_t len = 0;

	return options &&
	       mnt_optstr_get_option(options, name, &value, &len) == 0 &&
	       (!want || (len == strlen(want) && !memcmp(value, want, len)));
}

static void describe(struct libmnt_fs *fs, struct cfs_mountinfo *ret)
{
	/* Sources of mounts of composefs-rs and this program, and of bootc. */
	static const char *const names[] = { "composefs:",
					     "transient:composefs=" };
	const char *source = mnt_fs_get_source(fs);
	const char *type = mnt_fs_get_fstype(fs);
	const char *options = mnt_fs_get_fs_options(fs);

	snprintf(ret->source, sizeof(ret->source), "%s", source ? source : "");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(names) && !ret->composefs; i++) {
		ret->composefs =
			strncmp(ret->source, names[i], strlen(names[i])) == 0;
		if (ret->composefs)
			ret->digest = ret->source + strlen(names[i]);
	}
	ret->mounted = true;
	ret->overlay = type && strcmp(type, "overlay") == 0;
	ret->verity = has_option(options, "verity", "require");
	ret->read_only = has_option(mnt_fs_get_vfs_options(fs), "ro", NULL) ||
			 has_option(options, "ro", NULL);
}

int cfs_mountinfo_read(const char *table, const char *path,
		       struct cfs_mountinfo *ret, struct cfs_err *err)
{
	char real[PATH_MAX], var[PATH_MAX + sizeof("/var")];
	struct libmnt_fs *fs, *below;
	struct libmnt_table *tb;

	if (!realpath(path, real))
		return cfs_fail_errno(err, "find %s", path);
	tb = mnt_new_table_from_file(table);
	if (!tb)
		return cfs_fail(err, EIO, "cannot read %s: is /proc mounted?",
				table);
	*ret = (struct cfs_mountinfo){ .digest = "" };
	/* Backward: of several mounts at one place, the last is on top. */
	fs = mnt_table_find_target(tb, real, MNT_ITER_BACKWARD);
	if (fs)
		describe(fs, ret);
	snprintf(var, sizeof(var), "%s/var", real);
	/* One of a mount that is covered has the same name. */
	below = mnt_table_find_target(tb, var, MNT_ITER_BACKWARD);
	ret->var = below &&
		   (!fs || mnt_fs_get_parent_id(below) == mnt_fs_get_id(fs));
	mnt_unref_table(tb);
	return 0;
}
