/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * User namespaces, in which a user without privileges may mount.
 *
 * Source: user_namespaces(7), newuidmap(1).
 */
#ifndef CFS_OPS_USER_NAMESPACE_H
#define CFS_OPS_USER_NAMESPACE_H

#include <stdint.h>

#include "base/err.h"

/*
 * Puts this process, which must have one thread, into a new user namespace,
 * where it is root and has all capabilities, and into those of @flags besides.
 *
 * User and group 0 there are the caller.  The subordinate ids of the caller
 * become those from 1 on, if there are some of users and of groups and
 * newuidmap and newgidmap can map them.
 *
 * @flags: CLONE_NEW* of unshare(2).
 * @ret_ids: the users and groups of the namespace are 0 to *@ret_ids - 1.
 * Errors: -EPERM and -ENOSPC this machine lets the caller make none; those of
 * unshare(2) and of writing uid_map and gid_map.
 */
int cfs_user_namespace_enter(int flags, uint32_t *ret_ids,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
