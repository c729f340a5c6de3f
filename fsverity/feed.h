/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Files that come out of a stream, and not of descriptors of their own, on
 * their way into a digester: the members of an archive.
 *
 * The caller is handed memory to put the bytes into, a window at a time; full
 * windows are hashed, and what is in them kept, by the digester's threads
 * while the caller goes on.  Several feeds, each of a thread of its own, may
 * lead into one digester.
 *
 * A file of up to CFS_FEED_HELD windows stays in memory until its digest is
 * known, so that nothing is written of one that is kept already; pieces of a
 * longer one are given to the keeper as they are hashed.
 */
#ifndef CFS_FSVERITY_FEED_H
#define CFS_FSVERITY_FEED_H

#include "fsverity/digester.h"

/* Windows of a feed into a digester with several threads, and those of them
 * that one file may hold on to. */
#define CFS_FEED_WINDOWS 6
#define CFS_FEED_HELD	 4

struct cfs_feed;

/* @d outlives the feed.  Errors: -ENOMEM, cfs_sha_new()'s. */
int cfs_feed_new(struct cfs_digester *d, struct cfs_feed **ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Waits until the digester has nothing of this feed any more, and frees it.
 * Files that were not finished are forgotten.  NULL is allowed. */
void cfs_feed_free(struct cfs_feed *feed);
CFS_DEFINE_AUTO(struct cfs_feed, cfs_feed_free);

/*
 * Begins a file of @size bytes; the one before is complete.  Its digest,
 * cfs_alg_size() bytes, is at @ret once the keeper had the file, at the latest
 * after cfs_feed_finish(); until then @ret belongs to the feed.
 * @who: the caller's name for it, given to the keeper.
 * Errors: those of any file so far; see cfs_feed_finish().
 */
int cfs_feed_file(struct cfs_feed *feed, uint64_t size, uint8_t *ret,
		  const void *who, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 5)));

/*
 * Gives the memory for the next @*ret_len bytes of the file.  The caller has
 * filled them when it calls any function of the feed again.
 * Returns 1, or 0 when the file is complete, which has to be asked for: the
 * last piece is taken then.
 * Errors: as above.
 */
int cfs_feed_room(struct cfs_feed *feed, uint8_t **ret, size_t *ret_len,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Waits until every file is done.  More may follow.
 * Errors: -EIO, -ENOMEM, the keeper's, and those of everything else that goes
 * into the digester: once something has failed all calls fail with it.
 */
int cfs_feed_finish(struct cfs_feed *feed,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
