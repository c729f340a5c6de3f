/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Computes the fs-verity digests of many files at once.  The blocks and
 * descriptors of all files share the lanes of cfs_sha_blocks(), and the files
 * are shared among threads.
 *
 * Short files are read into a window (fsverity/window.h); a full window is
 * hashed level by level, the blocks of all its files together.  A file longer
 * than a window is hashed in segments of CFS_DIGESTER_SEGMENT bytes
 * (fsverity/long.h), which threads take in any order.
 *
 * With one thread, everything happens in the caller's calls and no descriptor
 * stays open.  With more, up to 256 descriptors are open at a time (or a
 * quarter of RLIMIT_NOFILE, if that is less).  The caller hashes too whenever
 * the other threads fall behind, and none is started before there is work for
 * two.
 */
#ifndef CFS_FSVERITY_DIGESTER_H
#define CFS_FSVERITY_DIGESTER_H

#include <sys/stat.h>

#include "base/bytes.h"
#include "base/own.h"
#include "fsverity/digest.h"

/* The size of a window in bytes, in which each file is padded to whole blocks,
 * and the size of the longest file that is read into one. */
#define CFS_DIGESTER_WINDOW (1u << 20)
/* The size in bytes of the segments that a longer file is hashed in. */
#define CFS_DIGESTER_SEGMENT CFS_DIGESTER_WINDOW

struct cfs_digester;

/*
 * Receives the files whose digests are known; repo/keeper.h stores them.  The
 * functions may be called by any thread and by several at a time.  If one
 * fails, the digester fails.  @who is the caller's name for the file.
 */
struct cfs_keeper {
	/* Keeps a file of at most a window, which is in memory as a whole. */
	int (*keep)(void *ctx, struct cfs_bytes data,
		    const struct cfs_digest *id, const void *who,
		    struct cfs_err *err);
	/* Keeps a longer file.  @fd is open for reading, at any position; its
	 * @size bytes have the digest @id. */
	int (*keep_file)(void *ctx, int fd, uint64_t size,
			 const struct cfs_digest *id, const void *who,
			 struct cfs_err *err);
	/*
	 * Returns whether a longer file had better be written while it is
	 * hashed, by the three functions below, than be read for a second time
	 * by keep_file.  May be NULL, which means no.
	 */
	bool (*writes_along)(void *ctx);
	/*
	 * Keep a longer file of @size bytes that comes from a feed
	 * (fsverity/feed.h), or for which writes_along returned true: begin is
	 * called once, write for each piece, in any order, and end once.
	 * begin is given @id if the whole file is in memory, else NULL.  It
	 * returns 1 with *@ret, which is passed on as @file, or 0 if @id is
	 * kept already: then nothing is written, and end is called with @file
	 * NULL. end frees @file.  With @id the file is complete; with NULL it
	 * is to be discarded, which always succeeds.
	 */
	int (*begin)(void *ctx, uint64_t size, const struct cfs_digest *id,
		     void **ret, struct cfs_err *err);
	int (*write)(void *ctx, void *file, uint64_t off, struct cfs_bytes data,
		     struct cfs_err *err);
	int (*end)(void *ctx, void *file, const struct cfs_digest *id,
		   const void *who, struct cfs_err *err);
	void *ctx;
};

/*
 * Creates a digester, to be freed by cfs_digester_free().
 * @threads: 0 for one per processor that this process may run on.
 * @keeper: copied; NULL if only the digests are wanted.
 * Errors: -ENOMEM, those of cfs_sha_new().
 */
int cfs_digester_new(enum cfs_alg alg, unsigned threads,
		     const struct cfs_keeper *keeper, struct cfs_digester **ret,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(4, 5)));

/* Cancels what is unfinished, as cfs_digester_cancel(), and frees @d.  NULL is
 * allowed. */
void cfs_digester_free(struct cfs_digester *d);
CFS_DEFINE_AUTO(struct cfs_digester, cfs_digester_free);

/*
 * From now on adds the bytes that any thread reads to *@bytes; NULL ends this.
 * No other function of @d may run at the same time.
 */
void cfs_digester_count(struct cfs_digester *d, _Atomic uint64_t *bytes)
	__attribute__((nonnull(1)));

/* Says that each digest will be compared with one that is known: a file that
 * changes while it is read has another, so that its status need not be asked
 * for again. */
void cfs_digester_compares(struct cfs_digester *d) CFS_NONNULL;

enum cfs_alg cfs_digester_alg(const struct cfs_digester *d) CFS_NONNULL;

/*
 * Adds the regular file *@fd, whose status was @st.  It is read from its start.
 * The digester takes the descriptor over: *@fd becomes -EBADF, also on failure.
 * The digest, cfs_alg_size() bytes, is at @ret once cfs_digester_finish() has
 * succeeded; until then @ret belongs to the digester.
 *
 * @who: the caller's name for the file, given to the keeper and returned by
 * cfs_digester_culprit(); never dereferenced.
 * Errors: those of any file added so far; see cfs_digester_finish().
 */
int cfs_digester_add(struct cfs_digester *d, int *fd, const struct stat *st,
		     uint8_t *ret, const void *who,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 3, 4, 6)));

/*
 * Waits until every file is done.  More may be added afterwards.
 * Errors: -ESTALE if a file changed (its size or time is not that of @st after
 * it was read), those of reading, -ENOMEM, those of the keeper.  After a
 * failure nothing more is started and every call fails with the same error.
 * Once this function has failed, no @ret is written to.
 */
int cfs_digester_finish(struct cfs_digester *d,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Discards what is unfinished and waits for the threads.  Afterwards no @ret is
 * written to, and every other call fails.
 */
void cfs_digester_cancel(struct cfs_digester *d) CFS_NONNULL;

/* Returns the @who of the file that failed, or NULL if the failure was not a
 * file's. */
const void *cfs_digester_culprit(const struct cfs_digester *d) CFS_NONNULL;

#endif
