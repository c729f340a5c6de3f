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

#include <pthread.h>

#include "repo/copy.h"
#include "repo/lock.h"
#include "repo/open.h"
#include "repo/sigpacks.h"
#include "repo/temp.h"

/* What the file system makes of fs-verity; found out with the first object. */
enum cfs_store_verity {
	CFS_STORE_VERITY_TRY,
	CFS_STORE_VERITY_WORKS,
	CFS_STORE_VERITY_LACKING,
};

struct cfs_store_stats {
	_Atomic uint64_t added;	      /* objects */
	_Atomic uint64_t added_bytes; /* of them */
	_Atomic uint64_t linked;      /* of them, further names of a file */
	_Atomic uint64_t present;     /* objects that were there already */
	_Atomic uint64_t repaired;    /* objects that were there and wrong */
};

/*
 * Objects may be added by several threads at once (repo/object.h); everything
 * else is for one at a time.
 */
struct cfs_store {
	struct cfs_repo repo; /* locked; meta filled in */
	int objects;	      /* objects/; closed by cfs_store_close() */
	int shards[256];      /* objects/xx, -EBADF until used; likewise */
	bool secure;	      /* every object must have fs-verity */
	bool plain;	      /* of cfs_store_open_plain() */
	bool replaces;	      /* whatever has an object's name: repo/repair.h */
	bool trusts_names;    /* see cfs_store_trust_names() */
	bool rereads;	      /* see cfs_store_reread() */
	bool sync;	      /* wait for the disk before a name appears */
	enum cfs_temp_kind temps; /* the best kind here */
	bool chmod;		  /* objects are 0644 whatever the umask is */
	_Atomic bool dirty;	  /* something was written since */
	_Atomic int flush_error;  /* errno of cfs_store_flush(), or 0 */
	struct cfs_clones clones;
	_Atomic enum cfs_store_verity verity;
	struct cfs_store_stats stats;
	pthread_mutex_t lock; /* of what is rare: new shards, repairs */
	/* Signatures for objects that get fs-verity; read for the first one. */
	struct cfs_sigpacks packs;
	bool has_packs;
	pthread_mutex_t packs_lock; /* of has_packs */
};

/* May the repository @repo be changed?
 * Errors: -EROFS, -EACCES, -EOPNOTSUPP it has an unknown read-only-compatible
 * feature. */
int cfs_repo_check_writable(const struct cfs_repo *repo,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Flags of cfs_store_open(). */
#define CFS_STORE_INSECURE 1u /* demand no fs-verity, whatever meta.json has */

/*
 * Takes over the opened and locked @repo (also when it fails) for writing:
 * checks that it may be written to, and removes what an interrupted run left
 * when nobody else is at work.
 *
 * @flags: CFS_STORE_*, or 0.
 * @waiting: as of cfs_repo_lock().
 * Errors: -EROFS, -EACCES, -EOPNOTSUPP an unknown read-only-compatible
 * feature, ...
 */
int cfs_store_open(struct cfs_repo *repo, unsigned flags,
		   cfs_lock_waiting_fn *waiting, struct cfs_store *ret,
		   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4, 5)));

/*
 * A store that is nothing but a directory of objects (xx/yyyy...), as
 * mkcomposefs --digest-store has it: no metadata, no names, no lock.
 * fs-verity is turned on where that is possible, and its lack is no error,
 * whatever the reason.
 *
 * What other programs left there counts as everywhere: an object is present
 * when its bytes are right, and is replaced at once when they are not.
 * mkcomposefs takes whatever has the name, also the empty file that a power
 * cut left; comparing costs a tenth of a run that finds every object there.
 *
 * @dirfd: stays the caller's.  Temporary files that a crash left behind are
 * not removed: without a lock they may be in use.
 * Errors: -EACCES, -EROFS, ... no file can be made there.
 */
int cfs_store_open_plain(int dirfd, enum cfs_alg alg, struct cfs_store *ret,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 4)));

/*
 * From now on an object counts as present when a file of its size has its name,
 * and fs-verity where the repository demands it, without a look at its bytes:
 * a file that was damaged since is a matter of fsck.  One system call instead
 * of five; an image whose objects are there already is pulled at that price.
 */
static inline void cfs_store_trust_names(struct cfs_store *store)
{
	store->trusts_names = true;
}

/*
 * From now on an object counts as present only after all of its bytes were read
 * and hashed, also if the kernel vouches for it: fs-verity measures a file
 * right whose blocks can no longer be read.  An object that cannot be read is
 * replaced.
 */
static inline void cfs_store_reread(struct cfs_store *store)
{
	store->rereads = true;
}

/* Closes what is open, the repository and its lock too; may be called twice. */
void cfs_store_close(struct cfs_store *store);

#define CFS_AUTOSTORE __attribute__((cleanup(cfs_store_close)))

#define CFS_STORE_INIT                                    \
	{                                                 \
		.repo = CFS_REPO_INIT, .objects = -EBADF, \
		.lock = PTHREAD_MUTEX_INITIALIZER,        \
		.packs_lock = PTHREAD_MUTEX_INITIALIZER   \
	}

/* objects/xx for the first byte of a digest, made when it is missing.
 * The descriptor stays the store's.  Any thread may ask. */
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
