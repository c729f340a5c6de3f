/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/access.h"

#include <fcntl.h>

#include "mount/writable.h"
#include "repo/fsck.h"
#include "repo/init.h"

static int check_alg(const struct cfs_access *access,
		     const struct cfs_repo *repo, struct cfs_err *err)
{
	if (!access->alg || access->alg == repo->meta.alg)
		return 0;
	return cfs_fail(err, EINVAL,
			"repository is configured for %s (from %s) but --hash "
			"%s was specified",
			cfs_alg_name(repo->meta.alg),
			repo->has_meta ? "meta.json" : "its objects",
			cfs_alg_name(access->alg));
}

static int check_verity(const struct cfs_access *access,
			const struct cfs_repo *repo, struct cfs_err *err)
{
	int r;

	if (!(access->flags & CFS_ACCESS_REQUIRE_VERITY))
		return 0;
	r = cfs_repo_is_secure(repo, err);
	if (r == 0)
		return cfs_fail(err, EPERM,
				"repository %s: meta.json is not protected by "
				"fs-verity, which --require-verity demands",
				access->path);
	return r < 0 ? r : 0;
}

static int infer(const struct cfs_access *access, struct cfs_repo *repo,
		 struct cfs_err *err)
{
	if (access->flags & CFS_ACCESS_NO_UPGRADE)
		return cfs_fail(err, ENOENT,
				"meta.json not found in %s; this repository "
				"must be initialized with `cfsctl init`",
				access->path);
	if (cfs_repo_infer_meta(repo, &repo->meta, err) < 0)
		return cfs_ctx(err, "open repository %s", access->path);
	return 0;
}

static int missing(const struct cfs_access *access, struct cfs_err *err)
{
	return cfs_fail(err, ENOENT,
			"open repository %s: there is no such directory; "
			"`cfsctl init` makes one",
			access->path);
}

/* Locks @repo, which is open, learns its algorithm and checks what @access
 * demands. */
static int settle(const struct cfs_access *access, struct cfs_repo *repo,
		  struct cfs_err *err)
{
	int r = cfs_repo_lock(repo, CFS_LOCK_SHARED, access->waiting, err);

	if (r >= 0 && !repo->has_meta)
		r = infer(access, repo, err);
	if (r >= 0)
		r = check_alg(access, repo, err);
	return r < 0 ? r : check_verity(access, repo, err);
}

static int read_at(const struct cfs_access *access, int dirfd, const char *path,
		   struct cfs_repo *ret, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r;

	r = cfs_repo_open(dirfd, path, &repo, err);
	if (r < 0)
		return cfs_repo_open_advice(access->path, err);
	if (r == 0)
		return missing(access, err);
	r = settle(access, &repo, err);
	if (r < 0)
		return r;
	*ret = repo;
	repo.fd = -EBADF;
	return 0;
}

int cfs_access_read(const struct cfs_access *access, struct cfs_repo *ret,
		    struct cfs_err *err)
{
	return read_at(access, AT_FDCWD, access->path, ret, err);
}

int cfs_access_read_opened(const struct cfs_access *access,
			   const struct cfs_repo *opened, struct cfs_repo *ret,
			   struct cfs_err *err)
{
	return read_at(access, opened->fd, ".", ret, err);
}

/* As settle(), where meta.json is broken. */
static int settle_damaged(const struct cfs_access *access,
			  struct cfs_repo *repo, struct cfs_err *err)
{
	struct cfs_err ignored;
	int r = cfs_repo_lock(repo, CFS_LOCK_SHARED, access->waiting, err);

	if (r < 0)
		return r;
	if (cfs_repo_infer_meta(repo, &repo->meta, &ignored) < 0)
		repo->meta.alg = access->alg ? access->alg : CFS_ALG_SHA512;
	return 0;
}

int cfs_access_damaged(const struct cfs_access *access, struct cfs_repo *ret,
		       struct cfs_err *why, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cfs_fsck_open(access->path, &repo, why, err);

	if (r == 0)
		return missing(access, err);
	if (r < 0)
		return r;
	r = why->code ? settle_damaged(access, &repo, err)
		      : settle(access, &repo, err);
	if (r < 0)
		return r;
	*ret = repo;
	repo.fd = -EBADF;
	return 0;
}

/* Opens the locked @repo, which is taken over, for writing. */
static int write_to(const struct cfs_access *access, struct cfs_repo *repo,
		    struct cfs_store *ret, struct cfs_err *err)
{
	int r = 0;

	if (!repo->has_meta) {
		r = cfs_repo_upgrade(repo, &repo->meta, err);
		repo->has_meta = r == 0;
	}
	if (r == 0)
		r = cfs_store_open(repo,
				   access->flags & CFS_ACCESS_INSECURE
					   ? CFS_STORE_INSECURE
					   : 0,
				   access->waiting, ret, err);
	if (r < 0)
		return cfs_ctx(err, "repository %s", access->path);
	ret->sync = !(access->flags & CFS_ACCESS_NO_SYNC);
	return 0;
}

int cfs_access_make_writable(const char *path, struct cfs_err *err)
{
	int r = cfs_mount_make_writable(path, CFS_SYSROOT, err);

	return r < 0 ? r : 0;
}

int cfs_access_write(const struct cfs_access *access, struct cfs_store *ret,
		     struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cfs_access_make_writable(access->path, err);

	if (r == 0)
		r = cfs_access_read(access, &repo, err);
	return r < 0 ? r : write_to(access, &repo, ret, err);
}

int cfs_access_write_opened(const struct cfs_access *access,
			    const struct cfs_repo *opened,
			    struct cfs_store *ret, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cfs_access_read_opened(access, opened, &repo, err);

	return r < 0 ? r : write_to(access, &repo, ret, err);
}

int cfs_access_try(const char *path, struct cfs_repo *ret)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_err ignored;

	if (cfs_repo_open(AT_FDCWD, path, &repo, &ignored) != 1 ||
	    (!repo.has_meta &&
	     cfs_repo_infer_meta(&repo, &repo.meta, &ignored) < 0))
		return 0;
	*ret = repo;
	repo.fd = -EBADF;
	return 1;
}

int cfs_access_peek(const char *path, struct cfs_meta *ret)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	if (!cfs_access_try(path, &repo))
		return 0;
	*ret = repo.meta;
	return 1;
}

int cfs_access_demands_verity(const struct cfs_access *access,
			      const struct cfs_repo *repo, struct cfs_err *err)
{
	return access->flags & CFS_ACCESS_INSECURE
		       ? 0
		       : cfs_repo_is_secure(repo, err);
}
