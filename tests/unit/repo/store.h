/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An empty repository that is open for writing, on a file system without
 * fs-verity. */
#ifndef CFS_TESTS_UNIT_REPO_STORE_H
#define CFS_TESTS_UNIT_REPO_STORE_H

#include "repo/lock.h"
#include "repo/store.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static char root[4096]; /* where it is */

static inline void start(struct cfs_store *store)
{
	struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_err e;

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100000,
				     .enable_result = -ENOTTY };
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &e), 1);
	CHECK_EQ(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &e), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, store, &e), 0);
}

#endif
