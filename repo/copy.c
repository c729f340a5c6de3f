/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/io.h"
#include "fsverity/merkle.h"

#define CHUNK (256u << 10) /* bytes read at once; stays in the cache */

static int failed_read(ssize_t n, struct cfs_err *err)
{
	return cfs_fail(err, (int)-n, "read: %s", strerror((int)-n));
}

static int put(int to, const uint8_t *data, size_t len, struct cfs_err *err)
{
	int r = cfs_write_full(to, data, len);

	return r < 0 ? cfs_fail(err, -r, "write: %s", strerror(-r)) : 0;
}

/* 1, or 0 when it is refused, for whatever reason: copying will tell. */
static int share_blocks(int from, int to, _Atomic bool *no_clone)
{
	if (*no_clone)
		return 0;
	if (ioctl(to, FICLONE, from) == 0)
		return 1;
	if (errno == EOPNOTSUPP || errno == ENOTTY)
		*no_clone = true;
	return 0;
}

/* Feeds @sum, when there is one, what is written. */
static int by_hand(int from, uint64_t off, uint64_t size, int to,
		   struct cfs_merkle *sum, struct cfs_err *err)
{
	CFS_AUTOFREE uint8_t *buf = malloc(CHUNK);

	if (!buf)
		return cfs_fail(err, ENOMEM, "out of memory");
	while (off < size) {
		size_t len = size - off < CHUNK ? (size_t)(size - off) : CHUNK;
		ssize_t n = cfs_pread_full(from, buf, len, off);
		int r = 0;

		if (n < 0)
			return failed_read(n, err);
		if (n == 0)
			break;
		if (sum)
			r = cfs_merkle_update(
				sum, (struct cfs_bytes){ buf, (size_t)n }, err);
		if (r == 0)
			r = put(to, buf, (size_t)n, err);
		if (r < 0)
			return r;
		off += (size_t)n;
	}
	return 0;
}

/* Some file systems refuse, some stop early: the rest is done by hand. */
static int in_kernel(int from, uint64_t size, int to, struct cfs_err *err)
{
	off_t off = 0;

	while ((uint64_t)off < size) {
		uint64_t len = size - (uint64_t)off;

		if (len > 1u << 30)
			len = 1u << 30;
		if (copy_file_range(from, &off, to, NULL, (size_t)len, 0) <= 0)
			break;
	}
	return by_hand(from, (uint64_t)off, size, to, NULL, err);
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

static int copy_hashing(int from, uint64_t size, int to,
			const struct cfs_digest *id, struct cfs_err *err)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *sum = NULL;
	struct cfs_digest have;
	int r;

	r = cfs_merkle_new(id->alg, &sum, err);
	if (r == 0)
		r = by_hand(from, 0, size, to, sum, err);
	if (r == 0)
		r = cfs_merkle_final(sum, &have, NULL, err);
	return r < 0 ? r : expect(&have, id, err);
}

int cfs_copy_known(int from, uint64_t size, int to, const struct cfs_digest *id,
		   _Atomic bool *no_clone, struct cfs_err *err)
{
	if (share_blocks(from, to, no_clone))
		return id ? hash_copy(to, id, err) : CFS_COPIED;
	if (id)
		return copy_hashing(from, size, to, id, err);
	return in_kernel(from, size, to, err);
}

int cfs_copy_rest(int from, int to, struct cfs_err *err)
{
	CFS_AUTOFREE uint8_t *buf = NULL;

	while (copy_file_range(from, NULL, to, NULL, 1u << 30, 0) > 0)
		;
	buf = malloc(CHUNK);
	if (!buf)
		return cfs_fail(err, ENOMEM, "out of memory");
	for (;;) {
		ssize_t n = cfs_read_full(from, buf, CHUNK);
		int r;

		if (n < 0)
			return failed_read(n, err);
		if (n == 0)
			return 0;
		r = put(to, buf, (size_t)n, err);
		if (r < 0)
			return r;
	}
}
