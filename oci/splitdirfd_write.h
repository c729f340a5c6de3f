/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_SPLITDIRFD_WRITE_H
#define CFS_OCI_SPLITDIRFD_WRITE_H

#include "base/sink.h"
#include "oci/splitdirfd.h"
#include "repo/open.h"
#include "repo/stream/reader.h"

/*
 * Writes what @stream, at its first chunk, stands for to @to, as a
 * splitdirfdstream: its objects are files below objects/ of @repo, which is
 * directory number @directory for the reader.  They are not read here; the
 * reader compares the digest of the layer.  What is written after a failure
 * ends inside a chunk, so that no reader takes it for a layer.
 *
 * Errors: -ENOENT an object is missing; -EBADMSG the stream is damaged; those
 * of @to.
 */
int cfs_splitdirfd_write(const struct cfs_repo *repo, struct cfs_stream *stream,
			 uint32_t directory, const struct cfs_sink *to,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
