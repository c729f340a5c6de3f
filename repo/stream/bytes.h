/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_REPO_STREAM_BYTES_H
#define CFS_REPO_STREAM_BYTES_H

#include "base/source.h"
#include "repo/open.h"
#include "repo/stream/reader.h"

/*
 * What a stream stands for, to be read piece by piece.  Objects are not
 * checked: it is for readers who know the digest of the whole.
 * cfs_stream_cat() checks each.
 */
struct cfs_stream_bytes {
	struct cfs_stream *stream; /* borrowed, at its first chunk */
	int objects;		   /* owned */
	int object;		   /* owned; the one being read, or -EBADF */
};

#define CFS_STREAM_BYTES_INIT                        \
	{                                            \
		.objects = -EBADF, .object = -EBADF, \
	}

/* Errors: of opening objects/. */
int cfs_stream_bytes_open(const struct cfs_repo *repo,
			  struct cfs_stream *stream,
			  struct cfs_stream_bytes *ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_stream_bytes_close(struct cfs_stream_bytes *bytes);

/* Errors of reading: -ENOENT an object is missing, -EBADMSG the stream is
 * damaged, ... */
struct cfs_source cfs_stream_bytes_source(struct cfs_stream_bytes *bytes)
	CFS_NONNULL;

#endif
