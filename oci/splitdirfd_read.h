/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_SPLITDIRFD_READ_H
#define CFS_OCI_SPLITDIRFD_READ_H

#include "base/source.h"
#include "oci/splitdirfd.h"

/* Bytes of the stream that are read at a time. */
#define CFS_SPLITDIRFD_BUFFER 16384

/*
 * Reads a splitdirfdstream, of which nothing is trusted: memory does not depend
 * on what it claims, and files are opened below the directories alone, if they
 * are regular.  Initialise it with CFS_SPLITDIRFD_READER_INIT and fill in the
 * first members.
 */
struct cfs_splitdirfd_reader {
	const struct cfs_source *from; /* the stream */
	const int *directories; /* borrowed; need not all be directories */
	unsigned n_directories;
	/*
	 * Called for each file that has @size bytes, no more and no less,
	 * before it is read.  May be NULL.  Returns 0, or negative errno with
	 * @err set, which ends the reading.
	 */
	int (*found)(void *arg, int directory, const char *name, uint64_t size,
		     struct cfs_err *err);
	void *arg;
	/* Private, but for @is_wrong: the stream, or a file that it names, is
	 * to blame for the failure. */
	bool is_wrong;
	bool failed;
	int fd;		/* the file of the chunk, or negative */
	uint64_t left;	/* bytes of the chunk */
	size_t at, end; /* of what is in the buffer */
	uint8_t buffer[CFS_SPLITDIRFD_BUFFER];
	char name[CFS_SPLITDIRFD_NAME_MAX + 1];
};

#define CFS_SPLITDIRFD_READER_INIT \
	{                          \
		.fd = -EBADF       \
	}

/* Closes what is open; the directories stay open. */
void cfs_splitdirfd_close(struct cfs_splitdirfd_reader *reader);
#define CFS_AUTOSPLITDIRFD __attribute__((cleanup(cfs_splitdirfd_close)))

/*
 * The bytes of the layer.  More of the stream may have been read than they
 * need.
 * Errors: -EBADMSG the stream is malformed, ends inside a chunk or names a
 * directory that it does not have; a file is no regular one, leads out of its
 * directory or is too short; -ENOENT, -EACCES, ... a file cannot be opened;
 * those of @from and of the function found().
 */
struct cfs_source cfs_splitdirfd_source(struct cfs_splitdirfd_reader *reader)
	CFS_NONNULL;

#endif
