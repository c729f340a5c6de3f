/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A splitstream that is accepted as a whole says the same when it is written
 * again.  An input that begins with a byte of 1 is made into one here, since
 * no mutation hits upon valid frames of zstd: a byte for the length of the
 * named references, these, and then the chunks.
 */
#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "compress/zstd.h"
#include "repo/stream/format.h"
#include "repo/stream/reader.h"
#include "repo/stream/writer.h"
#include "tests/fuzz/fuzz.h"

#define INLINE_MAX (1u << 20)

static struct cfs_err err;

static int file_of(struct cfs_bytes bytes)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	assert(fd >= 0);
	assert(bytes.len == 0 ||
	       cfs_write_full(fd, bytes.data, bytes.len) == 0);
	return fd;
}

static struct cfs_stream_range pack(struct cfs_buf *out, struct cfs_bytes text)
{
	struct cfs_stream_range range = { cfs_put64(out->len), { { 0 } } };
	CFS_AUTO(cfs_zstd_free) struct cfs_zstd *z = NULL;
	struct cfs_sink to = cfs_sink_of_buf(out), sink;

	assert(cfs_zstd_new(&to, &z, &err) == 0);
	sink = cfs_zstd_sink(z);
	assert(cfs_sink_write(&sink, text.data, text.len, &err) == 0);
	assert(cfs_zstd_end(z, &err) == 0);
	range.end = cfs_put64(out->len);
	return range;
}

/* Three objects, two streams, and the names and chunks of the input. */
static void wrap(struct cfs_bytes in, struct cfs_buf *out)
{
	struct cfs_stream_header header = {
		.alg = CFS_ALG_SHA256,
		.log_block = CFS_STREAM_LOG_BLOCK,
		.info = { cfs_put64(32), cfs_put64(112) },
	};
	struct cfs_stream_info info = {
		.stream_refs = { cfs_put64(112), cfs_put64(112 + 64) },
		.object_refs = { cfs_put64(176), cfs_put64(176 + 96) },
	};
	struct cfs_bytes names = { in.data + 1, 0 };

	if (in.len > 0 && in.data[0] < in.len)
		names.len = in.data[0];
	memcpy(header.magic, CFS_STREAM_MAGIC, CFS_STREAM_MAGIC_LEN);
	cfs_buf_addz(out, 112);
	for (int i = 0; i < 5; i++) {
		cfs_buf_addz(out, 31);
		cfs_buf_addc(out, (char)('a' + i));
	}
	info.named_refs = pack(out, names);
	if (in.len > 0) {
		in.data += 1 + names.len;
		in.len -= 1 + names.len;
	}
	info.stream = pack(out, in);
	memcpy(out->data, &header, sizeof(header));
	memcpy(out->data + sizeof(header), &info, sizeof(info));
}

/* Writes the chunks of @s to @w.  False: damaged, or too long for here. */
static bool copy_chunks(struct cfs_stream *s, struct cfs_stream_writer *w)
{
	struct cfs_sink to = cfs_stream_inline(w);
	struct cfs_stream_chunk chunk;
	uint8_t data[4096];
	size_t sum = 0;
	int r;

	while ((r = cfs_stream_next(s, &chunk, &err)) > 0) {
		ssize_t n = 0;

		if (chunk.is_object) {
			struct cfs_digest id =
				cfs_stream_object(s, (size_t)chunk.n);

			assert(cfs_stream_external(w, 0, &id, &err) == 0);
			continue;
		}
		while (sum < INLINE_MAX &&
		       (n = cfs_stream_read(s, data, sizeof(data), &err)) > 0) {
			assert(cfs_sink_write(&to, data, (size_t)n, &err) == 0);
			sum += (size_t)n;
		}
		if (n != 0)
			return false;
	}
	return r == 0;
}

static bool rewrite(struct cfs_stream *s, struct cfs_buf *out)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;

	assert(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_LAYER, &w,
				     &err) == 0);
	for (size_t i = 0; i < cfs_stream_n_names(s); i++) {
		struct cfs_digest id;
		const char *name = cfs_stream_name(s, i, &id);

		assert(cfs_stream_add_name(w, name, &id, &err) == 0);
	}
	if (!copy_chunks(s, w))
		return false;
	assert(cfs_stream_finish(w, out, &err) == 0);
	return true;
}

static bool open_and_rewrite(struct cfs_bytes file, struct cfs_buf *out)
{
	CFS_AUTO(cfs_stream_free) struct cfs_stream *s = NULL;
	int fd = file_of(file);
	int r = cfs_stream_open(fd, CFS_ALG_SHA256, &s, &err);
	bool whole = r == 0 && rewrite(s, out);

	assert(r == 0 || r == -EBADMSG || r == -EFBIG);
	close(fd);
	return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 }, first = { 0 };
	CFS_AUTOBUF struct cfs_buf once = { 0 }, twice = { 0 };
	struct cfs_bytes in = { data, size };

	if (size > 0 && data[0] == 1)
		wrap((struct cfs_bytes){ data + 1, size - 1 }, &file);
	else
		cfs_buf_add(&file, in.data, in.len);
	if (!open_and_rewrite(cfs_buf_bytes(&file), &first))
		return 0;
	/* References stand in the order in which they were added, which is that
	 * of their names from here on. */
	assert(open_and_rewrite(cfs_buf_bytes(&first), &once));
	assert(open_and_rewrite(cfs_buf_bytes(&once), &twice));
	assert(once.len == twice.len &&
	       memcmp(once.data, twice.data, once.len) == 0);
	return 0;
}
