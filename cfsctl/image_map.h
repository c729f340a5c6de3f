/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image of the repository, mapped into memory. */
#ifndef CFS_CFSCTL_IMAGE_MAP_H
#define CFS_CFSCTL_IMAGE_MAP_H

#include "base/bytes.h"
#include "cfsctl/cfsctl.h"

struct cfs_image_map {
	/* The bytes stay as they are: objects never change. */
	struct cfs_bytes bytes;
	unsigned version; /* of the format: 0, 1 or 2 */
};

/*
 * Finds the image that the operand @name means, checks its bytes against its
 * digest and maps it; cmd_image_unmap() releases the mapping.
 * Errors: -ENOENT when there is no such image, -EBADMSG when its bytes do not
 * have its digest, -EINVAL when they are no composefs image.
 */
int cmd_image_map(const struct cfs_globals *g, const struct cfs_repo *repo,
		  const char *name, struct cfs_image_map *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Like cmd_image_map(), for the image @id; @name is for messages. */
int cmd_image_map_id(const struct cfs_globals *g, const struct cfs_repo *repo,
		     const struct cfs_digest *id, const char *name,
		     struct cfs_image_map *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

void cmd_image_unmap(struct cfs_image_map *map);
#define CFS_AUTOMAP __attribute__((cleanup(cmd_image_unmap)))

#endif
