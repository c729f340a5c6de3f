/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_REPO_LOCK_HOLDER_H
#define CFS_REPO_LOCK_HOLDER_H

#include "base/buf.h"
#include "repo/open.h"

/* Processes that cfs_lock_holders() names at most. */
#define CFS_LOCK_HOLDERS_MAX 4

/*
 * Appends the names of the other processes that hold the lock of @repo, for a
 * message: "cfsctl (process 12), bootc (process 34)".  A name is whatever the
 * process calls itself; it is not fit to be printed (base/text.h).
 *
 * Returns how many there are.  That is 0 when none is found, although the lock
 * is held: it may have been released, its holder may run in another PID
 * namespace or on another machine, or the file system numbers its devices so
 * that the kernel's list does not show the directory (btrfs, overlayfs).
 *
 * Source: proc_locks(5).
 */
unsigned cfs_lock_holders(const struct cfs_repo *repo,
			  struct cfs_buf *ret) CFS_NONNULL;

#endif
