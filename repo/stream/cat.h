/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_REPO_STREAM_CAT_H
#define CFS_REPO_STREAM_CAT_H

#include "base/sink.h"
#include "repo/open.h"
#include "repo/stream/reader.h"

/*
 * Writes what @stream, at its first chunk, stands for to @to: its bytes, and
 * the contents of its objects, each of which is checked before it is written.
 *
 * Errors: -ENOENT an object is missing, -EBADMSG one is not what its name
 * says, or the stream is damaged or of another length than it claims; those of
 * @to.
 */
int cfs_stream_cat(const struct cfs_repo *repo, struct cfs_stream *stream,
		   const struct cfs_sink *to,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
