/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Keeps a process alive that reads a mapped image whose bytes cannot be had any
 * more: the file was truncated, its disk failed, or fs-verity found it changed.
 * The kernel answers with SIGBUS then.  Private to the room.
 */
#ifndef CFS_FUSE_GUARD_H
#define CFS_FUSE_GUARD_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

/*
 * From now on, until cfs_fuse_guard_end(), bytes of @image that cannot be read
 * are zeros, and cfs_fuse_guard_tripped() says so from the first of them on.
 * SIGBUS for any other reason still ends the process.  One image at a time.
 *
 * @image: begins at a page.
 * Errors: those of sigaction(2).
 */
int cfs_fuse_guard_begin(struct cfs_bytes image,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_fuse_guard_end(void);

/* Returns whether any byte of the image could not be read: what was computed
 * from its bytes is worth nothing.  Any thread may call. */
bool cfs_fuse_guard_tripped(void);

/* Notes that the kernel could not read the image, when it was given as data. */
void cfs_fuse_guard_trip(void);

#endif
