/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An object whose bytes come one after another from where they are not trusted:
 * it is hashed while it is written, and has a name only if it is what was
 * wanted.
 */
#ifndef CFS_REPO_OBJECT_STREAM_H
#define CFS_REPO_OBJECT_STREAM_H

#include "base/own.h"
#include "base/sink.h"
#include "repo/store.h"

struct cfs_object_stream;

/*
 * Begins the object @id of @size bytes.
 * Returns 1 with *@ret, or 0 when the store has it.
 * Errors: of cfs_object_begin() and cfs_merkle_new().
 */
int cfs_object_stream_begin(struct cfs_store *store,
			    const struct cfs_digest *id, uint64_t size,
			    struct cfs_object_stream **ret,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Forgets the object. */
void cfs_object_stream_free(struct cfs_object_stream *s);
CFS_DEFINE_AUTO(struct cfs_object_stream, cfs_object_stream_free);

/* A sink for its bytes.  Errors: -EBADMSG more than @size; of writing. */
struct cfs_sink cfs_object_stream_sink(struct cfs_object_stream *s) CFS_NONNULL;

/*
 * Stores the object, all bytes of which were written.
 * Errors: -EBADMSG they are another object, and nothing is stored; those of
 * cfs_object_commit().
 */
int cfs_object_stream_end(struct cfs_object_stream *s,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Stores @data, which is to be the object @id.
 * Errors: -EBADMSG it is another one; those of cfs_object_add_known(). */
int cfs_object_add_claimed(struct cfs_store *store, const struct cfs_digest *id,
			   struct cfs_bytes data,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
