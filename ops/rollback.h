/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OPS_ROLLBACK_H
#define CFS_OPS_ROLLBACK_H

#include "ops/deployments.h"

struct cfs_rollback {
	const struct cfs_deployments_params *where; /* with a boot partition */
	bool no_sync; /* do not wait for the disk */
};

struct cfs_rolled_back {
	struct cfs_digest id; /* the image that is booted next */
	size_t entry;	      /* index of the entry that boots it */
	bool by_default; /* loader.conf names it; else the menu begins with it */
};

/*
 * Lets the boot loader start the previous deployment next: the one that is
 * booted, if another one is next, and otherwise the first one after it in the
 * boot loader's order that can be booted.  Called once more, it goes forth
 * again.
 *
 * "default" in loader/loader.conf is set or taken away, by one rename; every
 * other line stays.  It is set only if the order of the menu does not have the
 * same effect.
 *
 * @list: of cfs_deployments_read() with rollback->where, which is up to date.
 * Errors: -EOPNOTSUPP the running system, which is one of the deployments, was
 * started by another boot loader; -ENOENT no other deployment can be booted;
 * -EPERM a variable of the firmware decides; -EINVAL the id of the entry is
 * none that "default" can have, or that of another entry as well; those of
 * writing.
 */
int cfs_roll_back(const struct cfs_rollback *rollback,
		  const struct cfs_deployments *list,
		  struct cfs_rolled_back *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Makes the entry @entry, an index, the one that the boot loader starts next,
 * if it is the first one of the menu: "default" is taken away from loader.conf
 * if another entry would be started by it.  A default would start the entry
 * also when its tries are used up.
 * Returns 1, or 0 if another entry is started nevertheless: by a variable of
 * the firmware, or because it comes first.
 * Errors: those of writing.
 */
int cfs_start_first(const struct cfs_rollback *rollback,
		    const struct cfs_deployments *list, size_t entry,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
