/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Stores many files with two threads: the caller's reads and digests, the
 * other one writes.  The store is the writer's until cfs_writer_finish().
 */
#ifndef CFS_REPO_WRITER_H
#define CFS_REPO_WRITER_H

#include "repo/store.h"

struct cfs_writer;

/* Starts one.  @store outlives it.  Errors: -ENOMEM, -EAGAIN no thread. */
int cfs_writer_new(struct cfs_store *store, struct cfs_writer **ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Ends it; what waits to be written is given up. */
void cfs_writer_free(struct cfs_writer *writer);
CFS_DEFINE_AUTO(struct cfs_writer, cfs_writer_free);

/*
 * As cfs_object_add_file(), but the object is there only after
 * cfs_writer_finish(); an error may be about a file given earlier.
 */
int cfs_writer_add_file(struct cfs_writer *writer, int fd,
			struct cfs_digest *ret, uint64_t *ret_size,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Waits until everything is written.  Returns the first error, if any. */
int cfs_writer_finish(struct cfs_writer *writer,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
