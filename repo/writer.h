/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An object that is written piece by piece.
 */
#ifndef CFS_REPO_WRITER_H
#define CFS_REPO_WRITER_H

#include "base/bytes.h"
#include "repo/store.h"

struct cfs_object_writer;

/*
 * Has the store the object @id of @size bytes?
 * Returns 1 or 0.
 * Errors: of opening and measuring it.
 */
int cfs_object_has(struct cfs_store *store, uint64_t size,
		   const struct cfs_digest *id,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Begins an object of @size bytes.  @id: its digest, when it is known already,
 * or NULL.
 * Returns 1 with *@ret, or 0 when the store has the object @id.
 * Errors: of creating a file, -ENOMEM.
 */
int cfs_object_begin(struct cfs_store *store, uint64_t size,
		     const struct cfs_digest *id,
		     struct cfs_object_writer **ret,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4, 5)));

/* Writes @data at byte offset @off, a multiple of 4096; blocks of zeros become
 * holes.  Several threads may, at other places. */
int cfs_object_write(struct cfs_object_writer *w, uint64_t off,
		     struct cfs_bytes data,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the next bytes of the object, from its start on; not together with
 * cfs_object_write().  Errors: -EBADMSG they are more than it has; of
 * writing. */
int cfs_object_append(struct cfs_object_writer *w, struct cfs_bytes data,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Gives the object, all of which is written, its name, and frees @w, also on
 * failure.  @id: the digest of the bytes that were written.  With a secure
 * store the kernel vouches for it in the end.  Not synced: cfs_store_flush().
 * Errors: as of cfs_object_add_bytes().
 */
int cfs_object_commit(struct cfs_object_writer *w, const struct cfs_digest *id,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Forgets the object.  NULL is allowed. */
void cfs_object_abandon(struct cfs_object_writer *w);

#endif
