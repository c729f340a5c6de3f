/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/directory.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

#include "base/io.h"
#include "fsverity/measure.h"

void cfs_repo_close(struct cfs_repo *repo)
{
	cfs_closep(&repo->fd);
}

static int open_dir(int dirfd, const char *path, bool *ret_by_link)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd;

	/* A path of the user may lead anywhere, one below a directory not out
	 * of it. */
	if (dirfd == AT_FDCWD) {
		fd = open(path, flags);
		return fd < 0 ? -errno : fd;
	}
	fd = cfs_openat2(dirfd, path, flags, 0,
			 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	*ret_by_link = fd == -ELOOP;
	return *ret_by_link ? cfs_open_beneath(dirfd, path, flags) : fd;
}

static int read_meta(struct cfs_repo *repo, cfs_meta_fn parse,
		     struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r;

	r = cfs_read_file(repo->fd, "meta.json", CFS_META_MAX, &text, err);
	if (r == -EOPNOTSUPP)
		return cfs_err_cure(err, CFS_CURE_NO_VERITY);
	if (r <= 0)
		return r;
	if (parse(cfs_buf_bytes(&text), &repo->meta, err) < 0)
		return cfs_ctx(err, "meta.json");
	repo->has_meta = true;
	return 1;
}

int cfs_repo_open_by(int dirfd, const char *path, cfs_meta_fn parse,
		     struct cfs_repo *ret, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r;

	repo.fd = open_dir(dirfd, path, &repo.by_link);
	if (repo.fd == -ENOENT)
		return 0;
	if (repo.fd < 0)
		return cfs_fail_code(err, repo.fd, "open repository %s", path);
	r = read_meta(&repo, parse, err);
	if (r < 0)
		return cfs_ctx(err, "open repository %s", path);
	/* A repository from before meta.json has objects/. */
	if (r == 0 && cfs_name_exists(repo.fd, "objects") != 1)
		return cfs_fail(err, ENOENT,
				"open repository %s: it has neither meta.json "
				"nor objects/: it must be initialized with "
				"`cfsctl init`",
				path);
	*ret = repo;
	repo.fd = -EBADF;
	return 1;
}

int cfs_repo_open_objects(const struct cfs_repo *repo, struct cfs_err *err)
{
	int fd = cfs_openat2(repo->fd, "objects", O_PATH | O_DIRECTORY, 0,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);

	if (fd < 0)
		return cfs_fail_code(err, fd, "open objects/");
	return fd;
}
