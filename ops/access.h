/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Opening a repository for a verb: locked, its algorithm known, and as safe as
 * the caller demands.
 */
#ifndef CFS_OPS_ACCESS_H
#define CFS_OPS_ACCESS_H

#include "repo/lock.h"
#include "repo/store.h"

/* The repository of the system, and that of a user below the home directory.
 * Source: composefs-rs crates/composefs/src/repository.rs. */
#define CFS_SYSROOT	"/sysroot" /* the physical root of a booted image */
#define CFS_SYSTEM_REPO CFS_SYSROOT "/composefs"
#define CFS_USER_REPO	".var/lib/composefs"

/* Where the boot partition is mounted, unless a user says otherwise. */
#define CFS_SYSTEM_BOOT "/boot"

#define CFS_ACCESS_INSECURE	  1u /* do without fs-verity */
#define CFS_ACCESS_REQUIRE_VERITY 2u /* refuse a repository without it */
/* Add no meta.json to an older repository, and refuse one that lacks it. */
#define CFS_ACCESS_NO_UPGRADE 4u
#define CFS_ACCESS_NO_SYNC    8u /* do not wait for the disk */

struct cfs_access {
	const char *path;	      /* of the repository */
	enum cfs_alg alg;	      /* that it has to use; 0: any */
	unsigned flags;		      /* CFS_ACCESS_* */
	cfs_lock_waiting_fn *waiting; /* of cfs_repo_lock(); may be NULL */
};

/*
 * Opens the repository for reading, with the shared lock held until
 * cfs_repo_close().  ret->meta is filled in also for an old repository without
 * meta.json, from its objects.
 * Errors: -ENOENT there is none, or no meta.json where that is demanded;
 * -EINVAL another algorithm; -EPERM no fs-verity and REQUIRE_VERITY; those of
 * cfs_repo_open() and cfs_repo_lock().
 */
int cfs_access_read(const struct cfs_access *access, struct cfs_repo *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * As cfs_access_read(), of the repository that is open as @opened: its
 * directory is opened anew, with a lock of its own, and not looked up by its
 * path.
 */
int cfs_access_read_opened(const struct cfs_access *access,
			   const struct cfs_repo *opened, struct cfs_repo *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * As cfs_access_read(), for a check: a broken meta.json is no error.  @why says
 * what is wrong with it, or why->code is 0; see cfs_fsck_open().
 */
int cfs_access_damaged(const struct cfs_access *access, struct cfs_repo *ret,
		       struct cfs_err *why,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Lets this process write below @path if that lies on CFS_SYSROOT, which is
 * read-only for the system that runs: it gets a mount namespace of its own, in
 * which it is not.  To be called by verbs that write, before they open anything
 * there; cfs_access_write() does.  It is no error if nothing can be changed.
 * Errors: of cfs_mount_make_writable().
 */
int cfs_access_make_writable(const char *path,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * As cfs_access_read(), for writing; closed by cfs_store_close().  An old
 * repository gets its meta.json now, unless NO_UPGRADE forbids it.
 * Errors: as well those of cfs_repo_upgrade() and cfs_store_open().
 */
int cfs_access_write(const struct cfs_access *access, struct cfs_store *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * As cfs_access_write(), of the repository that cfs_access_read() opened as
 * @opened: its directory is opened anew and not looked up by its path, which
 * may lead to another one by now.  @opened stays open.
 */
int cfs_access_write_opened(const struct cfs_access *access,
			    const struct cfs_repo *opened,
			    struct cfs_store *ret,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens the repository @path for a caller that does without one: a source that
 * may be any directory, a name that may be looked up.  ret->meta is filled in
 * as by cfs_access_read(); nothing is demanded and nothing is locked.
 * Returns 1, or 0 when there is none that can be opened, whatever the reason.
 */
int cfs_access_try(const char *path,
		   struct cfs_repo *ret) CFS_MUST_CHECK CFS_NONNULL;

/* Reads or infers meta.json of the repository @path, for callers that only
 * want to agree with it; nothing is locked.  Returns 1, or 0 if no repository
 * can be opened there, whatever the reason. */
int cfs_access_peek(const char *path, struct cfs_meta *ret) CFS_NONNULL;

/* Must what is read from @repo be under fs-verity?  Returns 1 or 0. */
int cfs_access_demands_verity(const struct cfs_access *access,
			      const struct cfs_repo *repo,
			      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
