/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sparse files: an archive that holds their data without the holes, and a map
 * of where the data belongs.
 *
 * Four forms: the old GNU one (type 'S', map in the header and in blocks
 * behind it) and PAX 0.0, 0.1 (map in records) and 1.0 (map at the start of
 * the content).
 *
 * Source: GNU tar manual, "Storing Sparse Files".
 */
#ifndef CFS_TREE_TAR_SPARSE_H
#define CFS_TREE_TAR_SPARSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/source.h"
#include "base/vec.h"
#include "tree/tar/header.h"
#include "tree/tar/pax.h"

/* Bytes of the longest sparse file, holes included, and of all holes of an
 * archive or an image: one of some bytes must not cost hours of hashing
 * zeros. */
#define CFS_TAR_SPARSE_MAX (1ull << 36)
/* Pieces of data in a map. */
#define CFS_TAR_PIECES_MAX (1u << 18)

struct cfs_tar_piece {
	uint64_t off, len; /* bytes of the file */
};

struct cfs_tar_map {
	CFS_VEC(struct cfs_tar_piece);
};

/* Zero-initialise; cfs_tar_sparse_free() releases the map. */
struct cfs_tar_sparse {
	uint64_t size;		/* of the file, in bytes */
	bool map_in_content;	/* PAX 1.0: the content starts with the map */
	struct cfs_tar_map map; /* in order */
	/* Used while records are read. */
	struct cfs_bytes name;
	uint64_t off;
	uint64_t major, minor;
	bool any, has_size, has_off, has_map, has_major;
};

void cfs_tar_sparse_free(struct cfs_tar_sparse *sparse);

/* Empties @sparse but keeps its memory. */
void cfs_tar_sparse_reset(struct cfs_tar_sparse *sparse) CFS_NONNULL;

/*
 * Take the pieces of the map that an old GNU header has, or a block behind one.
 * Return 1 if another block follows, else 0.
 * Errors: -EINVAL, -E2BIG, -ENOMEM.
 */
int cfs_tar_sparse_header(struct cfs_tar_sparse *sparse,
			  const uint8_t header[static CFS_TAR_BLOCK],
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cfs_tar_sparse_block(struct cfs_tar_sparse *sparse,
			 const uint8_t block[static CFS_TAR_BLOCK],
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Takes the record @record, whose key starts with "GNU.sparse.".
 * Errors: -EINVAL, -E2BIG, -ENOMEM. */
int cfs_tar_sparse_record(struct cfs_tar_sparse *sparse,
			  const struct cfs_pax_record *record,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Checks the whole, when all is taken: pieces are in order, do not overlap, lie
 * inside the file and are @size bytes, those in the archive.
 * Errors: -EINVAL, -EFBIG over CFS_TAR_SPARSE_MAX.
 */
int cfs_tar_sparse_check(struct cfs_tar_sparse *sparse, uint64_t size,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Adds the holes of a file, of which an archive has @size bytes, to *@sum.
 * Errors: -EFBIG the sum is over CFS_TAR_SPARSE_MAX.
 */
int cfs_tar_sparse_count(const struct cfs_tar_sparse *sparse, uint64_t size,
			 uint64_t *sum,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The file with its holes, made of its content in the archive. */
struct cfs_tar_expand {
	const struct cfs_source *content;  /* borrowed */
	uint64_t content_left;		   /* bytes */
	uint64_t size;			   /* of the file */
	uint64_t at;			   /* bytes of the file given so far */
	const struct cfs_tar_piece *piece; /* the next or current one */
	const struct cfs_tar_piece *end;
	struct cfs_tar_map map; /* that of map_in_content */
};

/*
 * Starts at the first byte.  @content gives the @size bytes that the archive
 * has of the file; both arguments and the map have to outlive @ret.
 * Errors: -EINVAL (a map in the content that is wrong), -E2BIG, -ENOMEM, those
 * of @content.
 */
int cfs_tar_expand_init(struct cfs_tar_expand *ret,
			const struct cfs_tar_sparse *sparse, uint64_t size,
			const struct cfs_source *content,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_tar_expand_free(struct cfs_tar_expand *x);

/* The bytes as a source, which ends after sparse->size of them.
 * Errors: -EINVAL when the content ends early; its own. */
struct cfs_source cfs_tar_expand_source(struct cfs_tar_expand *x) CFS_NONNULL;

#endif
