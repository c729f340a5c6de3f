/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The contents of one file into another: sharing blocks where the file system
 * can, else inside the kernel, else by hand.  Holes stay holes, and what is
 * copied by hand gets one for every block of zeros.
 */
#ifndef CFS_REPO_COPY_H
#define CFS_REPO_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "fsverity/digest.h"

enum cfs_copied {
	CFS_COPIED = 0,
	CFS_COPIED_HASHED, /* and what was written has the digest wanted */
};

/* What is known of sharing blocks on a file system.  Zero-initialise it;
 * several threads may use it. */
struct cfs_clones {
	_Atomic bool refused; /* the file system cannot */
	_Atomic uint64_t n;   /* files that share blocks now */
};

/*
 * Copies the first @size bytes of @from, at any position, into the empty file
 * @to: fewer when it has fewer, all of it (perhaps more) when blocks can be
 * shared.
 *
 * @id: the digest that the copy is to have; NULL if it is checked
 * elsewhere.  Copying by hand hashes on the way, from the same buffer.
 * @clones: of the file system of @to; learned and counted.
 * Returns enum cfs_copied.
 * Errors: -ESTALE the copy has another digest, reading, writing, -ENOMEM.
 */
int cfs_copy_known(int from, uint64_t size, int to, const struct cfs_digest *id,
		   struct cfs_clones *clones,
		   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(5, 6)));

/* Writes @data into the empty file @to, at position 0, leaving out blocks of
 * zeros.  Errors: writing. */
int cfs_copy_bytes(struct cfs_bytes data, int to,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes @data at byte offset @off, a multiple of 4096, of the file @to,
 * likewise; the file has its length already.  Several threads may. */
int cfs_copy_piece(struct cfs_bytes data, int to, uint64_t off,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Copies everything from @from's position to its end to @to's position, which
 * is the end of that regular file; its position afterwards is undefined. */
int cfs_copy_rest(int from, int to,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
