/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OPS_UNDEPLOY_H
#define CFS_OPS_UNDEPLOY_H

#include "ops/deployments.h"
#include "repo/lock.h"

struct cfs_undeploy {
	const struct cfs_deployments_params *where;
	cfs_lock_waiting_fn *waiting; /* of cfs_repo_lock(); may be NULL */
	bool delete_var;	      /* remove a var that is not shared, too */
	bool no_sync;		      /* do not wait for the disk */
};

/*
 * Removes the deployment that @name names (cfs_deployments_name()): its boot
 * entries, the files that they start, as far as these are ID/HASH/NAME (HASH
 * has 32 hex digits) or addons in EFI/Linux/ID.efi.extra.d, and its state
 * directory.  Its image is left to garbage collection.
 *
 * Each step is on the disk before the next one: an entry is hidden by a rename
 * before its files go, and the state directory likewise.  What an interrupted
 * run has hidden, of whatever deployment, is removed first, and so is what a
 * cfs_deploy() that was interrupted left on the boot partition.
 *
 * @repo: open and locked; it is locked alone, for good, so that nobody prepares
 * a boot.
 * @ret: the image of the deployment.
 *
 * Returns 1, or 0 when there was only something left to remove, and *@ret is
 * not set.  Errors, before anything of it is changed: -ENOENT there is no such
 * deployment; -EBUSY it is the booted one, or without it none can be booted;
 * -EPERM it is pinned; -EEXIST one of its entries boots another deployment as
 * well; -ENOTEMPTY it has a var of its own, and delete_var is false; -ENOLCK no
 * locks here.  Later on those of removing.
 */
int cfs_undeploy(const struct cfs_repo *repo, const struct cfs_undeploy *how,
		 const char *name, struct cfs_digest *ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Removes what interrupted runs left, of undeploying and of deploying, as
 * cfs_undeploy() does first.  @list is complete, and the repository locked
 * alone.
 * Errors: of reading and removing.
 */
int cfs_undeploy_finish(const struct cfs_undeploy *how,
			const struct cfs_deployments *list,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
