/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * splitdirfdstream: the bytes of a layer, on their way to another process of
 * this machine, of which most stay in files that the other process opens.
 *
 * A stream is a sequence of chunks; the layer is what they give, one after the
 * other.  It has neither a header nor an end of its own, so that only the
 * digest of the layer tells whether it is whole.  Integers are little-endian.
 *
 *   byte 0, u32 n, n bytes           bytes of the archive between contents
 *   byte 1, u32 n, n bytes           the content of a file
 *   byte 2, u64 size, u32 directory, u32 n, n bytes
 *                                    the first size bytes of the file with this
 *                                    name, below one of the directories whose
 *                                    descriptors go with the stream
 *
 * Source: composefs-splitdirfdstream 0.9.4 (crate of composefs-rs), the
 * documentation of its library.
 */
#ifndef CFS_OCI_SPLITDIRFD_H
#define CFS_OCI_SPLITDIRFD_H

#include "base/disk.h"

/* The name of this feature in the list of a service that has it. */
#define CFS_SPLITDIRFD_FEATURE "splitdirfdstream-v0"

/* The first byte of a chunk. */
enum cfs_splitdirfd_type {
	CFS_SPLITDIRFD_BYTES = 0,
	CFS_SPLITDIRFD_CONTENT = 1,
	CFS_SPLITDIRFD_FILE = 2,
};

/* The fields behind the type in chunks of bytes and of content. */
struct cfs_splitdirfd_bytes {
	cfs_le32 n;
};

/* The fields behind the type in chunks of files. */
struct cfs_splitdirfd_file {
	cfs_le64 size;
	cfs_le32 directory;
	cfs_le32 n; /* bytes of the name */
};

_Static_assert(sizeof(struct cfs_splitdirfd_bytes) == 4, "layout");
_Static_assert(sizeof(struct cfs_splitdirfd_file) == 16, "layout");

/* Bytes that a chunk has at most, and those of a name. */
#define CFS_SPLITDIRFD_BYTES_MAX (256u << 20)
#define CFS_SPLITDIRFD_NAME_MAX	 4096

#endif
