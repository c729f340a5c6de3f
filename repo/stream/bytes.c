/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/bytes.h"

#include "repo/object.h"

int cfs_stream_bytes_open(const struct cfs_repo *repo,
			  struct cfs_stream *stream,
			  struct cfs_stream_bytes *ret, struct cfs_err *err)
{
	ret->objects = cfs_repo_open_objects(repo, err);
	if (ret->objects < 0)
		return ret->objects;
	ret->object = -EBADF;
	ret->stream = stream;
	return 0;
}

void cfs_stream_bytes_close(struct cfs_stream_bytes *bytes)
{
	cfs_closep(&bytes->object);
	cfs_closep(&bytes->objects);
}

/* Reads from the object at hand.  Returns 0 at its end. */
static ssize_t read_object(struct cfs_stream_bytes *b, void *data, size_t len,
			   struct cfs_err *err)
{
	const struct cfs_source source = cfs_source_of_fd(&b->object);
	ssize_t n;

	if (b->object < 0)
		return 0;
	n = cfs_source_read(&source, data, len, err);
	if (n == 0)
		cfs_closep(&b->object);
	return n;
}

static int open_object(struct cfs_stream_bytes *b, uint64_t index,
		       struct cfs_err *err)
{
	struct cfs_digest id = cfs_stream_object(b->stream, (size_t)index);
	char path[CFS_OBJECT_PATH_MAX];
	int r = cfs_object_open(b->objects, &id, &b->object, err);

	if (r == 0)
		r = cfs_fail(err, ENOENT, "it is missing");
	cfs_digest_to_path(&id, path);
	return r < 0 ? cfs_ctx(err, "objects/%s", path) : r;
}

static ssize_t read_bytes(void *ctx, void *data, size_t len,
			  struct cfs_err *err)
{
	struct cfs_stream_bytes *b = ctx;

	for (;;) {
		struct cfs_stream_chunk chunk;
		ssize_t n = read_object(b, data, len, err);

		if (n == 0)
			n = cfs_stream_read(b->stream, data, len, err);
		if (n != 0)
			return n;
		n = cfs_stream_next(b->stream, &chunk, err);
		if (n > 0 && chunk.is_object)
			n = open_object(b, chunk.n, err);
		if (n <= 0)
			return n;
	}
}

struct cfs_source cfs_stream_bytes_source(struct cfs_stream_bytes *bytes)
{
	return (struct cfs_source){ read_bytes, bytes };
}
