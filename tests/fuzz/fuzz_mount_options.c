/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Options that are taken say the same when they are written again, with what
 * has a meaning escaped; a digest is never empty, and nothing is read outside
 * the text.  A first byte 's' reads the rest sloppily.
 */
#include "cfsctl/compat/mount_options.h"

#include <assert.h>
#include <linux/mount.h>
#include <string.h>

#include "base/buf.h"
#include "cfsctl/cli/options.h"
#include "tests/fuzz/fuzz.h"

static void add_value(struct cfs_buf *to, const char *value)
{
	for (; *value; value++) {
		if (*value == ',' || *value == '\\')
			cfs_buf_addc(to, '\\');
		cfs_buf_addc(to, *value);
	}
}

static void add(struct cfs_buf *to, const char *name, const char *value)
{
	if (!value)
		return;
	cfs_buf_addf(to, ",%s=", name);
	add_value(to, value);
}

static void add_basedirs(struct cfs_buf *to, const struct cfs_mount_options *o)
{
	const char *dir = o->basedirs;

	cfs_buf_adds(to, "basedir=");
	assert(o->n_basedirs > 0);
	for (size_t i = 0; i < o->n_basedirs; i++) {
		assert(*dir && !strchr(dir, ':'));
		if (i)
			cfs_buf_addc(to, ':');
		add_value(to, dir);
		dir += strlen(dir) + 1;
	}
}

/* The options as text, in an order of their own. */
static void write_all(struct cfs_buf *to, const struct cfs_mount_options *o)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = {
		{ MOUNT_ATTR_RDONLY, ",ro" },
		{ MOUNT_ATTR_NOSUID, ",nosuid" },
		{ MOUNT_ATTR_NODEV, ",nodev" },
		{ MOUNT_ATTR_NOEXEC, ",noexec" },
		{ MOUNT_ATTR_NOATIME, ",noatime" },
		{ MOUNT_ATTR_STRICTATIME, ",strictatime" },
		{ MOUNT_ATTR_NODIRATIME, ",nodiratime" },
		{ MOUNT_ATTR_NOSYMFOLLOW, ",nosymfollow" },
	};
	unsigned known = 0;

	add_basedirs(to, o);
	add(to, "digest", o->digest);
	add(to, "idmap", o->idmap);
	add(to, "upperdir", o->upperdir);
	add(to, "workdir", o->workdir);
	cfs_buf_adds(to, o->verity ? ",verity" : "");
	cfs_buf_adds(to, o->tryverity ? ",tryverity" : "");
	cfs_buf_adds(to, o->sync ? ",sync" : "");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(words); i++) {
		known |= words[i].bit;
		if (o->attr & words[i].bit)
			cfs_buf_adds(to, words[i].word);
	}
	assert(!(o->attr & ~known));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool sloppy = size > 0 && *data == 's';
	CFS_AUTOFREE char *text =
		strndup((const char *)data + sloppy, size - sloppy);
	CFS_AUTOBUF struct cfs_buf once = { 0 }, twice = { 0 };
	CFS_AUTOFREE char *again = NULL;
	struct cfs_mount_options o;
	struct cfs_err err;
	int r;

	if (!text)
		return 0;
	r = cmd_mount_options(text, sloppy ? CFS_MOUNT_SLOPPY : 0, &o, &err);
	if (r < 0) {
		assert(r == -EINVAL || r == -CFS_EUSAGE);
		return 0;
	}
	assert(!o.digest || *o.digest);
	assert(!o.upperdir == !o.workdir);
	write_all(&once, &o);
	again = strdup(cfs_buf_text(&once));
	assert(again && cmd_mount_options(again, 0, &o, &err) == 0);
	write_all(&twice, &o);
	assert(strcmp(cfs_buf_text(&once), cfs_buf_text(&twice)) == 0);
	return 0;
}
