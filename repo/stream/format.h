/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Splitstreams on disk: a stream of bytes, such as a tar archive, cut into
 * what is kept in place and what is an object of the repository.  A
 * splitstream is itself an object; streams/<content id> links to it.
 *
 *	  0  header   magic, version, hash algorithm, where the info is
 *	 32  info     where the four sections are, content type, size
 *	112  stream refs   ids of other splitstreams, one after another
 *	     object refs   ids of objects, likewise, in the order of first use
 *	     named refs    one zstd frame of "<index>:<name>\0" for stream refs
 *	     stream        one zstd frame of chunks
 *
 * A chunk is a number n of 64 bits with a sign: below zero, -n bytes follow;
 * otherwise it stands for the whole object n of the object refs.  All numbers
 * are little-endian.  Ranges are byte offsets of the file, the end excluded.
 *
 * Source: composefs-rs crates/composefs/src/splitstream.rs.
 */
#ifndef CFS_REPO_STREAM_FORMAT_H
#define CFS_REPO_STREAM_FORMAT_H

#include "base/disk.h"

#define CFS_STREAM_MAGIC     "SplitStream"
#define CFS_STREAM_MAGIC_LEN 11
#define CFS_STREAM_VERSION   0
#define CFS_STREAM_LOG_BLOCK 12

struct cfs_stream_range {
	cfs_le64 start, end;
};

struct cfs_stream_header {
	uint8_t magic[CFS_STREAM_MAGIC_LEN];
	uint8_t version;
	cfs_le16 flags; /* 0; not looked at */
	uint8_t alg;	/* enum cfs_alg */
	uint8_t log_block;
	struct cfs_stream_range info;
};
_Static_assert(sizeof(struct cfs_stream_header) == 32, "header layout");

/* The header of programs of before 2026: the same fields in another order. */
struct cfs_stream_old_header {
	struct cfs_stream_range info;
	cfs_le16 flags;
	uint8_t magic[CFS_STREAM_MAGIC_LEN];
	uint8_t version;
	uint8_t alg;
	uint8_t log_block;
};
_Static_assert(sizeof(struct cfs_stream_old_header) == 32, "header layout");

/* May be longer in the file, by what later versions add. */
struct cfs_stream_info {
	struct cfs_stream_range stream_refs;
	struct cfs_stream_range object_refs;
	struct cfs_stream_range stream;
	struct cfs_stream_range named_refs;
	uint8_t type[8];
	cfs_le64 size; /* of the stream as a whole, objects included */
};
_Static_assert(sizeof(struct cfs_stream_info) == 80, "info layout");

/* Content types. */
#define CFS_STREAM_LAYER    "ocilayer"
#define CFS_STREAM_CONFIG   "ociconfg"
#define CFS_STREAM_MANIFEST "ocimanif"
#define CFS_STREAM_BLOB	    "oci_blob"

#endif
