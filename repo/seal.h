/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sealing a repository that is there already: one that was copied (tar, rsync
 * and cp lose fs-verity) or made where there was none.
 *
 * First all other objects, then the images, each with the signature that is
 * kept for it (repo/signature.h, repo/sigpacks.h), then everything goes to the
 * disk, and meta.json comes last: it is what says "sealed", so a run that was
 * interrupted does not look like one that ended.  Running it again goes on
 * where it stopped.
 *
 * Source: composefs-rs crates/composefs/src/repository.rs (meta.json decides);
 * Documentation/filesystems/fsverity.rst (a signature cannot be added later,
 * so the file is replaced).
 */
#ifndef CFS_REPO_SEAL_H
#define CFS_REPO_SEAL_H

#include <stdint.h>

#include "repo/store.h"

struct cfs_seal_params {
	bool no_signatures; /* leave signatures out of fs-verity */
	/* Called after each object with its bytes; or NULL. */
	void (*progress)(void *arg, uint64_t bytes);
	void *progress_arg;
};

struct cfs_seal_stats {
	uint64_t enabled;  /* objects that have fs-verity now */
	uint64_t already;  /* that had it, and were measured */
	uint64_t replaced; /* that had it without their signature */
};

/*
 * Seals the repository of @store, opened for writing.
 * *@ret counts what was done, also when it fails.
 *
 * Errors, naming the object: -EBADMSG its contents are not what it is called;
 * -EOPNOTSUPP the file system or kernel has no fs-verity; -ENOKEY,
 * -EKEYREJECTED, ... of cfs_verity_enable().
 */
int cfs_store_seal(struct cfs_store *store,
		   const struct cfs_seal_params *params,
		   struct cfs_seal_stats *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
