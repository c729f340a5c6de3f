/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writing a splitstream (repo/stream/format.h), front to back.
 *
 * The digest of an object may come later, from another thread: bytes that
 * follow are held until then.  A long run of bytes between two objects is
 * held compressed, because its length stands before it.
 */
#ifndef CFS_REPO_STREAM_WRITER_H
#define CFS_REPO_STREAM_WRITER_H

#include "base/own.h"
#include "base/sink.h"
#include "fsverity/digest.h"

struct cfs_stream_writer;

/* @type: 8 characters, CFS_STREAM_LAYER, ...
 * Errors: -ELIBACC no libzstd, -ENOMEM. */
int cfs_stream_writer_new(enum cfs_alg alg, const char *type,
			  struct cfs_stream_writer **ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_stream_writer_free(struct cfs_stream_writer *w);
CFS_DEFINE_AUTO(struct cfs_stream_writer, cfs_stream_writer_free);

/* Bytes that are kept in the stream itself. */
struct cfs_sink cfs_stream_inline(struct cfs_stream_writer *w) CFS_NONNULL;

/* The place of an object whose digest is not known yet. */
struct cfs_stream_slot;

/* An object of @size bytes comes next, and *@ret will be told its digest.
 * The slot is the writer's.  Errors: -ENOMEM. */
int cfs_stream_expect(struct cfs_stream_writer *w, uint64_t size,
		      struct cfs_stream_slot **ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Where to write the digest, cfs_alg_size() bytes; and, once it is there, that
 * it is.  After that the slot is not to be used.  Any thread may. */
uint8_t *cfs_stream_slot_bytes(struct cfs_stream_slot *slot) CFS_NONNULL;
void cfs_stream_slot_ready(struct cfs_stream_slot *slot) CFS_NONNULL;

/* The object @id of @size bytes comes next.  Errors: -ENOMEM, -EFBIG over
 * 2^24 different objects. */
int cfs_stream_external(struct cfs_stream_writer *w, uint64_t size,
			const struct cfs_digest *id,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Counts the object @id as used although it is no part of the stream. */
int cfs_stream_keep(struct cfs_stream_writer *w, const struct cfs_digest *id,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Names the splitstream @id @name, without a NUL of course.  Of two refs of
 * one name the last counts. */
int cfs_stream_add_name(struct cfs_stream_writer *w, const char *name,
			const struct cfs_digest *id,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Ends it: moves the whole file to the empty buffer @out.  All slots are ready.
 * Errors: -ENOMEM.
 */
int cfs_stream_finish(struct cfs_stream_writer *w, struct cfs_buf *out,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
