/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OPS_DEPLOY_STATE_H
#define CFS_OPS_DEPLOY_STATE_H

#include "ops/access.h"
#include "ops/etc_merge.h"

struct cfs_deploy_state {
	const struct cfs_repo *repo;
	const struct cfs_access *access; /* how images are opened */
	/* The image of the deployment whose changes of /etc are taken over;
	 * NULL: none. */
	const struct cfs_digest *from;
	/* Text of HEX.origin, if the directory is of bootc's layout; NULL:
	 * none. */
	const char *origin;
	bool anew;    /* make it anew if it exists, unless its var has files */
	bool no_sync; /* do not wait for the disk */
	bool check;   /* write nothing: say what would be made */
};

struct cfs_state_made {
	bool kept;    /* it existed, and was left as it is */
	size_t users; /* files that came over, and whiteouts */
	struct cfs_etc_conflicts conflicts; /* owned by the caller */
};

/*
 * Makes state/deploy/HEX below @parent for the image @id: /etc merged as
 * cfs_etc_merge() does, in the layout that @how->from has, and var, a link to
 * state/os/default/var.  That is one for all; if @how->from has a var of its
 * own, this becomes it: both names are exchanged at once.
 *
 * Everything is read, merged and compared with the space on the disk before
 * anything is written.  The directory has its name once it is complete and on
 * the disk; an interrupted run leaves ".HEX.new", which the next one removes.
 *
 * @how->repo is locked alone.
 * Errors: -ENOSPC; -EEXIST @how->from has a var of its own and there is another
 * one for all; those of cfs_etc_merge(), cfs_etc_write(), cfs_image_map() and
 * cfs_tree_scan().
 */
int cfs_deploy_state(const struct cfs_deploy_state *how, int parent,
		     const struct cfs_digest *id, struct cfs_state_made *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
