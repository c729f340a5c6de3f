/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Publishing images as files for a web server. */
#ifndef CFS_OPS_PUBLISH_H
#define CFS_OPS_PUBLISH_H

#include "ops/access.h"
#include "repo/export/export.h"

struct cfs_publish_image {
	struct cfs_digest id;
	const char *name; /* that it is published by; NULL: none */
	const char *said; /* what the user called it */
};

struct cfs_publish {
	const struct cfs_access *access; /* of the repository */
	const char *path;		 /* of the directory */
	const struct cfs_publish_image *images;
	size_t n;
};

/*
 * Adds images of @repo, with their objects and signatures, to the export in
 * params->path (repo/export/export.h), which is created if it does not exist.
 * Every image has to be whole, and every new object is checked.  Names of other
 * images that the export has stay.
 * *@ret: what was added.
 * Errors: -EINVAL the directory is in the repository; those of
 * cfs_image_map(), cfs_require_whole(), cfs_export_open(),
 * cfs_export_catalogue_set() and cfs_export_commit().
 */
int cfs_publish(const struct cfs_repo *repo, const struct cfs_publish *params,
		struct cfs_export_added *ret,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
