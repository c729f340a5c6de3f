/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/mountinfo.h"

#include <libmount/libmount.h>
#include <limits.h>
#include <string.h>

static bool starts_with(const char *text, const char *start)
{
	return text && strncmp(text, start, strlen(start)) == 0;
}

static bool has_option(const char *options, const char *name)
{
	return options && mnt_optstr_get_option(options, name, NULL, NULL) == 0;
}

static void describe(struct libmnt_fs *fs, struct cfs_mountinfo *ret)
{
	const char *source = mnt_fs_get_source(fs);
	const char *type = mnt_fs_get_fstype(fs);

	ret->mounted = true;
	ret->composefs = type && strcmp(type, "overlay") == 0 &&
			 (starts_with(source, "composefs:") ||
			  starts_with(source, "transient:composefs="));
	ret->read_only = has_option(mnt_fs_get_vfs_options(fs), "ro") ||
			 has_option(mnt_fs_get_fs_options(fs), "ro");
	snprintf(ret->source, sizeof(ret->source), "%s", source ? source : "");
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
	*ret = (struct cfs_mountinfo){ 0 };
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
