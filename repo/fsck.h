/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Is everything in the repository what its name says?  Nothing is changed.
 *
 * Streams are looked at as links only: their content is another room's.
 *
 * Source: composefs-rs crates/composefs/src/repository.rs, fsck (kinds of
 * findings and their texts).
 */
#ifndef CFS_REPO_FSCK_H
#define CFS_REPO_FSCK_H

#include <stdbool.h>
#include <stdint.h>

#include "repo/open.h"

struct cfs_fsck {
	uint64_t findings;
	uint64_t objects_checked, objects_corrupted;
	uint64_t streams_checked, streams_corrupted;
	uint64_t images_checked, images_corrupted;
	uint64_t broken_links, missing_objects;
};

struct cfs_fsck_params {
	bool secure;	    /* objects without fs-verity are findings */
	bool metadata_only; /* leave the objects out */
	/* Read also what the kernel vouches for: it checks a block when it is
	 * read, and measuring reads none. */
	bool read_data;
	unsigned threads; /* that hash; 0: as many as may run at once */
	/* Called with "fsck: KIND: PATH: ..." for each finding. */
	void (*found)(void *arg, const char *finding);
	void *arg;
};

/*
 * Looks through @repo, which is locked.  *@ret counts.
 * Errors: what keeps it from looking at all; findings are none.
 */
int cfs_repo_fsck(const struct cfs_repo *repo,
		  const struct cfs_fsck_params *params, struct cfs_fsck *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
