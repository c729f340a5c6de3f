/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What leads to splitstreams: streams/<content id> is a link to the object,
 * streams/refs/<ref> a link to streams/<content id>.
 *
 * A content id, such as "oci-layer-sha256:<hex>", says what a stream holds;
 * the digest of the object says how it is written.  A stream may be written
 * anew, with other references, under the same content id.
 *
 * Source: composefs-rs crates/composefs/src/repository.rs.
 */
#ifndef CFS_REPO_STREAM_NAMES_H
#define CFS_REPO_STREAM_NAMES_H

#include "repo/open.h"
#include "repo/store.h"
#include "repo/stream/reader.h"
#include "repo/stream/writer.h"

#define CFS_CONTENT_ID_MAX 256 /* bytes with the NUL: one file name */

/* Errors: -EINVAL not fit to be a file name of its own, or "refs". */
int cfs_content_id_check(const char *content_id,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Which object is the stream @content_id?  Only the link is read.
 * Returns 1 with *@ret, or 0 when there is no such stream.
 * Errors: -EINVAL it is no link to an object, ...
 */
int cfs_stream_lookup(const struct cfs_repo *repo, const char *content_id,
		      struct cfs_digest *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* An open splitstream and its file. */
struct cfs_stream_file {
	int fd;
	struct cfs_stream *stream;
	bool is_measured; /* the kernel vouches for all that is read of it */
};

#define CFS_STREAM_FILE_INIT \
	{                    \
		.fd = -EBADF \
	}

void cfs_stream_file_close(struct cfs_stream_file *file);

#define CFS_AUTOSTREAM __attribute__((cleanup(cfs_stream_file_close)))

/*
 * Opens the stream that the object @id is, after checking its bytes.
 * @type: the content type that it must have, or NULL for any.
 * Errors: -ENOENT there is no such object, -EBADMSG its bytes or the stream
 * are wrong, ...
 */
int cfs_stream_load(const struct cfs_repo *repo, const struct cfs_digest *id,
		    const char *type, struct cfs_stream_file *ret,
		    struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4, 5)));

/*
 * Stores the finished stream of @w; *@ret is its digest.  It has no name yet.
 */
int cfs_stream_store(struct cfs_store *store, struct cfs_stream_writer *w,
		     struct cfs_digest *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Makes the object @id the stream @content_id, in place of another one, once
 * all objects are on the disk. */
int cfs_stream_link(struct cfs_store *store, const char *content_id,
		    const struct cfs_digest *id,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Gives the stream @content_id the ref @ref, whose components are checked, in
 * place of what had it.  Whether there is such a stream is not asked. */
int cfs_stream_ref_set(struct cfs_store *store, const char *ref,
		       const char *content_id,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The content id that @ref leads to.
 * Returns 1 with it in @ret, or 0.  Errors: -EINVAL it is no such link.
 */
int cfs_stream_ref_get(const struct cfs_repo *repo, const char *ref,
		       char ret[static CFS_CONTENT_ID_MAX],
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Removes the ref.  Returns 1, or 0 when there was none. */
int cfs_stream_ref_remove(struct cfs_store *store, const char *ref,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Called for each ref, in order; @content_id is NULL where something else has
 * the name.  What it returns but 0 ends it. */
typedef int cfs_stream_ref_fn(const char *ref, const char *content_id,
			      void *arg, struct cfs_err *err);

/* Walks streams/refs/@dir and below; the names begin behind @dir. */
int cfs_stream_ref_each(const struct cfs_repo *repo, const char *dir,
			cfs_stream_ref_fn *fn, void *arg,
			struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 3, 5)));

/* Called for each stream, in the order of content ids; @id is NULL where
 * something else than a link to an object has the name. */
typedef int cfs_stream_fn(const char *content_id, const struct cfs_digest *id,
			  void *arg, struct cfs_err *err);
int cfs_stream_each(const struct cfs_repo *repo, cfs_stream_fn *fn, void *arg,
		    struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

#endif
