/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/splitdirfd_read.h"

#include <string.h>
#include <sys/stat.h>

#include "base/io.h"

#define CTX "splitdirfdstream"

void cfs_splitdirfd_close(struct cfs_splitdirfd_reader *reader)
{
	cfs_closep(&reader->fd);
}

/* Words a mistake of the stream, unless @err has it worded. */
#define wrong(reader, err, code, ...) \
	((reader)->is_wrong = true, cfs_fail(err, code, CTX ": " __VA_ARGS__))

/* Reads more of the stream.  Returns 1, or 0 at its end. */
static int fill(struct cfs_splitdirfd_reader *reader, struct cfs_err *err)
{
	ssize_t n = cfs_source_read(reader->from, reader->buffer,
				    sizeof(reader->buffer), err);

	if (n < 0)
		return (int)n;
	reader->at = 0;
	reader->end = (size_t)n;
	return n > 0;
}

/* Takes up to @len bytes of the stream.  Returns their number, 0 at its end. */
static ssize_t take_some(struct cfs_splitdirfd_reader *reader, void *data,
			 size_t len, struct cfs_err *err)
{
	size_t have;

	if (reader->at == reader->end) {
		int r = fill(reader, err);

		if (r <= 0)
			return r;
	}
	have = reader->end - reader->at;
	if (len > have)
		len = have;
	memcpy(data, reader->buffer + reader->at, len);
	reader->at += len;
	return (ssize_t)len;
}

/* Takes @len bytes of a chunk. */
static int take(struct cfs_splitdirfd_reader *reader, void *data, size_t len,
		struct cfs_err *err)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = take_some(reader, (uint8_t *)data + done,
				      len - done, err);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return wrong(reader, err, EBADMSG,
				     "it ends inside a chunk");
		done += (size_t)n;
	}
	return 0;
}

static int begin_bytes(struct cfs_splitdirfd_reader *reader,
		       struct cfs_err *err)
{
	struct cfs_splitdirfd_bytes head;
	int r = take(reader, &head, sizeof(head), err);

	if (r < 0)
		return r;
	if (cfs_get32(head.n) > CFS_SPLITDIRFD_BYTES_MAX)
		return wrong(reader, err, EBADMSG,
			     "a chunk has %lu bytes; the maximum is %lu",
			     (unsigned long)cfs_get32(head.n),
			     (unsigned long)CFS_SPLITDIRFD_BYTES_MAX);
	reader->left = cfs_get32(head.n);
	return 1;
}

/* Takes the name of a file, of @n bytes. */
static int take_name(struct cfs_splitdirfd_reader *reader, size_t n,
		     struct cfs_err *err)
{
	int r;

	if (n == 0 || n > CFS_SPLITDIRFD_NAME_MAX)
		return wrong(reader, err, EBADMSG,
			     "the name of a file has %zu bytes (supported: 1 "
			     "to %d)",
			     n, CFS_SPLITDIRFD_NAME_MAX);
	r = take(reader, reader->name, n, err);
	if (r < 0)
		return r;
	reader->name[n] = '\0';
	if (strlen(reader->name) != n)
		return wrong(reader, err, EBADMSG,
			     "the name of a file contains a NUL byte");
	return 0;
}

static int open_file(struct cfs_splitdirfd_reader *reader, int directory,
		     uint64_t size, struct cfs_err *err)
{
	struct stat st;
	int fd = cfs_open_regular(directory, reader->name, &st);

	if (fd == -EXDEV)
		return wrong(reader, err, EBADMSG,
			     "the file %s leads out of its directory",
			     reader->name);
	if (fd == -EISDIR || fd == -EINVAL || fd == -ENOTDIR)
		return wrong(reader, err, EBADMSG,
			     "%s is no regular file below a directory",
			     reader->name);
	if (fd < 0)
		return wrong(reader, err, -fd, "open %s: %s", reader->name,
			     strerror(-fd));
	reader->fd = fd;
	reader->left = size;
	if (!reader->found || (uint64_t)st.st_size != size)
		return 1;
	fd = reader->found(reader->arg, directory, reader->name, size, err);
	return fd < 0 ? fd : 1;
}

static int begin_file(struct cfs_splitdirfd_reader *reader, struct cfs_err *err)
{
	struct cfs_splitdirfd_file head;
	uint32_t directory;
	int r = take(reader, &head, sizeof(head), err);

	if (r == 0)
		r = take_name(reader, cfs_get32(head.n), err);
	if (r < 0)
		return r;
	directory = cfs_get32(head.directory);
	if (directory >= reader->n_directories)
		return wrong(reader, err, EBADMSG,
			     "directory %lu is missing; %u came with it",
			     (unsigned long)directory, reader->n_directories);
	return open_file(reader, reader->directories[directory],
			 cfs_get64(head.size), err);
}

/* Begins the next chunk.  Returns 1, or 0 behind the last. */
static int begin_chunk(struct cfs_splitdirfd_reader *reader,
		       struct cfs_err *err)
{
	uint8_t type;
	ssize_t n = take_some(reader, &type, 1, err);

	cfs_closep(&reader->fd);
	if (n <= 0)
		return (int)n;
	switch (type) {
	case CFS_SPLITDIRFD_BYTES:
	case CFS_SPLITDIRFD_CONTENT:
		return begin_bytes(reader, err);
	case CFS_SPLITDIRFD_FILE:
		return begin_file(reader, err);
	default:
		return wrong(reader, err, EBADMSG, "unknown kind of chunk: %u",
			     type);
	}
}

/* Reads up to @len bytes of the file of a chunk. */
static ssize_t read_file(struct cfs_splitdirfd_reader *reader, void *data,
			 size_t len, struct cfs_err *err)
{
	const struct cfs_source file = cfs_source_of_fd(&reader->fd);
	ssize_t n = cfs_source_read(&file, data, len, err);

	reader->is_wrong |= n < 0;
	if (n == 0)
		return wrong(reader, err, EBADMSG,
			     "%s is shorter than the stream claims",
			     reader->name);
	return n;
}

static ssize_t read_layer(struct cfs_splitdirfd_reader *reader, void *data,
			  size_t len, struct cfs_err *err)
{
	ssize_t n;

	while (reader->left == 0) {
		int r = begin_chunk(reader, err);

		if (r <= 0)
			return r;
	}
	if (len > reader->left)
		len = (size_t)reader->left;
	if (reader->fd >= 0)
		return read_file(reader, data, len, err);
	n = take_some(reader, data, len, err);
	return n == 0 ? wrong(reader, err, EBADMSG, "it ends inside a chunk")
		      : n;
}

static ssize_t read_source(void *ctx, void *data, size_t len,
			   struct cfs_err *err)
{
	struct cfs_splitdirfd_reader *reader = ctx;
	ssize_t n;

	if (reader->failed)
		return cfs_fail(err, EIO, CTX ": reading it failed before");
	n = read_layer(reader, data, len, err);
	reader->failed = n < 0;
	reader->left -= n > 0 ? (uint64_t)n : 0;
	return n;
}

struct cfs_source cfs_splitdirfd_source(struct cfs_splitdirfd_reader *reader)
{
	return (struct cfs_source){ read_source, reader };
}
