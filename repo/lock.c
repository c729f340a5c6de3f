/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/lock.h"

#include <sys/file.h>

static int operation(enum cfs_lock how)
{
	return how == CFS_LOCK_EXCLUSIVE ? LOCK_EX : LOCK_SH;
}

static int lock(int fd, int op)
{
	while (flock(fd, op) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* NFS wants a descriptor open for writing for LOCK_EX: EBADF. */
static bool has_no_locks(int r)
{
	return r == -ENOLCK || r == -EOPNOTSUPP || r == -ENOSYS ||
	       r == -EBADF || r == -EINVAL;
}

int cfs_repo_lock(const struct cfs_repo *repo, enum cfs_lock how,
		  cfs_lock_waiting_fn *waiting, struct cfs_err *err)
{
	/* First without waiting, so that the user can be told why nothing
	 * happens. */
	int r = lock(repo->fd, operation(how) | LOCK_NB);

	if (r == -EWOULDBLOCK) {
		if (waiting)
			waiting(repo);
		r = lock(repo->fd, operation(how));
	}
	if (r == 0)
		return 1;
	if (has_no_locks(r))
		return 0;
	errno = -r;
	return cfs_fail_errno(err, "lock the repository");
}

int cfs_repo_trylock(const struct cfs_repo *repo, enum cfs_lock how)
{
	return lock(repo->fd, operation(how) | LOCK_NB) == 0;
}

void cfs_repo_unlock(const struct cfs_repo *repo)
{
	(void)lock(repo->fd, LOCK_UN);
}
