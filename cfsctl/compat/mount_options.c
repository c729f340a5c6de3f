/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/compat/mount_options.h"

#include <linux/mount.h>
#include <stdint.h>
#include <string.h>

#include "base/auto.h"
#include "cfsctl/cli/options.h"

#define SECURE_OWNER (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define SECURE_USER  (SECURE_OWNER | MOUNT_ATTR_NOEXEC)

/*
 * Options of the mount itself: the bits of @mask become @attr.  "user" and its
 * like stand for what they imply, as mount(8) passes them on.
 */
static const struct {
	const char *name;
	unsigned mask, attr;
} attrs[] = {
	{ "ro", MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY },
	{ "rw", MOUNT_ATTR_RDONLY, 0 },
	{ "nosuid", MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOSUID },
	{ "suid", MOUNT_ATTR_NOSUID, 0 },
	{ "nodev", MOUNT_ATTR_NODEV, MOUNT_ATTR_NODEV },
	{ "dev", MOUNT_ATTR_NODEV, 0 },
	{ "noexec", MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOEXEC },
	{ "exec", MOUNT_ATTR_NOEXEC, 0 },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW },
	{ "symfollow", MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "noatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME },
	{ "atime", MOUNT_ATTR_NOATIME, 0 },
	{ "strictatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_STRICTATIME },
	{ "nostrictatime", MOUNT_ATTR_STRICTATIME, 0 },
	{ "relatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_RELATIME },
	{ "norelatime", 0, 0 }, /* which is what the kernel does anyway */
	{ "nodiratime", MOUNT_ATTR_NODIRATIME, MOUNT_ATTR_NODIRATIME },
	{ "diratime", MOUNT_ATTR_NODIRATIME, 0 },
	{ "user", SECURE_USER, SECURE_USER },
	{ "users", SECURE_USER, SECURE_USER },
	{ "owner", SECURE_OWNER, SECURE_OWNER },
	{ "group", SECURE_OWNER, SECURE_OWNER },
};

/*
 * Words for mount(8), umount(8), systemd and their like, which they leave in
 * the options of a helper; and flags of a file system that overlayfs takes
 * without any effect.
 *
 * Source: mount(8), libmount/src/optmap.c; systemd.mount(5).
 */
static const char *const ignored[] = {
	"defaults", "auto",	  "noauto",   "nofail",	    "_netdev",
	"nouser",   "nousers",	  "noowner",  "nogroup",    "comment",
	"helper",   "uhelper",	  "silent",   "loud",	    "dirsync",
	"lazytime", "nolazytime", "iversion", "noiversion", "mand",
	"nomand",
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

static int set(const struct cmd_mount_row *row, const char *value,
	       struct cfs_err *err)
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
	if (row->unflag)
		*row->unflag = false;
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

static bool take_attr(const char *name, unsigned *attr)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(attrs); i++) {
		if (strcmp(attrs[i].name, name) != 0)
			continue;
		*attr = (*attr & ~attrs[i].mask) | attrs[i].attr;
		return true;
	}
	return false;
}

static bool is_ignored(const char *name, bool sloppy)
{
	/* They would be a second mount, or another one. */
	static const char *const others[] = { "remount", "bind", "rbind",
					      "move" };

	if (strncmp(name, "x-", 2) == 0 || strncmp(name, "X-", 2) == 0)
		return true;
	for (size_t i = 0; i < CFS_ARRAY_SIZE(ignored); i++) {
		if (strcmp(ignored[i], name) == 0)
			return true;
	}
	for (size_t i = 0; i < CFS_ARRAY_SIZE(others); i++)
		sloppy &= strcmp(others[i], name) != 0;
	return sloppy;
}

static int take(const struct cmd_mount_row *rows, char *option, unsigned flags,
		unsigned *attr, struct cfs_err *err)
{
	char *value = cut(option, '=');

	if (value)
		unescape(value);
	while (rows->name && strcmp(rows->name, option) != 0)
		rows++;
	if (!rows->name)
		return take_attr(option, attr) ||
				       is_ignored(option,
						  flags & CFS_MOUNT_SLOPPY)
			       ? 0
			       : cfs_fail(err, EINVAL, "Unsupported option %s",
					  option);
	return set(rows, value, err);
}

int cmd_mount_words(char *text, const struct cmd_mount_row *rows,
		    unsigned flags, unsigned *attr, struct cfs_err *err)
{
	char *rest = text;
	int r = 0;

	while (rest && r == 0) {
		char *option = rest;

		rest = cut(option, ',');
		r = take(rows, option, flags, attr, err);
	}
	return r;
}

/* Checks that concern several options. */
static int check(const struct cfs_mount_options *o, struct cfs_err *err)
{
	if (!o->basedirs)
		return cfs_fail(err, CFS_EUSAGE, "No object dirs specified");
	if (!o->upperdir != !o->workdir)
		return cfs_fail(err, EINVAL,
				"Both workdir and upperdir must be specified "
				"if used");
	/* An unset variable in a script must not give an unverified mount. */
	if (o->digest && !*o->digest)
		return cfs_fail(err, EINVAL,
				"No value specified for digest option");
	return 0;
}

int cmd_mount_options(char *text, unsigned flags, struct cfs_mount_options *ret,
		      struct cfs_err *err)
{
	struct cfs_mount_options o = { 0 };
	const char *basedirs = NULL;
	const struct cmd_mount_row rows[] = {
		{ "basedir", .text = &basedirs },
		{ "digest", .text = &o.digest },
		{ "verity", .flag = &o.verity },
		{ "tryverity", .flag = &o.tryverity },
		{ "idmap", .text = &o.idmap },
		{ "upperdir", .text = &o.upperdir },
		{ "workdir", .text = &o.workdir },
		{ "sync", .flag = &o.sync },
		{ "async", .unflag = &o.sync },
		{ 0 },
	};
	int r = cmd_mount_words(text, rows, flags, &o.attr, err);

	if (r == 0 && basedirs) {
		o.basedirs = basedirs;
		o.n_basedirs = split((char *)(uintptr_t)basedirs);
		if (o.n_basedirs == 0)
			return cfs_fail(err, EINVAL,
					"Value for basedir option has "
					"incorrect format");
	}
	if (r == 0)
		r = check(&o, err);
	if (r == 0)
		*ret = o;
	return r;
}
