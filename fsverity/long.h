/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A file that is longer than a window, hashed in segments.  Segments may be
 * hashed in any order and by several threads at a time, each with a window of
 * its own: in both algorithms the hashes of a segment's blocks fill whole
 * blocks of the next level, so that no two segments share one.  Only the hashes
 * of those blocks are kept, 64 bytes for each segment, or 256 with SHA-512.
 * Private to the digester.
 */
#ifndef CFS_FSVERITY_LONG_H
#define CFS_FSVERITY_LONG_H

#include "fsverity/window.h"

/* The data below one block of SHA-256 hashes; twice that of SHA-512. */
#define CFS_LONG_SEGMENT_MIN (CFS_VERITY_BLOCK * (CFS_VERITY_BLOCK / 32))

struct cfs_long {
	/* Set by the caller. */
	uint64_t size;	  /* in bytes; more than one block, or the tree would
			     have no second level */
	uint32_t segment; /* size of every segment but the last: a multiple of
			     CFS_LONG_SEGMENT_MIN, CFS_DIGESTER_SEGMENT or
			     less */
	uint8_t *ret;	  /* receives the digest */
	const void *who;  /* the caller's name for the file */
	/* A keeper that is given the file piece by piece, and what its begin()
	 * returned; NULL: none. */
	const struct cfs_keeper *keeper;
	void *kept;
	/* Set by cfs_long_init(). */
	uint64_t segments;
	uint8_t *hashes; /* of blocks on the level above the data's; owned */
};

/* Initialises @file, whose first fields are set.  Errors: -ENOMEM. */
int cfs_long_init(struct cfs_long *file, enum cfs_alg alg,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
/* Frees @file; the keeper discards what it was given, unless
 * cfs_long_keep() came first. */
void cfs_long_free(struct cfs_long *file) CFS_NONNULL;

/* Returns the size in bytes of segment @n, counted from 0. */
size_t cfs_long_segment_size(const struct cfs_long *file,
			     uint64_t n) CFS_NONNULL;

/* Hashes segment @n, whose bytes are at @data.  The memory up to the end of its
 * last block is overwritten.  Errors: see cfs_sha_blocks(). */
int cfs_long_hash(struct cfs_long *file, struct cfs_window *w, uint64_t n,
		  uint8_t *data,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads segment @n from @fd, hashes it, in the memory of @w, which must be
 * empty, and writes it to the keeper.
 * Errors: -ESTALE if the file ends before, those of reading, of
 * cfs_sha_blocks() and of the keeper.
 */
int cfs_long_read(struct cfs_long *file, struct cfs_window *w, uint64_t n,
		  int fd, struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* After all segments: writes the digest to @file->ret and *@id.
 * Errors: see cfs_sha_blocks(). */
int cfs_long_finish(struct cfs_long *file, struct cfs_window *w,
		    struct cfs_digest *id,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes @data, which begins at byte offset @off, to the keeper, if there is
 * one.  Errors: the keeper's. */
int cfs_long_write(struct cfs_long *file, uint64_t off, struct cfs_bytes data,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Completes the file, whose digest is @id, at the keeper, which must not be
 * NULL: it also learns of a file that it had before.  Errors: the keeper's. */
int cfs_long_keep(struct cfs_long *file, const struct cfs_digest *id,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
