/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image of the repository, mapped into memory. */
#ifndef CFS_OPS_IMAGE_MAP_H
#define CFS_OPS_IMAGE_MAP_H

#include "base/bytes.h"
#include "ops/access.h"

struct cfs_image_map {
	/* The bytes stay as they are: objects never change. */
	struct cfs_bytes bytes;
	unsigned version; /* of the format: 0, 1 or 2 */
};

/*
 * Checks the bytes of the image @id against its digest, or with what @access
 * demands, and maps them; cfs_image_unmap() releases the mapping.
 * Errors: -ENOENT there is no such image, -EBADMSG its bytes do not have its
 * digest, -EINVAL they are no composefs image.
 */
int cfs_image_map(const struct cfs_access *access, const struct cfs_repo *repo,
		  const struct cfs_digest *id, struct cfs_image_map *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

void cfs_image_unmap(struct cfs_image_map *map);
#define CFS_AUTOMAP __attribute__((cleanup(cfs_image_unmap)))

#endif
