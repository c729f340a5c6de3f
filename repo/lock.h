/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The repository's lock: shared to read or to add, exclusive to remove
 * objects.  It is flock(2) on the directory and ends
 * with the descriptor.
 *
 * Source: composefs-rs crates/composefs/src/repository.rs (LOCK_SH on open,
 * LOCK_EX in gc).
 */
#ifndef CFS_REPO_LOCK_H
#define CFS_REPO_LOCK_H

#include "repo/open.h"

enum cfs_lock {
	CFS_LOCK_SHARED,
	CFS_LOCK_EXCLUSIVE,
};

/* Called once before a process waits for the lock of @repo, to say so
 * (repo/lock_holder.h). */
typedef void cfs_lock_waiting_fn(const struct cfs_repo *repo);

/*
 * Takes the lock, or changes the kind that is held, in which case it is
 * released first.  @waiting may be NULL.
 * Returns 1, or 0 when the file system has no locks (a network without its
 * lock service).
 */
int cfs_repo_lock(const struct cfs_repo *repo, enum cfs_lock how,
		  cfs_lock_waiting_fn *waiting,
		  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4)));

/* Takes it if that needs no waiting.  Returns 1, or 0 when others hold it or
 * the file system has no locks; the lock held before may then be lost. */
int cfs_repo_trylock(const struct cfs_repo *repo,
		     enum cfs_lock how) CFS_MUST_CHECK CFS_NONNULL;

/* Releases the lock, which otherwise ends with the descriptor of @repo: for a
 * repository that stays open and is not in use. */
void cfs_repo_unlock(const struct cfs_repo *repo) CFS_NONNULL;

#endif
