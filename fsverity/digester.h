/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * fs-verity digests of many files: their blocks, and the descriptors at the
 * end, share the lanes of cfs_sha_blocks(), and threads share the files.
 *
 * Short files are read into a window; a full window is hashed level by level,
 * the blocks of all its files together.  A file longer than a window is hashed
 * in segments of CFS_DIGESTER_SEGMENT bytes, which threads take in any order;
 * a segment is a whole number of blocks one level up in both algorithms, and
 * only their hashes are kept: 64 or 256 bytes a segment.
 *
 * With one thread everything happens in the caller's calls, and no descriptor
 * stays open.  With more, up to 256 do (a quarter of RLIMIT_NOFILE, when that
 * is less); the caller hashes as well whenever the others are behind, and no
 * thread is started before there is enough for two.
 */
#ifndef CFS_FSVERITY_DIGESTER_H
#define CFS_FSVERITY_DIGESTER_H

#include <sys/stat.h>

#include "base/bytes.h"
#include "fsverity/digest.h"

/* Bytes of one window, files padded to whole blocks, and of the longest file
 * that is read into one. */
#define CFS_DIGESTER_WINDOW (1u << 20)
/* Bytes of the parts that a longer file is hashed in. */
#define CFS_DIGESTER_SEGMENT CFS_DIGESTER_WINDOW

struct cfs_digester;

/*
 * What becomes of the files whose digests are known; usually they are stored
 * (repo/keeper.h).  The functions are called by any of the threads, several at
 * a time, and a failure of one ends everything.  @who is the caller's name for
 * the file.
 */
struct cfs_keeper {
	/* A file of at most a window, which is in memory as a whole. */
	int (*keep)(void *ctx, struct cfs_bytes data,
		    const struct cfs_digest *id, const void *who,
		    struct cfs_err *err);
	/* A longer one: @fd is open for reading, at any position; @size bytes
	 * of it have the digest @id. */
	int (*keep_file)(void *ctx, int fd, uint64_t size,
			 const struct cfs_digest *id, const void *who,
			 struct cfs_err *err);
	/*
	 * A longer one of @size bytes that is fed (fsverity/feed.h): begun,
	 * written in pieces of any order, and ended once.  @id is known at the
	 * beginning if all of the file is in memory, NULL otherwise.
	 * begin returns 1 with *@ret, or 0 when @id is kept already: nothing
	 * is written then, and end is called with @file NULL.
	 * end takes @file back: with @id the file is complete, with NULL it is
	 * to be forgotten, which always succeeds.
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
 * @threads: 0 for as many as this process may run on at once.
 * @keeper: copied; NULL when digests are all that is wanted.
 * Errors: -ENOMEM, cfs_sha_new()'s.
 */
int cfs_digester_new(enum cfs_alg alg, unsigned threads,
		     const struct cfs_keeper *keeper, struct cfs_digester **ret,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(4, 5)));

/* As cfs_digester_cancel(), and frees it.  NULL is allowed. */
void cfs_digester_free(struct cfs_digester *d);
CFS_DEFINE_AUTO(struct cfs_digester, cfs_digester_free);

/*
 * Counts in *@bytes what is read of files, from now on and by any thread.
 * NULL: no more.  Nothing else may be called meanwhile.
 */
void cfs_digester_count(struct cfs_digester *d, _Atomic uint64_t *bytes)
	__attribute__((nonnull(1)));

enum cfs_alg cfs_digester_alg(const struct cfs_digester *d) CFS_NONNULL;

/*
 * Takes the regular file *@fd over (it becomes -EBADF, also on failure),
 * whose status was @st, to be read from its start.  Its digest,
 * cfs_alg_size() bytes, is at @ret once cfs_digester_finish() has succeeded;
 * until then @ret belongs to the digester.
 *
 * @who: names the file in cfs_digester_culprit(); not looked at.
 * Errors: those of any file that was added so far; see below.
 */
int cfs_digester_add(struct cfs_digester *d, int *fd, const struct stat *st,
		     uint8_t *ret, const void *who,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 3, 4, 6)));

/*
 * Waits until every file is done.  More may be added afterwards.
 * Errors: -ESTALE a file is not what @st said any more (its size or time
 * differ after it was read), reading, -ENOMEM, the keeper's.  Once something
 * has failed nothing else is started and every call fails with it.  When this
 * one has, no @ret is written to any more.
 */
int cfs_digester_finish(struct cfs_digester *d,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Gives up: waits for the threads, and drops what is unfinished.  No @ret is
 * written to afterwards, and every other call fails.
 */
void cfs_digester_cancel(struct cfs_digester *d) CFS_NONNULL;

/* The @who of the file that failed; NULL when it was no file's fault. */
const void *cfs_digester_culprit(const struct cfs_digester *d) CFS_NONNULL;

#endif
