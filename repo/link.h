/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Names that people give: links below images/refs and streams/refs.  Of a
 * link's target only the last component counts, as composefs-rs reads it:
 * that is what the link names, an image or a stream.
 */
#ifndef CFS_REPO_LINK_H
#define CFS_REPO_LINK_H

#include "repo/name.h"
#include "repo/open.h"
#include "repo/store.h"

#define CFS_LINK_MAX 256 /* bytes of a last component, with its NUL */

/*
 * Reads the link @name in the directory @dir.
 * Returns 1 with the last component of its target, 0 when it is no link or the
 * component is too long, or negative errno.
 */
int cfs_link_read(int dir, const char *name,
		  char ret[static CFS_LINK_MAX]) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads the link @name in the directory @dir, images/ or streams/, which leads
 * to an object: "xx/yyyy..." at the end of its target counts.
 * Returns 1 with the object in *@ret, 0 if it is not such a link, or negative
 * errno.
 */
int cfs_link_object(int dir, const char *name,
		    struct cfs_digest *ret) CFS_MUST_CHECK CFS_NONNULL;

/*
 * What does @name below @top ("images/refs", ...) lead to?
 * Returns 1 with *@ret, 0 when there is no such name, or 2 when there is
 * something else than a link.
 * Errors: of cfs_name_check(), of reading.
 */
int cfs_link_get(const struct cfs_repo *repo, const char *top, const char *name,
		 char ret[static CFS_LINK_MAX],
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Makes @name below @top a link to @last, which stands beside refs/; see
 * cfs_store_link().  Errors: of cfs_name_check(), too. */
int cfs_link_set(struct cfs_store *store, const char *top, const char *name,
		 const char *last,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Removes the link @name below @top.  Returns 1, or 0 when there is none.
 * Errors: -EINVAL it is no link, ... */
int cfs_link_remove(struct cfs_store *store, const char *top, const char *name,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Called for each name, in order, with what it leads to; @last is NULL where
 * there is something else than a link.  What it returns but 0 ends it. */
typedef int cfs_link_fn(const char *name, const char *last, void *arg,
			struct cfs_err *err);

/* Walks @top and the directories below it. */
int cfs_link_each(const struct cfs_repo *repo, const char *top, cfs_link_fn *fn,
		  void *arg, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 3, 5)));

#endif
