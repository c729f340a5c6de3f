/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Files of an export, from the first byte to the name. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "repo/dir.h"
#include "repo/export/export.h"

#define NAME_MAX_STAGED 24

static void staged_name(const struct cfs_export_staged *staged,
			char name[static NAME_MAX_STAGED])
{
	snprintf(name, NAME_MAX_STAGED, "%u", staged->number);
}

int cfs_export_stage(struct cfs_export *e, const char *path,
		     struct cfs_err *err)
{
	struct cfs_export_staged staged = { strdup(path),
					    (unsigned)e->staged.n };
	char name[NAME_MAX_STAGED];
	int fd;

	if (e->staging < 0)
		e->staging = cfs_dir_make(e->fd, CFS_EXPORT_STAGING, err);
	if (e->staging < 0) {
		free(staged.path);
		return e->staging;
	}
	if (!staged.path || !cfs_vec_add(&e->staged, staged)) {
		free(staged.path);
		return cfs_no_memory(err);
	}
	staged_name(&staged, name);
	fd = openat(e->staging, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		    0644);
	return fd < 0 ? cfs_fail_errno(err, "create %s", path) : fd;
}

/* Was the file @path added already, for another name of its image? */
static bool is_staged(const struct cfs_export *e, const char *path)
{
	for (size_t i = 0; i < e->staged.n; i++)
		if (strcmp(e->staged.v[i].path, path) == 0)
			return true;
	return false;
}

/* Has the file @path these bytes? */
static int has_bytes(const struct cfs_export *e, const char *path,
		     struct cfs_bytes data, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf old = { 0 };
	struct stat st;
	int r;

	if (fstatat(e->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode) || (uint64_t)st.st_size != data.len)
		return 0;
	r = cfs_read_file(e->fd, path, data.len, &old, err);
	return r > 0 ? cfs_bytes_same(cfs_buf_bytes(&old), data) : r;
}

int cfs_export_put(struct cfs_export *e, const char *path,
		   struct cfs_bytes data, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int r = is_staged(e, path) ? 1 : has_bytes(e, path, data, err);

	if (r != 0)
		return r < 0 ? r : 0;
	fd = cfs_export_stage(e, path, err);
	if (fd < 0)
		return fd;
	r = cfs_write_full(fd, data.data, data.len);
	e->added.stored += data.len;
	return r < 0 ? cfs_fail_code(err, r, "write %s", path) : 0;
}

int cfs_export_compress(struct cfs_export *e, const struct cfs_source *source,
			const struct cfs_sink *sink, struct cfs_err *err)
{
	struct cfs_sink zstd;
	int r;

	if (e->zstd) {
		cfs_zstd_redirect(e->zstd, sink);
	} else {
		r = cfs_zstd_new(sink, &e->zstd, err);
		if (r < 0)
			return r;
		cfs_zstd_limit_window(e->zstd, CFS_EXPORT_WINDOW_LOG);
	}
	zstd = cfs_zstd_sink(e->zstd);
	r = cfs_sink_copy(&zstd, source, NULL, err);
	return r < 0 ? r : cfs_zstd_end(e->zstd, err);
}

int cfs_export_put_zstd(struct cfs_export *e, const char *path,
			const struct cfs_source *source, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_sink sink = cfs_sink_of_fd(&fd);
	struct stat st;
	int r;

	if (is_staged(e, path))
		return 0;
	fd = r = cfs_export_stage(e, path, err);
	if (r >= 0)
		r = cfs_export_compress(e, source, &sink, err);
	if (r == 0 && fstat(fd, &st) < 0)
		r = cfs_fail_errno(err, "stat");
	if (r < 0)
		return cfs_ctx(err, "%s", path);
	e->added.stored += (uint64_t)st.st_size;
	return 0;
}

static int sync_all(const struct cfs_export *e, struct cfs_err *err)
{
	return e->sync && syncfs(e->fd) < 0 ? cfs_fail_errno(err, "syncfs") : 0;
}

static int publish(const struct cfs_export *e, size_t i, struct cfs_err *err)
{
	const char *path = e->staged.v[i].path, *slash = strrchr(path, '/');
	char dir[CFS_EXPORT_PATH_MAX], name[NAME_MAX_STAGED];
	CFS_AUTOFD int fd = -EBADF;
	int at = e->fd;

	if (slash) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		at = fd = cfs_make_dirs(e->fd, dir, 0755);
	}
	if (at < 0)
		return cfs_fail_code(err, at, "create the directory %s", dir);
	staged_name(&e->staged.v[i], name);
	if (renameat(e->staging, name, at, slash ? slash + 1 : path) < 0)
		return cfs_fail_errno(err, "give %s its name", path);
	return 0;
}

static int publish_staged(const struct cfs_export *e, struct cfs_err *err)
{
	int r = e->staged.n > 0 ? sync_all(e, err) : 0;

	for (size_t i = 0; r == 0 && i < e->staged.n; i++)
		r = publish(e, i, err);
	return r == 0 && e->staged.n > 0 ? sync_all(e, err) : r;
}

static int publish_names(struct cfs_export *e, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	size_t n = e->staged.n;
	int r = cfs_export_catalogue_write(&e->names, &text, err);

	if (r == 0)
		r = cfs_export_put(e, CFS_EXPORT_JSON, cfs_buf_bytes(&text),
				   err);
	if (r < 0 || e->staged.n == n)
		return r;
	r = sync_all(e, err);
	if (r == 0)
		r = publish(e, n, err);
	return r == 0 && e->sync ? cfs_dir_sync(e->fd, err) : r;
}

int cfs_export_commit(struct cfs_export *e, struct cfs_err *err)
{
	int r = publish_staged(e, err);

	return r < 0 ? r : publish_names(e, err);
}
