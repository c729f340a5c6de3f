/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A repository opened for writing.
 *
 * Order is what makes it safe: objects first, then one syncfs(2), then names.
 * Whatever has a name below images/ or signatures/ is on the disk, and a
 * crash leaves at most objects that nothing names.
 */
#ifndef CFS_REPO_STORE_H
#define CFS_REPO_STORE_H

#include "repo/open.h"

/* What the file system makes of fs-verity; found out with the first object. */
enum cfs_store_verity {
	CFS_STORE_VERITY_TRY,
	CFS_STORE_VERITY_WORKS,
	CFS_STORE_VERITY_LACKING,
};

struct cfs_store_stats {
	uint64_t added;	      /* objects */
	uint64_t added_bytes; /* of them */
	uint64_t present;     /* objects that were there already */
	uint64_t repaired;    /* objects that were there and wrong */
};

struct cfs_store {
	struct cfs_repo repo; /* locked; meta filled in */
	int objects;	      /* objects/; closed by cfs_store_close() */
	int shards[256];      /* objects/xx, -EBADF until used; likewise */
	bool secure;	      /* every object must have fs-verity */
	bool sync;	      /* wait for the disk before a name appears */
	bool dirty;	      /* something was written since */
	bool unnamed;	      /* temporary files need no names here */
	enum cfs_store_verity verity;
	struct cfs_store_stats stats;
};

/*
 * Takes over the opened and locked @repo (also when it fails) for writing:
 * checks that it may be written to, and removes what an interrupted run left
 * when nobody else is at work.
 *
 * @insecure: do not demand fs-verity, whatever meta.json has.
 * @waiting: as of cfs_repo_lock().
 * Errors: -EROFS, -EACCES ("repository is not writable"), -EOPNOTSUPP an
 * unknown read-only-compatible feature, ...
 */
int cfs_store_open(struct cfs_repo *repo, bool insecure, void (*waiting)(void),
		   struct cfs_store *ret, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4, 5)));

/* Closes what is open, the repository and its lock too; may be called twice. */
void cfs_store_close(struct cfs_store *store);

#define CFS_AUTOSTORE __attribute__((cleanup(cfs_store_close)))

#define CFS_STORE_INIT                                   \
	{                                                \
		.repo = CFS_REPO_INIT, .objects = -EBADF \
	}

/* objects/xx for the first byte of a digest, made when it is missing.
 * The descriptor stays the store's. */
int cfs_store_shard(struct cfs_store *store, uint8_t first,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Waits until everything written so far is on the disk: to be called before a
 * name is made visible.  Nothing to do without sync or without writes.
 */
int cfs_store_flush(struct cfs_store *store,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Makes the symbolic link @path (below the repository, its directories are
 * made) point to @target, replacing at once what has that name, and waits for
 * the disk.  A link that is right already stays.
 */
int cfs_store_link(struct cfs_store *store, const char *path,
		   const char *target,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Writes @data into the file @path (likewise), e.g. "signatures/<hex>.p7s":
 * complete on the disk before it has the name.
 */
int cfs_store_write_file(struct cfs_store *store, const char *path,
			 struct cfs_bytes data,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
