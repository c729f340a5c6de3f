/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/compat/mount_options.h"

#include <linux/mount.h>
#include <string.h>

#include "cfsctl/cfsctl.h"

/* One option: its value goes to @text, or it sets @flag or @attr. */
struct row {
	const char *name;
	const char **text;
	bool *flag;
	unsigned mask, attr; /* the bits of @mask become @attr */
};

/* Cuts @text at the first @at that no backslash protects.  Returns what comes
 * after it, or NULL. */
static char *cut(char *text, char at)
{
	for (; *text && *text != at; text++)
		if (*text == '\\' && text[1])
			text++;
	if (!*text)
		return NULL;
	*text = '\0';
	return text + 1;
}

static void unescape(char *text)
{
	char *to = text;

	for (const char *c = text; *c; c++) {
		if (*c == '\\' && !*++c)
			break;
		*to++ = *c;
	}
	*to = '\0';
}

static int set(const struct row *row, const char *value, struct cfs_err *err)
{
	if (row->text) {
		if (!value)
			return cfs_fail(err, EINVAL,
					"No value specified for %s option",
					row->name);
		*row->text = value;
	}
	if (row->flag)
		*row->flag = true;
	return 0;
}

/* Splits "A:B" in place and counts its parts; 0: one of them is empty. */
static size_t split(char *paths)
{
	size_t n = 1, len;

	for (;; n++, paths += len + 1) {
		len = strcspn(paths, ":");
		if (len == 0)
			return 0;
		if (!paths[len])
			return n;
		paths[len] = '\0';
	}
}

static int take(const struct row *rows, char *option,
		struct cfs_mount_options *o, struct cfs_err *err)
{
	char *value = cut(option, '=');
	int r;

	if (value)
		unescape(value);
	while (rows->name && strcmp(rows->name, option) != 0)
		rows++;
	if (!rows->name)
		return cfs_fail(err, EINVAL, "Unsupported option %s", option);
	r = set(rows, value, err);
	if (r < 0)
		return r;
	o->attr = (o->attr & ~rows->mask) | rows->attr;
	if (rows->text != &o->basedirs)
		return 0;
	o->n_basedirs = split(value);
	return o->n_basedirs ? 0
			     : cfs_fail(err, EINVAL,
					"Value for basedir option has "
					"incorrect format");
}

/* What each option alone cannot say. */
static int check(const struct cfs_mount_options *o, struct cfs_err *err)
{
	if (!o->basedirs)
		return cfs_fail(err, CFS_EUSAGE, "No object dirs specified");
	if (!o->upperdir != !o->workdir)
		return cfs_fail(err, EINVAL,
				"Both workdir and upperdir must be specified "
				"if used");
	/* An unset variable must not become a mount that nobody vouches for. */
	if (o->digest && !*o->digest)
		return cfs_fail(err, EINVAL,
				"No value specified for digest option");
	return 0;
}

int cmd_mount_options(char *text, struct cfs_mount_options *ret,
		      struct cfs_err *err)
{
	struct cfs_mount_options o = { 0 };
	const struct row rows[] = {
		{ "basedir", .text = &o.basedirs },
		{ "digest", .text = &o.digest },
		{ "verity", .flag = &o.verity },
		{ "tryverity", .flag = &o.tryverity },
		{ "idmap", .text = &o.idmap },
		{ "upperdir", .text = &o.upperdir },
		{ "workdir", .text = &o.workdir },
		{ "ro", .mask = MOUNT_ATTR_RDONLY, .attr = MOUNT_ATTR_RDONLY },
		{ "rw", .mask = MOUNT_ATTR_RDONLY },
		{ "nosuid", .mask = MOUNT_ATTR_NOSUID,
		  .attr = MOUNT_ATTR_NOSUID },
		{ "suid", .mask = MOUNT_ATTR_NOSUID },
		{ "nodev", .mask = MOUNT_ATTR_NODEV, .attr = MOUNT_ATTR_NODEV },
		{ "dev", .mask = MOUNT_ATTR_NODEV },
		{ "noexec", .mask = MOUNT_ATTR_NOEXEC,
		  .attr = MOUNT_ATTR_NOEXEC },
		{ "exec", .mask = MOUNT_ATTR_NOEXEC },
		{ "noatime", .mask = MOUNT_ATTR__ATIME,
		  .attr = MOUNT_ATTR_NOATIME },
		{ "relatime", .mask = MOUNT_ATTR__ATIME,
		  .attr = MOUNT_ATTR_RELATIME },
		{ 0 },
	};
	char *rest = text;
	int r = 0;

	while (rest && r == 0) {
		char *option = rest;

		rest = cut(option, ',');
		r = take(rows, option, &o, err);
	}
	if (r == 0)
		r = check(&o, err);
	if (r == 0)
		*ret = o;
	return r;
}
