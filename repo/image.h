/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Finding an image in a repository by its digest.
 *
 * images/<hex> is a symbolic link to the object that holds the EROFS bytes;
 * <hex> is that object's fs-verity digest.  Names below images/refs are never
 * looked at: only the digest identifies what is booted.
 *
 * Source: composefs-rs crates/composefs/src/repository.rs.
 */
#ifndef CFS_REPO_IMAGE_H
#define CFS_REPO_IMAGE_H

#include "fsverity/digest.h"
#include "repo/directory.h"

enum cfs_image_state {
	CFS_IMAGE_ABSENT = 0,	/* no such name */
	CFS_IMAGE_PRESENT = 1,	/* *@ret_fd is open */
	CFS_IMAGE_DANGLING = 2, /* the link is there, its object is not */
};

/*
 * Opens the image @id read-only, without measuring it: see
 * cfs_verity_require().
 * The name is resolved below the repository's descriptor, within one file
 * system, to a non-empty regular file, which is looked at before it is
 * opened.
 *
 * Returns enum cfs_image_state.
 * Errors: -EXDEV the link leaves the repository, -EINVAL not a regular file
 * or empty, -ELOOP, -EACCES, and what opening a file with a builtin signature
 * answers: -ENOKEY, -EKEYREJECTED, -EBADMSG, -EPERM, -ENOPKG (each worded with
 * its cure).
 */
int cfs_repo_open_image(const struct cfs_repo *repo,
			const struct cfs_digest *id, int *ret_fd,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns what it means that the kernel refused to open a file of a repository
 * with @code (positive errno): for most codes this is about the signature that
 * the kernel keeps with it. */
const char *cfs_repo_open_meaning(int code);

#endif
