/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A disk image of a planned content.
 */
#ifndef CFS_DISK_IMAGE_H
#define CFS_DISK_IMAGE_H

#include "disk/plan.h"

struct cfs_disk_params {
	uint64_t size;	     /* bytes; 0: as much as is needed and some room */
	const char *label;   /* NULL: none */
	const uint8_t *uuid; /* 16 bytes; NULL: made from the content */
	int64_t time;	     /* as of struct cfs_ext4_params */
	/* Called after each file with its bytes; or NULL. */
	void (*progress)(void *arg, uint64_t bytes);
	void *progress_arg;
};

struct cfs_disk_result {
	uint64_t size; /* bytes of the image */
	uint8_t uuid[16];
};

/*
 * Writes the planned image to @fd, an empty regular file open for reading and
 * writing, and syncs it.  Every object's contents are checked against its
 * name.
 *
 * Errors: -ENOSPC when params->size is too small (worded with what is needed),
 * -EBADMSG an object that is not what its name says, -ESTALE a file that
 * changed since it was planned, ...
 */
int cfs_disk_write(const struct cfs_plan *plan, const struct cfs_repo *repo,
		   const struct cfs_disk_params *params, int fd,
		   struct cfs_disk_result *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads a size: digits and an optional K, M, G or T (powers of 1024), a whole
 * number of blocks; or "auto", which is 0. */
int cfs_disk_parse_size(const char *text, uint64_t *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads an UUID: 32 hex digits with dashes after 8, 12, 16 and 20. */
int cfs_disk_parse_uuid(const char *text, uint8_t ret[static 16],
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
