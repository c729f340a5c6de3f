/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A window: memory in which short files lie side by side and are hashed
 * together, first the data of all of them, then their Merkle trees level by
 * level, then the descriptors.  This keeps the lanes of cfs_sha_blocks() full
 * although most files have a single block.
 *
 * A window is also the desk (base/pool.h) of a thread, which hashes parts of
 * long files in its memory.  Private to the digester (fsverity/digester.c,
 * feed.c, long.c).
 */
#ifndef CFS_FSVERITY_WINDOW_H
#define CFS_FSVERITY_WINDOW_H

#include "base/own.h"
#include "fsverity/digester.h"

struct cfs_window;

/* Creates a window, to be freed by cfs_window_free().  @keeper (may be NULL)
 * must outlive it.  Errors: -ENOMEM, those of cfs_sha_new(). */
int cfs_window_new(enum cfs_alg alg, const struct cfs_keeper *keeper,
		   struct cfs_window **ret, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 4)));
void cfs_window_free(struct cfs_window *w);
CFS_DEFINE_AUTO(struct cfs_window, cfs_window_free);

/*
 * Returns memory for the contents of one more file of @size bytes (at most
 * CFS_DIGESTER_WINDOW), or NULL if the window must be flushed first.  @size + 1
 * bytes may be written there before cfs_window_add().
 */
uint8_t *cfs_window_room(struct cfs_window *w, uint64_t size) CFS_NONNULL;

/* Adds the file whose contents have been written to cfs_window_room(@size).
 * cfs_window_flush() writes its digest to @ret and gives @who to the keeper. */
void cfs_window_add(struct cfs_window *w, uint64_t size, uint8_t *ret,
		    const void *who) __attribute__((nonnull(1, 3)));

/* Returns how many bytes of memory the files in the window occupy. */
size_t cfs_window_used(const struct cfs_window *w) CFS_NONNULL;

/* Hashes the data added since the last call, if it is enough to be efficient:
 * early, while a cache has it.  Errors: see cfs_sha_blocks(). */
int cfs_window_hash(struct cfs_window *w,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Computes the digests of all files added and gives the files to the keeper.
 * The window is empty afterwards, also on failure.
 * Errors: those of cfs_sha_blocks() and of the keeper. */
int cfs_window_flush(struct cfs_window *w,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Empties the window without writing any digest. */
void cfs_window_drop(struct cfs_window *w) CFS_NONNULL;

/* Returns whether the window contains no file. */
bool cfs_window_is_empty(const struct cfs_window *w) CFS_NONNULL;

/* Returns the @who of the file that made the last flush fail, or NULL if the
 * failure was not a file's. */
const void *cfs_window_culprit(const struct cfs_window *w) CFS_NONNULL;

/* Return the hash algorithm of the window, and the climb that it uses. */
enum cfs_alg cfs_window_alg(const struct cfs_window *w) CFS_NONNULL;
struct cfs_climb *cfs_window_climb(struct cfs_window *w) CFS_NONNULL;

/* Returns CFS_DIGESTER_WINDOW + 4096 bytes of memory, which may be used while
 * the window is empty. */
uint8_t *cfs_window_blocks(struct cfs_window *w) CFS_NONNULL;

/* Hashes the blocks of the @len (more than 0) bytes at @data and writes their
 * hashes to @out.  The memory up to the end of the last block is overwritten
 * with zeros, which pad it.  Errors: see cfs_sha_blocks(). */
int cfs_window_hash_data(struct cfs_window *w, uint8_t *data, size_t len,
			 uint8_t *out,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
