/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/zeros.h"
#include "fsverity/merkle.h"

#define CHUNK (256u << 10) /* bytes read at once; stays in the cache */

/* File systems leave holes of whole blocks, mostly of this size. */
#define BLOCK 4096u

/* A new file that is written from front to back. */
struct out {
	int fd;
	uint64_t at;  /* bytes so far, holes included */
	uint64_t end; /* of what was written; a hole may follow */
};

static int failed_read(ssize_t n, struct cfs_err *err)
{
	return cfs_fail(err, (int)-n, "read: %s", strerror((int)-n));
}

static int put_run(const struct out *out, struct cfs_bytes data,
		   struct cfs_err *err)
{
	uint64_t off = out->at;

	while (data.len > 0) {
		ssize_t n = pwrite(out->fd, data.data, data.len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cfs_fail_errno(err, "write");
		data.data += n;
		data.len -= (size_t)n;
		off += (uint64_t)n;
	}
	return 0;
}

/* Writes @data but for blocks of zeros, which become holes. */
static int put(struct out *out, struct cfs_bytes data, struct cfs_err *err)
{
	struct cfs_bytes run;
	bool zero;

	while (cfs_bytes_run(&data, BLOCK, &run, &zero)) {
		if (!zero && put_run(out, run, err) < 0)
			return -err->code;
		out->at += run.len;
		out->end = zero ? out->end : out->at;
	}
	return 0;
}

/* Gives the file its length, when it ends in a hole. */
static int finish(const struct out *out, struct cfs_err *err)
{
	if (out->end < out->at && ftruncate(out->fd, (off_t)out->at) < 0)
		return cfs_fail_errno(err, "write");
	return 0;
}

/* Returns 1, or 0 if it is refused, for whatever reason: copying will tell. */
static int share_blocks(int from, int to, struct cfs_clones *clones)
{
	if (clones->refused)
		return 0;
	if (ioctl(to, FICLONE, from) == 0) {
		clones->n++;
		return 1;
	}
	/* These two are the same for every file: not asked again. */
	if (errno == EOPNOTSUPP || errno == ENOTTY)
		clones->refused = true;
	return 0;
}

/* Feeds @sum, when there is one, what is copied. */
static int by_hand(int from, uint64_t off, uint64_t size, struct out *to,
		   struct cfs_merkle *sum, struct cfs_err *err)
{
	CFS_AUTOFREE uint8_t *buf = NULL;

	if (off >= size)
		return 0;
	buf = malloc(CHUNK);
	if (!buf)
		return cfs_no_memory(err);
	while (off < size) {
		size_t len = size - off < CHUNK ? (size_t)(size - off) : CHUNK;
		ssize_t n = cfs_pread_full(from, buf, len, off);
		struct cfs_bytes data = { buf, (size_t)n };
		int r = 0;

		if (n < 0)
			return failed_read(n, err);
		if (n == 0)
			break;
		if (sum)
			r = cfs_merkle_update(sum, data, err);
		if (r == 0)
			r = put(to, data, err);
		if (r < 0)
			return r;
		off += (uint64_t)n;
	}
	return 0;
}

/* Has @fd fewer blocks than its size takes?  Then it is worth asking where
 * they are. */
static bool has_holes(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (uint64_t)st.st_blocks * 512 < (uint64_t)st.st_size;
}

/* Where the next data of @fd is, from @off on, up to *@ret_end; both are @size
 * when there is none before it. */
static uint64_t next_data(int fd, uint64_t off, uint64_t size,
			  uint64_t *ret_end)
{
	off_t start = lseek(fd, (off_t)off, SEEK_DATA);
	off_t end = start < 0 ? start : lseek(fd, start, SEEK_HOLE);

	*ret_end = size;
	if (start < 0 && errno == ENXIO)
		return size;
	if (start < 0 || end < 0) /* it cannot tell */
		return off;
	if ((uint64_t)end < size)
		*ret_end = (uint64_t)end;
	return (uint64_t)start < size ? (uint64_t)start : size;
}

/* Copies from @off up to @end, or less.  Returns where it ended. */
static uint64_t copy_range(int from, uint64_t off, uint64_t end, struct out *to)
{
	off_t in = (off_t)off, at = (off_t)to->at;

	while ((uint64_t)in < end) {
		uint64_t len = end - (uint64_t)in;

		if (len > 1u << 30)
			len = 1u << 30;
		if (copy_file_range(from, &in, to->fd, &at, (size_t)len, 0) <=
		    0)
			break;
		to->at = to->end = (uint64_t)at;
	}
	return (uint64_t)in;
}

/* Some file systems refuse, some stop early: the rest is done by hand. */
static int in_kernel(int from, uint64_t off, uint64_t size, struct out *to,
		     struct cfs_err *err)
{
	bool holes = has_holes(from);
	uint64_t end = off;

	while (off < size && off == end) {
		uint64_t start = off;

		end = size;
		if (holes)
			start = next_data(from, off, size, &end);
		to->at += start - off;
		off = copy_range(from, start, end, to);
	}
	return by_hand(from, off, size, to, NULL, err);
}

static int expect(const struct cfs_digest *have, const struct cfs_digest *want,
		  struct cfs_err *err)
{
	if (cfs_digest_equal(have, want))
		return CFS_COPIED_HASHED;
	return cfs_fail(err, ESTALE, "it changed while it was read");
}

static int hash_copy(int to, const struct cfs_digest *id, struct cfs_err *err)
{
	struct cfs_digest have;
	int r;

	if (lseek(to, 0, SEEK_SET) < 0)
		return cfs_fail_errno(err, "seek");
	r = cfs_verity_digest_fd(id->alg, to, &have, NULL, err);
	return r < 0 ? r : expect(&have, id, err);
}

/* The digest is that of the bytes that were copied: others may be changing
 * @from. */
static int copy_hashing(int from, uint64_t size, struct out *to,
			const struct cfs_digest *id, struct cfs_err *err)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *sum = NULL;
	struct cfs_digest have;
	int r;

	r = cfs_merkle_new(id->alg, &sum, err);
	if (r == 0)
		r = by_hand(from, 0, size, to, sum, err);
	if (r == 0)
		r = finish(to, err);
	if (r == 0)
		r = cfs_merkle_final(sum, &have, NULL, err);
	return r < 0 ? r : expect(&have, id, err);
}

int cfs_copy_known(int from, uint64_t size, int to, const struct cfs_digest *id,
		   struct cfs_clones *clones, struct cfs_err *err)
{
	struct out out = { .fd = to };
	int r;

	if (share_blocks(from, to, clones))
		return id ? hash_copy(to, id, err) : CFS_COPIED;
	if (id)
		return copy_hashing(from, size, &out, id, err);
	/* Short files fit into the buffer: asking where their holes are would
	 * cost more. */
	r = size > CHUNK ? in_kernel(from, 0, size, &out, err)
			 : by_hand(from, 0, size, &out, NULL, err);
	return r < 0 ? r : finish(&out, err);
}

int cfs_copy_bytes(struct cfs_bytes data, int to, struct cfs_err *err)
{
	struct out out = { .fd = to };
	int r = put(&out, data, err);

	return r < 0 ? r : finish(&out, err);
}

int cfs_copy_piece(struct cfs_bytes data, int to, uint64_t off,
		   struct cfs_err *err)
{
	struct out out = { .fd = to, .at = off };

	return put(&out, data, err);
}

/* Copies what can be read, to the end, however long the file is by now. */
static int copy_stream(int from, struct out *to, struct cfs_err *err)
{
	CFS_AUTOFREE uint8_t *buf = malloc(CHUNK);

	if (!buf)
		return cfs_no_memory(err);
	for (;;) {
		ssize_t n = cfs_read_full(from, buf, CHUNK);
		struct cfs_bytes data = { buf, (size_t)n };

		if (n < 0)
			return failed_read(n, err);
		if (n == 0)
			return finish(to, err);
		if (put(to, data, err) < 0)
			return -err->code;
	}
}

int cfs_copy_rest(int from, int to, struct cfs_err *err)
{
	off_t off = lseek(from, 0, SEEK_CUR), at = lseek(to, 0, SEEK_CUR);
	struct out out = { .fd = to };
	struct stat st;
	int r;

	if (at < 0)
		return cfs_fail_errno(err, "seek");
	out.at = out.end = (uint64_t)at;
	if (off >= 0 && fstat(from, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size > off) {
		r = in_kernel(from, (uint64_t)off, (uint64_t)st.st_size, &out,
			      err);
		if (r < 0)
			return r;
		if (lseek(from, off + (off_t)out.at - at, SEEK_SET) < 0)
			return cfs_fail_errno(err, "seek");
	}
	return copy_stream(from, &out, err);
}
