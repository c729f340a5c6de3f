/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A file that is longer than a window, hashed in segments.  Segments may be
 * hashed in any order and by several threads at a time, each with a window of
 * its own.  A segment is a whole number of blocks one level up in both
 * algorithms, and only their hashes are kept: 64 bytes a segment, or 256 of
 * SHA-512.  Private to the digester.
 */
#ifndef CFS_FSVERITY_LONG_H
#define CFS_FSVERITY_LONG_H

#include "fsverity/window.h"

struct cfs_long {
	uint64_t size;
	uint64_t segments;
	uint8_t *ret;	 /* where the digest goes */
	const void *who; /* the caller's name for it */
	uint8_t *hashes; /* of the blocks one level up; owned */
};

/* @size: over one block, which is what makes it have a level above.
 * Errors: -ENOMEM. */
int cfs_long_init(struct cfs_long *file, enum cfs_alg alg, uint64_t size,
		  uint8_t *ret, const void *who,
		  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4, 6)));
void cfs_long_free(struct cfs_long *file) CFS_NONNULL;

/* The bytes of segment @n, counted from 0. */
size_t cfs_long_segment_size(const struct cfs_long *file,
			     uint64_t n) CFS_NONNULL;

/* Hashes segment @n, whose bytes are at @data, with room for a whole number
 * of blocks.  Errors: -EIO. */
int cfs_long_hash(struct cfs_long *file, struct cfs_window *w, uint64_t n,
		  uint8_t *data,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads segment @n of @fd and hashes it; @w is empty.
 * Errors: -ESTALE the file ends before, -EIO, reading.
 */
int cfs_long_read(struct cfs_long *file, struct cfs_window *w, uint64_t n,
		  int fd, struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* After all segments: writes the digest, also to *@id.  Errors: -EIO. */
int cfs_long_finish(struct cfs_long *file, struct cfs_window *w,
		    struct cfs_digest *id,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
