/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/splitdirfd_write.h"

#include <sys/stat.h>

#include "repo/object.h"

/* Bytes that are collected before they are written. */
#define BUFFER 65536

struct writing {
	const struct cfs_sink *to;
	int objects; /* objects/ */
	uint32_t directory;
	struct cfs_buf buf; /* not yet written */
	bool broken;	    /* @to failed */
};

static int flush(struct writing *w, struct cfs_err *err)
{
	int r = cfs_buf_check(&w->buf, err);

	if (r == 0)
		r = cfs_sink_write(w->to, w->buf.data, w->buf.len, err);
	w->broken |= r < 0;
	w->buf.len = 0;
	return r;
}

static int flush_if_long(struct writing *w, struct cfs_err *err)
{
	return w->buf.len < BUFFER ? 0 : flush(w, err);
}

/* The bytes between two objects, in as many chunks as they are read in. */
static int write_bytes(struct writing *w, struct cfs_stream *stream,
		       struct cfs_err *err)
{
	uint8_t data[BUFFER];
	ssize_t n;
	int r = 0;

	while (r == 0 &&
	       (n = cfs_stream_read(stream, data, sizeof(data), err)) != 0) {
		struct cfs_splitdirfd_bytes head;

		if (n < 0)
			return (int)n;
		head.n = cfs_put32((uint32_t)n);
		cfs_buf_addc(&w->buf, CFS_SPLITDIRFD_BYTES);
		cfs_buf_add(&w->buf, &head, sizeof(head));
		cfs_buf_add(&w->buf, data, (size_t)n);
		r = flush_if_long(w, err);
	}
	return r;
}

static int write_object(struct writing *w, const struct cfs_digest *id,
			struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_object_require(w->objects, id, err);
	struct cfs_splitdirfd_file head = { 0 };
	char path[CFS_OBJECT_PATH_MAX];
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return cfs_fail_errno(err, "stat an object");
	cfs_digest_to_path(id, path);
	head.size = cfs_put64((uint64_t)st.st_size);
	head.directory = cfs_put32(w->directory);
	head.n = cfs_put32((uint32_t)strlen(path));
	cfs_buf_addc(&w->buf, CFS_SPLITDIRFD_FILE);
	cfs_buf_add(&w->buf, &head, sizeof(head));
	cfs_buf_adds(&w->buf, path);
	return flush_if_long(w, err);
}

static int write_chunks(struct writing *w, struct cfs_stream *stream,
			struct cfs_err *err)
{
	struct cfs_stream_chunk chunk;
	int r;

	while ((r = cfs_stream_next(stream, &chunk, err)) > 0) {
		struct cfs_digest id;

		if (!chunk.is_object) {
			r = write_bytes(w, stream, err);
		} else {
			id = cfs_stream_object(stream, (size_t)chunk.n);
			r = write_object(w, &id, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}

int cfs_splitdirfd_write(const struct cfs_repo *repo, struct cfs_stream *stream,
			 uint32_t directory, const struct cfs_sink *to,
			 struct cfs_err *err)
{
	CFS_AUTOFD int objects = cfs_repo_open_objects(repo, err);
	struct writing w = { .to = to,
			     .objects = objects,
			     .directory = directory };
	struct cfs_err ignored;
	int r = objects < 0 ? objects : write_chunks(&w, stream, err);

	if (r == 0) {
		r = flush(&w, err);
	} else if (!w.broken) {
		/* A chunk that goes no further. */
		cfs_buf_addc(&w.buf, CFS_SPLITDIRFD_FILE);
		(void)!flush(&w, &ignored);
	}
	cfs_buf_free(&w.buf);
	return r;
}
