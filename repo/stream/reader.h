/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reading a splitstream (repo/stream/format.h), of either header.
 *
 * Nothing in it is trusted: sections lie inside the file and apart from each
 * other, references are in range, and no memory is allocated for a length
 * that is only claimed.
 */
#ifndef CFS_REPO_STREAM_READER_H
#define CFS_REPO_STREAM_READER_H

#include "base/buf.h"
#include "base/own.h"
#include "base/source.h"
#include "fsverity/digest.h"

#define CFS_STREAM_REFS_MAX  (1u << 24)	 /* ids of one kind */
#define CFS_STREAM_NAMES_MAX (16u << 20) /* bytes of the named refs */

struct cfs_stream;

/*
 * Opens the splitstream in the file @fd (borrowed for as long as the stream is
 * used), whose ids are of @alg, and reads all but its chunks.
 *
 * Errors: -EBADMSG it is none, is damaged or has ids of the other algorithm,
 * -EFBIG more than the limits above, -ELIBACC no libzstd, reading, -ENOMEM.
 */
int cfs_stream_open(int fd, enum cfs_alg alg, struct cfs_stream **ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_stream_free(struct cfs_stream *s);
CFS_DEFINE_AUTO(struct cfs_stream, cfs_stream_free);

/* The content type, 8 characters and a NUL: CFS_STREAM_LAYER, ... or what
 * another program wrote; any bytes. */
const char *cfs_stream_type(const struct cfs_stream *s) CFS_NONNULL;
bool cfs_stream_is(const struct cfs_stream *s, const char *type) CFS_NONNULL;

/* Bytes of the stream as a whole, objects included, as the file claims. */
uint64_t cfs_stream_size(const struct cfs_stream *s) CFS_NONNULL;

/* The ids of objects and of other streams. */
size_t cfs_stream_n_objects(const struct cfs_stream *s) CFS_NONNULL;
struct cfs_digest cfs_stream_object(const struct cfs_stream *s,
				    size_t index) CFS_NONNULL;
size_t cfs_stream_n_refs(const struct cfs_stream *s) CFS_NONNULL;
struct cfs_digest cfs_stream_ref(const struct cfs_stream *s,
				 size_t index) CFS_NONNULL;

/* Names for some of the latter, in the order of the file.  *@ret_id (may be
 * NULL) is what it names; the name, of any bytes, belongs to the stream. */
size_t cfs_stream_n_names(const struct cfs_stream *s) CFS_NONNULL;
const char *cfs_stream_name(const struct cfs_stream *s, size_t index,
			    struct cfs_digest *ret_id)
	__attribute__((nonnull(1)));

/* Returns 1 with *@ret when the stream has the named ref @name, else 0. */
int cfs_stream_find(const struct cfs_stream *s, const char *name,
		    struct cfs_digest *ret) CFS_NONNULL;

struct cfs_stream_chunk {
	bool is_object;
	uint64_t n; /* the object's index; otherwise bytes that follow */
};

/*
 * The next chunk, from the first to the last.  Bytes of the one before that
 * were not read are skipped.
 * Returns 1, or 0 after the last.
 * Errors: -EBADMSG damaged, -ENOMEM, reading.
 */
int cfs_stream_next(struct cfs_stream *s, struct cfs_stream_chunk *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads bytes of the current chunk.  Returns their number, at least 1, or 0
 * when there are no more of them.  Errors: as above. */
ssize_t cfs_stream_read(struct cfs_stream *s, void *data, size_t len,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Starts again with the first chunk. */
void cfs_stream_rewind(struct cfs_stream *s) CFS_NONNULL;

#endif
