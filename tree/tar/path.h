/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Paths as archives have them, made into paths of a tree.  Pure.
 */
#ifndef CFS_TREE_TAR_PATH_H
#define CFS_TREE_TAR_PATH_H

#include "base/bytes.h"
#include "base/err.h"

/* Longest path or link target in an archive, in bytes.
 * Source: linux/limits.h, PATH_MAX. */
#define CFS_TAR_PATH_MAX 4096
/* Names in a path.  Deeper trees cannot be unpacked by path (PATH_MAX), and
 * readers of images stop at CFS_DEPTH_MAX. */
#define CFS_TAR_DEPTH_MAX 1024

/* The rules that hold for link targets, too.
 * Errors: -EINVAL (empty, a NUL), -ENAMETOOLONG (over CFS_TAR_PATH_MAX). */
int cfs_tar_path_check(struct cfs_bytes path,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Writes @path to @buf as names with one slash between them: without leading,
 * doubled and trailing slashes and without "." ("./usr//bin/" is "usr/bin").
 * *@ret, borrowed from @buf, is empty when no name is left: the root.
 *
 * Errors: -EINVAL (empty, a NUL, a name ".."), -ENAMETOOLONG (@path over
 * CFS_TAR_PATH_MAX, a name over CFS_NAME_MAX), -ELOOP (over
 * CFS_TAR_DEPTH_MAX names).
 */
int cfs_tar_path(struct cfs_bytes path, uint8_t buf[static CFS_TAR_PATH_MAX],
		 struct cfs_bytes *ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* @path for messages: in @buf, cut in front when it is long, with a NUL. */
#define CFS_TAR_SHOWN_MAX 256
const char *cfs_tar_shown(struct cfs_bytes path,
			  char buf[static CFS_TAR_SHOWN_MAX]) CFS_NONNULL;

#endif
