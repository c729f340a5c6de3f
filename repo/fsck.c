/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/fsck.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "repo/dir.h"
#include "repo/fsck_run.h"
#include "repo/temp.h"

#define PATH_ROOM (PATH_MAX + 16)

void cfs_fsck_found(struct cfs_fsck_run *c, const char *fmt, ...)
{
	char text[PATH_ROOM + 1200] = "fsck: ";
	size_t len = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, ap);
	va_end(ap);
	c->count.findings++;
	c->params->found(c->params->arg, text);
}

bool cfs_fsck_is_temporary(const char *name)
{
	return strncmp(name, CFS_TEMP_PREFIX, strlen(CFS_TEMP_PREFIX)) == 0;
}

static void check_link(struct cfs_fsck_run *c, const char *path)
{
	CFS_AUTOFD int fd = cfs_open_beneath(c->repo->fd, path, O_PATH);

	if (fd >= 0)
		return;
	cfs_fsck_found(c, "broken-symlink: %s", path);
	c->count.broken_links++;
}

static bool is_link(struct cfs_fsck_run *c, const char *path, struct stat *st)
{
	if (fstatat(c->repo->fd, path, st, AT_SYMLINK_NOFOLLOW) < 0) {
		cfs_fsck_found(c, "stat-failed: %s: %s", path, strerror(errno));
		return false;
	}
	if (S_ISLNK(st->st_mode))
		return true;
	if (!S_ISDIR(st->st_mode))
		cfs_fsck_found(c, "entry-not-symlink: %s", path);
	return false;
}

static int check_refs(struct cfs_fsck_run *c, const char *dir, unsigned depth,
		      struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int r = cfs_dir_list(c->repo->fd, dir, &names, err);

	if (depth == CFS_DIR_DEPTH_MAX)
		return cfs_fail(err, ELOOP, "%.100s: nested too deeply", dir);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		char path[PATH_ROOM];
		struct stat st;

		if (cfs_fsck_is_temporary(names.v[i]))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, names.v[i]);
		if (is_link(c, path, &st))
			check_link(c, path);
		else if (S_ISDIR(st.st_mode))
			r = check_refs(c, path, depth + 1, err);
	}
	return r;
}

/* images/ or streams/, without their refs. */
static int check_category(struct cfs_fsck_run *c, const char *dir, bool images,
			  struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int r = cfs_dir_list(c->repo->fd, dir, &names, err);

	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		char path[PATH_ROOM];
		struct stat st;

		if (cfs_fsck_is_temporary(names.v[i]) ||
		    strcmp(names.v[i], "refs") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, names.v[i]);
		if (images)
			c->count.images_checked++;
		else
			c->count.streams_checked++;
		if (!is_link(c, path, &st))
			c->count.images_corrupted += images;
		else if (!images)
			check_link(c, path);
		else if (!cfs_fsck_image(c, path, names.v[i]))
			c->count.images_corrupted++;
	}
	return r;
}

int cfs_repo_fsck(const struct cfs_repo *repo,
		  const struct cfs_fsck_params *params, struct cfs_fsck *ret,
		  struct cfs_err *err)
{
	CFS_AUTOFD int objects = cfs_dir_open(repo->fd, "objects");
	struct cfs_fsck_run c = { .repo = repo,
				  .params = params,
				  .objects = objects };
	int r = 0;

	if (objects < 0 && objects != -ENOENT)
		return cfs_fail(err, -objects, "open objects/: %s",
				strerror(-objects));
	if (!params->metadata_only && objects >= 0)
		r = cfs_fsck_objects(&c, err);
	if (r == 0)
		r = check_category(&c, "streams", false, err);
	if (r == 0)
		r = check_refs(&c, "streams/refs", 0, err);
	if (r == 0)
		r = check_category(&c, "images", true, err);
	if (r == 0)
		r = check_refs(&c, "images/refs", 0, err);
	if (r == 0)
		*ret = c.count;
	return r;
}
