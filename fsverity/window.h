/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Short files side by side in memory, hashed together: the data of all of
 * them, then level after level of their Merkle trees, then the descriptors,
 * so that the lanes are full although most files have one block.
 *
 * A window is also the desk at which a thread hashes parts of long files.
 * Private to the digester (fsverity/digester.c, feed.c, long.c).
 */
#ifndef CFS_FSVERITY_WINDOW_H
#define CFS_FSVERITY_WINDOW_H

#include "fsverity/digester.h"

struct cfs_window;

/* @keeper: may be NULL; outlives the window.  Errors: -ENOMEM,
 * cfs_sha_new()'s. */
int cfs_window_new(enum cfs_alg alg, const struct cfs_keeper *keeper,
		   struct cfs_window **ret, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 4)));
void cfs_window_free(struct cfs_window *w);
CFS_DEFINE_AUTO(struct cfs_window, cfs_window_free);

/*
 * Where the bytes of one more file of @size (at most CFS_DIGESTER_WINDOW) go:
 * @size + 1 bytes may be written there before cfs_window_add().  NULL when the
 * window has to be flushed first.
 */
uint8_t *cfs_window_room(struct cfs_window *w, uint64_t size) CFS_NONNULL;

/* Takes the file whose bytes are there now.  Its digest is written to @ret by
 * the flush, and @who is what the keeper is given. */
void cfs_window_add(struct cfs_window *w, uint64_t size, uint8_t *ret,
		    const void *who) __attribute__((nonnull(1, 3)));

/* Hashes data that was added, when there is enough of it: the sooner the
 * better, while a cache has it.  Errors: -EIO. */
int cfs_window_hash(struct cfs_window *w,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Finishes all files that were added, and hands them to the keeper.  The
 * window is empty afterwards, also on failure.  Errors: -EIO, the keeper's. */
int cfs_window_flush(struct cfs_window *w,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Empties the window; no digest is written. */
void cfs_window_drop(struct cfs_window *w) CFS_NONNULL;

bool cfs_window_is_empty(const struct cfs_window *w) CFS_NONNULL;

/* The @who of the file that made the last flush fail; NULL when it was none's
 * fault. */
const void *cfs_window_culprit(const struct cfs_window *w) CFS_NONNULL;

/* What the window hashes with; see long.c. */
enum cfs_alg cfs_window_alg(const struct cfs_window *w) CFS_NONNULL;
struct cfs_climb *cfs_window_climb(struct cfs_window *w) CFS_NONNULL;

/* CFS_DIGESTER_WINDOW + 4096 bytes of memory, free while the window is empty. */
uint8_t *cfs_window_blocks(struct cfs_window *w) CFS_NONNULL;

/* Hashes the @len (over 0) bytes at @data, padded with zeros to a whole block
 * (up to whose end the memory is overwritten), to @out. */
int cfs_window_hash_data(struct cfs_window *w, uint8_t *data, size_t len,
			 uint8_t *out,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
