/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Images and the names people give them: images/<hex> links to the object,
 * images/refs/<name> to images/<hex>.
 *
 * Source: composefs-rs crates/composefs/src/repository.rs.
 */
#ifndef CFS_REPO_REF_H
#define CFS_REPO_REF_H

#include "repo/name.h"
#include "repo/open.h"
#include "repo/store.h"

/* Makes images/<hex> for the object @id, once all objects are on the disk. */
int cfs_image_commit(struct cfs_store *store, const struct cfs_digest *id,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Names the committed image @id @name, in place of what had that name.
 * Errors: of cfs_name_check_new(), -EISDIR when other names lie below @name,
 * ...
 */
int cfs_ref_set(struct cfs_store *store, const char *name,
		const struct cfs_digest *id,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Takes the name @name away.  Returns 1, or 0 when there is no such name.
 * Errors: of cfs_name_check(), -EINVAL it is no link. */
int cfs_ref_remove(struct cfs_store *store, const char *name,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Which image is named @name?  Only the link is read; whether that image
 * exists is another question.
 * Returns 1 with *@ret, or 0.
 * Errors: -EINVAL it is no link to an image, or @name is unfit, ...
 */
int cfs_ref_get(const struct cfs_repo *repo, const char *name,
		struct cfs_digest *ret,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens image @id and makes sure of its bytes: the kernel vouches for them,
 * or they have just been read.  The former is demanded with @secure.
 * Returns enum cfs_checked (repo/object.h) with *@ret_fd.
 * Errors: -ENOENT, -EBADMSG, of cfs_repo_open_image().
 */
int cfs_image_open(const struct cfs_repo *repo, const struct cfs_digest *id,
		   bool secure, int *ret_fd,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Called for each name, in the order of names; what it returns but 0 ends it.
 * Links that lead to no image have @id NULL. */
typedef int cfs_ref_fn(const char *name, const struct cfs_digest *id, void *arg,
		       struct cfs_err *err);

/* Walks images/refs.  What is longer or deeper than a name can be is left out:
 * it cannot be asked for either, and is a finding of cfs_repo_fsck(). */
int cfs_ref_each(const struct cfs_repo *repo, cfs_ref_fn *fn, void *arg,
		 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

#endif
