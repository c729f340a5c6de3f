/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * All of meta.json that this version knows, for programs that add to a
 * repository; repo/meta.h reads what booting depends on.
 */
#ifndef CFS_REPO_META_FORMATS_H
#define CFS_REPO_META_FORMATS_H

#include "repo/meta.h"

#define CFS_META_FORMAT_MAX 2 /* newest EROFS format */

/*
 * Parses meta.json.  erofs_formats absent or {"default": 2} alone: format 1
 * with the read-only-compatible feature v1_erofs, else 2.  Unknown members
 * and compatible features are ignored.
 *
 * Errors: -EINVAL (syntax, types, algorithm), -EOPNOTSUPP (newer version or
 * format, unknown incompatible feature).
 */
int cfs_meta_parse(struct cfs_bytes text, struct cfs_meta *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
