/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The way into a digester for files that come out of a stream, such as the
 * members of an archive, and have no descriptors of their own.
 *
 * The caller is given memory to fill, up to a window at a time.  Full windows
 * are hashed and kept by the digester's threads while the caller goes on.
 * Several feeds, each used by a thread of its own, may lead into one digester.
 *
 * A file of up to CFS_FEED_HELD windows stays in memory until its digest is
 * known, so that nothing is written if it is kept already.  The pieces of a
 * longer file are given to the keeper as they are hashed.
 */
#ifndef CFS_FSVERITY_FEED_H
#define CFS_FSVERITY_FEED_H

#include "base/own.h"
#include "base/source.h"
#include "fsverity/digester.h"

/* The windows of one feed, and how many of them one file may occupy until its
 * digest is known. */
#define CFS_FEED_WINDOWS 5
#define CFS_FEED_HELD	 4

/* The size of a feed's window in bytes, and of the pieces of longer files. */
#define CFS_FEED_WINDOW (CFS_DIGESTER_WINDOW / 2)

struct cfs_feed;

/* Creates a feed into @d, which must outlive it.
 * Errors: -ENOMEM, those of cfs_sha_new(). */
int cfs_feed_new(struct cfs_digester *d, struct cfs_feed **ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Waits until no job of the feed is left, and frees it.  Unfinished files are
 * discarded.  NULL is allowed. */
void cfs_feed_free(struct cfs_feed *feed);
CFS_DEFINE_AUTO(struct cfs_feed, cfs_feed_free);

/*
 * Begins a file of @size bytes.  The previous one must be complete.  The
 * digest, cfs_alg_size() bytes, is at @ret when the keeper is given the file,
 * at the latest after cfs_feed_finish(); until then @ret belongs to the feed.
 * @who: the caller's name for the file, given to the keeper.
 * Errors: those of any file so far; see cfs_feed_finish().
 */
int cfs_feed_file(struct cfs_feed *feed, uint64_t size, uint8_t *ret,
		  const void *who, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 5)));

/*
 * Sets *@ret to memory for the next *@ret_len bytes of the file, which the
 * caller must have filled before it calls any function of the feed again.
 * Returns 1, or 0 once the file is complete.  Callers must go on until it
 * returns 0, because that call takes the last piece.
 * Errors: see cfs_feed_finish().
 */
int cfs_feed_room(struct cfs_feed *feed, uint8_t **ret, size_t *ret_len,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* A file, all bytes of which @source has; the rest as of cfs_feed_file(). */
struct cfs_feed_content {
	const struct cfs_source *source;
	uint64_t size;
	uint8_t *ret;
	const void *who;
};

/*
 * Feeds a whole file.  *@ret_source: the failure is the source's, in its words.
 * Errors: those of the source and of cfs_feed_room(), -EINVAL the source ends
 * before.
 */
int cfs_feed_all(struct cfs_feed *feed, const struct cfs_feed_content *file,
		 bool *ret_source,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Waits until every file of the feed is done.  More may follow.
 * Errors: -EIO, -ENOMEM, those of the keeper, and those of everything else that
 * goes into the digester: after a failure, all calls fail with the same error.
 */
int cfs_feed_finish(struct cfs_feed *feed,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
