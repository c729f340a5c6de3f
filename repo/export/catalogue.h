/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* export.json: which images of an export have names. */
#ifndef CFS_REPO_EXPORT_CATALOGUE_H
#define CFS_REPO_EXPORT_CATALOGUE_H

#include "base/buf.h"
#include "base/vec.h"
#include "repo/export/format.h"

#define CFS_EXPORT_JSON "export.json"

struct cfs_export_name {
	char *name; /* owned */
	struct cfs_digest id;
};

/* That the image @id can be made of the image @old. */
struct cfs_export_patch {
	struct cfs_digest id, old;
};

/* In the order of names, each one once.  Zero-initialise it. */
struct cfs_export_catalogue {
	enum cfs_alg alg;
	CFS_VEC(struct cfs_export_name);
	CFS_VEC(struct cfs_export_patch)
	patches; /* of an image the newest
						   * first */
};

void cfs_export_catalogue_free(struct cfs_export_catalogue *c);
#define CFS_AUTOCATALOGUE __attribute__((cleanup(cfs_export_catalogue_free)))

/*
 * Reads export.json.  Members that are not known are ignored.
 * Errors: -EBADMSG it is none, or a name is not fit for an image; -EOPNOTSUPP
 * it is of a newer version; -ENOMEM.
 */
int cfs_export_catalogue_read(struct cfs_bytes text,
			      struct cfs_export_catalogue *ret,
			      struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3)));

/*
 * Calls the image @id, of c->alg, @name, in place of what had that name.
 * Errors: those of cfs_name_check_new(); -EINVAL the name is not UTF-8, which
 * JSON cannot have; -E2BIG over CFS_EXPORT_NAMES_MAX names; -ENOMEM.
 */
int cfs_export_catalogue_set(struct cfs_export_catalogue *c, const char *name,
			     const struct cfs_digest *id,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The image called @name, or NULL. */
const struct cfs_digest *cfs_export_catalogue_find(
	const struct cfs_export_catalogue *c, const char *name) CFS_NONNULL;

/* Says that the image @id can be made of @old.  Past CFS_EXPORT_PATCHES_MAX of
 * an image nothing is added.  Errors: -ENOMEM. */
int cfs_export_catalogue_add_patch(
	struct cfs_export_catalogue *c, const struct cfs_digest *id,
	const struct cfs_digest *old,
	struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Of which images can the image @id be made?  Returns the next one from *@at
 * on, which moves behind it and begins at 0; NULL after the last one. */
const struct cfs_digest *cfs_export_catalogue_next_patch(
	const struct cfs_export_catalogue *c, const struct cfs_digest *id,
	size_t *at) CFS_NONNULL;

/* Appends export.json to @out, with the patches of images that have a name.
 * Errors: -ENOMEM, -EFBIG it would be longer than CFS_EXPORT_JSON_MAX. */
int cfs_export_catalogue_write(const struct cfs_export_catalogue *c,
			       struct cfs_buf *out,
			       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
