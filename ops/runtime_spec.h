/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* config.json of a container that runs an image of the repository. */
#ifndef CFS_OPS_RUNTIME_SPEC_H
#define CFS_OPS_RUNTIME_SPEC_H

#include "oci/image.h"
#include "oci/run/spec.h"
#include "ops/access.h"

/* An image to run; all is borrowed. */
struct cfs_runnable {
	const struct cfs_access *access; /* by which @repo was opened */
	const struct cfs_repo *repo;
	const struct cfs_oci_image *image; /* a container image */
	const struct cfs_digest *erofs;	   /* its files */
	int root_fd; /* where these are mounted, if so; or -EBADF */
};

/*
 * Appends config.json of a container that runs @image to @ret.  Users, groups
 * and home directory are those of the mount, or else of the EROFS image, whose
 * files are measured or hashed before they are read.  Symbolic links do not
 * lead out of either.
 *
 * Errors: those of cfs_run_params_check(), cfs_run_config_parse(),
 * cfs_image_map(), cfs_erofs_read(), cfs_tree_resolve(), cfs_node_content(),
 * cfs_account_find() and cfs_run_spec_write(); -EINVAL an account file is no
 * regular file; -EFBIG it is longer than CFS_ACCOUNTS_FILE_MAX; those of
 * openat2(2) and read(2).
 */
int cfs_runtime_spec(const struct cfs_runnable *image,
		     const struct cfs_run_params *params, struct cfs_buf *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
