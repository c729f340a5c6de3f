/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/cat.h"

#include "repo/object.h"

#define PIECE (64u << 10)

static int copy_object(int objects, const struct cfs_digest *id,
		       const struct cfs_sink *to, uint64_t *sum,
		       struct cfs_err *err)
{
	char path[CFS_OBJECT_PATH_MAX];
	CFS_AUTOFD int fd = -EBADF;
	const struct cfs_source source = cfs_source_of_fd(&fd);
	uint64_t n = 0;
	int r = cfs_object_open(objects, id, &fd, err);

	cfs_digest_to_path(id, path);
	if (r == 0)
		r = cfs_fail(err, ENOENT, "it is missing");
	if (r > 0)
		/* Checked before it is copied, as what is written cannot be
		 * taken back. */
		r = cfs_object_check(fd, id, err);
	if (r >= 0)
		r = cfs_sink_copy(to, &source, &n, err);
	*sum += n;
	return r < 0 ? cfs_ctx(err, "objects/%s", path) : 0;
}

static int copy_bytes(struct cfs_stream *stream, const struct cfs_sink *to,
		      uint64_t *sum, struct cfs_err *err)
{
	uint8_t data[PIECE];
	ssize_t n;

	while ((n = cfs_stream_read(stream, data, sizeof(data), err)) > 0) {
		int r = cfs_sink_write(to, data, (size_t)n, err);

		if (r < 0)
			return r;
		*sum += (uint64_t)n;
	}
	return (int)n;
}

int cfs_stream_cat(const struct cfs_repo *repo, struct cfs_stream *stream,
		   const struct cfs_sink *to, struct cfs_err *err)
{
	CFS_AUTOFD int objects = cfs_repo_open_objects(repo, err);
	struct cfs_stream_chunk chunk;
	uint64_t sum = 0;
	int r = objects < 0 ? objects : 0;

	while (r == 0 && (r = cfs_stream_next(stream, &chunk, err)) > 0) {
		struct cfs_digest id;

		if (!chunk.is_object) {
			r = copy_bytes(stream, to, &sum, err);
			continue;
		}
		id = cfs_stream_object(stream, (size_t)chunk.n);
		r = copy_object(objects, &id, to, &sum, err);
	}
	if (r == 0 && sum != cfs_stream_size(stream))
		r = cfs_fail(err, EBADMSG,
			     "the stream has %llu bytes instead of the %llu "
			     "that it claims",
			     (unsigned long long)sum,
			     (unsigned long long)cfs_stream_size(stream));
	return r;
}
