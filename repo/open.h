/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A repository, opened by a program that reads more of it than what booting an
 * image depends on.
 */
#ifndef CFS_REPO_OPEN_H
#define CFS_REPO_OPEN_H

#include "repo/directory.h"
#include "repo/meta_formats.h"

/*
 * Opens a repository as cfs_repo_open_by() does.  meta.json is read bounded and
 * leniently: unknown members are ignored.
 * Errors: also -EINVAL meta.json malformed, -EOPNOTSUPP it needs a newer tool.
 */
static inline CFS_MUST_CHECK int cfs_repo_open(int dirfd, const char *path,
					       struct cfs_repo *ret,
					       struct cfs_err *err)
{
	return cfs_repo_open_by(dirfd, path, cfs_meta_parse, ret, err);
}

#endif
