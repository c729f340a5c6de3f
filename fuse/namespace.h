/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The user namespace of this process.  Private to the room. */
#ifndef CFS_FUSE_NAMESPACE_H
#define CFS_FUSE_NAMESPACE_H

#include <stdbool.h>

/* Returns whether this process is in the first user namespace, in which the
 * user id 0 is root. */
bool cfs_fuse_has_root(void);

#endif
