/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/merkle.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#include "base/disk.h"
#include "base/io.h"
#include "fsverity/climb.h"

/* The levels of the largest file: 2^63 bytes are 2^51 blocks, and a block holds
 * 2^6 hashes of SHA-512. */
#define LEVELS_MAX 10
#define READ_MAX   (256 * 1024)

/* The bytes of the blocks that are hashed together. */
#define BATCH (CFS_SHA_BATCH * CFS_VERITY_BLOCK)

struct cfs_merkle {
	enum cfs_alg alg;
	bool keep;
	bool done;
	struct cfs_sha *sha;
	uint64_t size;
	size_t used; /* bytes of pending */
	/*
	 * Hashes, level by level, beginning with those of the data.  Unless
	 * the tree is kept, levels[0] is hashed into levels[1] as soon as it
	 * has a batch of blocks, so that each MiB of data leaves 64 bytes (256
	 * with SHA-512) in memory.
	 */
	struct cfs_buf levels[LEVELS_MAX];
	uint8_t root[CFS_DIGEST_MAX];
	struct cfs_climb climb;
	uint8_t pending[BATCH];
};

struct fsverity_desc {
	uint8_t version;
	uint8_t alg;
	uint8_t log_blocksize;
	uint8_t salt_size;
	cfs_le32 sig_size;
	cfs_le64 data_size;
	uint8_t root[64];
	uint8_t salt[32];
	uint8_t reserved[144];
};
_Static_assert(sizeof(struct fsverity_desc) == CFS_VERITY_DESCRIPTOR_SIZE,
	       "descriptor layout");

int cfs_merkle_new(enum cfs_alg alg, struct cfs_merkle **ret,
		   struct cfs_err *err)
{
	/* The large arrays at the end are not zeroed: most files are short and
	 * touch little of them. */
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = malloc(sizeof(*m));
	int r;

	if (!m)
		return cfs_no_memory(err);
	memset(m, 0, offsetof(struct cfs_merkle, climb));
	m->alg = alg;
	r = cfs_sha_new(alg, &m->sha, err);
	if (r < 0)
		return r;
	cfs_climb_init(&m->climb, alg, m->sha);
	*ret = cfs_steal_ptr(&m);
	return 0;
}

void cfs_merkle_free(struct cfs_merkle *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < LEVELS_MAX; i++)
		cfs_buf_free(&m->levels[i]);
	cfs_sha_free(m->sha);
	free(m);
}

void cfs_merkle_keep_tree(struct cfs_merkle *m)
{
	assert(m->size == 0);
	m->keep = true;
}

/* Appends the hashes of all blocks of @level to @above. */
static int climb(struct cfs_merkle *m, const struct cfs_buf *level,
		 struct cfs_buf *above, struct cfs_err *err)
{
	size_t size = cfs_alg_size(m->alg);
	uint64_t blocks = cfs_verity_blocks(level->len);
	int r;

	if (!cfs_buf_reserve(above, (size_t)blocks * size))
		return cfs_buf_check(above, err);
	r = cfs_climb_level(&m->climb, level->data, level->len / size,
			    above->data + above->len, &blocks, err);
	if (r == 0)
		r = cfs_climb_flush(&m->climb, err);
	if (r == 0)
		above->len += (size_t)blocks * size;
	return r;
}

/* Hashes @n consecutive whole blocks of data, at most a batch. */
static int hash_blocks(struct cfs_merkle *m, const uint8_t *data, size_t n,
		       struct cfs_err *err)
{
	struct cfs_buf *hashes = &m->levels[0];
	const uint8_t *in[CFS_SHA_BATCH];
	int r;

	for (size_t i = 0; i < n; i++)
		in[i] = data + i * CFS_VERITY_BLOCK;
	if (!cfs_buf_reserve(hashes, n * cfs_alg_size(m->alg)))
		return cfs_buf_check(hashes, err);
	r = cfs_sha_blocks(m->sha, n, in, CFS_VERITY_BLOCK,
			   hashes->data + hashes->len, err);
	if (r < 0)
		return r;
	hashes->len += n * cfs_alg_size(m->alg);
	if (m->keep || hashes->len < BATCH)
		return 0;
	r = climb(m, hashes, &m->levels[1], err);
	hashes->len = 0;
	return r;
}

int cfs_merkle_update(struct cfs_merkle *m, struct cfs_bytes data,
		      struct cfs_err *err)
{
	assert(!m->done);
	if (data.len > (uint64_t)INT64_MAX - m->size)
		return cfs_fail(err, EFBIG,
				"fs-verity digest of over 2^63 bytes");
	m->size += data.len;
	while (data.len > 0) {
		/* A whole batch is hashed where it lies, without a copy. */
		bool direct = m->used == 0 && data.len >= sizeof(m->pending);
		size_t room = sizeof(m->pending) - m->used;
		size_t n = data.len < room ? data.len : room;
		int r;

		if (!direct) {
			memcpy(m->pending + m->used, data.data, n);
			m->used += n;
		}
		if (direct || m->used == sizeof(m->pending)) {
			m->used = 0;
			r = hash_blocks(m, direct ? data.data : m->pending,
					CFS_SHA_BATCH, err);
			if (r < 0)
				return r;
		}
		data.data += n;
		data.len -= n;
	}
	return 0;
}

static int flush_pending(struct cfs_merkle *m, struct cfs_err *err)
{
	size_t blocks = (size_t)cfs_verity_blocks(m->used);

	if (blocks == 0)
		return 0;
	memset(m->pending + m->used, 0, blocks * CFS_VERITY_BLOCK - m->used);
	m->used = 0;
	return hash_blocks(m, m->pending, blocks, err);
}

/* Climbs from the lowest level that is complete to the root hash.  That of an
 * empty file is all zero. */
static int find_root(struct cfs_merkle *m, struct cfs_err *err)
{
	size_t size = cfs_alg_size(m->alg), level = 0;
	int r;

	if (m->levels[1].len > 0) {
		r = climb(m, &m->levels[0], &m->levels[1], err);
		level = 1;
		if (r < 0)
			return r;
	}
	for (; m->levels[level].len > size; level++) {
		assert(level + 1 < LEVELS_MAX);
		r = climb(m, &m->levels[level], &m->levels[level + 1], err);
		if (r < 0)
			return r;
	}
	if (m->levels[level].len > 0)
		memcpy(m->root, m->levels[level].data, size);
	return 0;
}

void cfs_verity_descriptor(enum cfs_alg alg, uint64_t size, const uint8_t *root,
			   uint8_t ret[static CFS_VERITY_DESCRIPTOR_SIZE])
{
	struct fsverity_desc desc = {
		.version = 1,
		.alg = (uint8_t)alg,
		.log_blocksize = 12,
		.data_size = cfs_put64(size),
	};

	memcpy(desc.root, root, cfs_alg_size(alg));
	memcpy(ret, &desc, sizeof(desc));
}

void cfs_merkle_descriptor(const struct cfs_merkle *m,
			   uint8_t ret[static CFS_VERITY_DESCRIPTOR_SIZE])
{
	assert(m->done);
	cfs_verity_descriptor(m->alg, m->size, m->root, ret);
}

static int write_merkle(void *ctx, const void *data, size_t len,
			struct cfs_err *err)
{
	return cfs_merkle_update(ctx, (struct cfs_bytes){ data, len }, err);
}

struct cfs_sink cfs_merkle_sink(struct cfs_merkle *m)
{
	return (struct cfs_sink){ write_merkle, m };
}

int cfs_merkle_final(struct cfs_merkle *m, struct cfs_digest *ret,
		     uint64_t *ret_size, struct cfs_err *err)
{
	struct cfs_digest digest = { .alg = m->alg };
	uint8_t desc[CFS_VERITY_DESCRIPTOR_SIZE];
	const uint8_t *in = desc;
	int r;

	r = flush_pending(m, err);
	if (r < 0)
		return r;
	r = find_root(m, err);
	if (r < 0)
		return r;
	m->done = true;
	cfs_merkle_descriptor(m, desc);
	r = cfs_sha_blocks(m->sha, 1, &in, sizeof(desc), digest.bytes, err);
	if (r < 0)
		return r;
	*ret = digest;
	if (ret_size)
		*ret_size = m->size;
	return 0;
}

int cfs_merkle_tree(const struct cfs_merkle *m, struct cfs_buf *out,
		    struct cfs_err *err)
{
	assert(m->done && m->keep);
	for (size_t i = LEVELS_MAX; i-- > 0;) {
		const struct cfs_buf *level = &m->levels[i];
		size_t blocks = (size_t)cfs_verity_blocks(level->len);

		/* The root itself is in the descriptor, not in the tree. */
		if (level->len <= cfs_alg_size(m->alg))
			continue;
		cfs_buf_add(out, level->data, level->len);
		cfs_buf_addz(out, blocks * CFS_VERITY_BLOCK - level->len);
	}
	return cfs_buf_check(out, err);
}

int cfs_verity_digest_bytes(enum cfs_alg alg, struct cfs_bytes data,
			    struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = NULL;
	int r;

	r = cfs_merkle_new(alg, &m, err);
	if (r < 0)
		return r;
	r = cfs_merkle_update(m, data, err);
	if (r < 0)
		return r;
	return cfs_merkle_final(m, ret, NULL, err);
}

static int feed(struct cfs_merkle *m, int fd, uint8_t *buf, size_t size,
		struct cfs_err *err)
{
	ssize_t n;

	do {
		int r;

		n = cfs_read_full(fd, buf, size);
		if (n < 0)
			return cfs_fail(err, (int)-n, "read: %s",
					strerror((int)-n));
		r = cfs_merkle_update(m, (struct cfs_bytes){ buf, (size_t)n },
				      err);
		if (r < 0)
			return r;
	} while ((size_t)n == size);
	return 0;
}

int cfs_verity_digest_fd(enum cfs_alg alg, int fd, struct cfs_digest *ret,
			 uint64_t *ret_size, struct cfs_err *err)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = NULL;
	CFS_AUTOFREE uint8_t *buf = NULL;
	size_t size = READ_MAX;
	struct stat st;
	int r;

	/* Room for one byte more than the file, so that the first read finds
	 * its end. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size < READ_MAX)
		size = (size_t)st.st_size + 1;
	/* Page-aligned: the kernel copies to whole pages a third faster. */
	buf = aligned_alloc(CFS_VERITY_BLOCK,
			    (size / CFS_VERITY_BLOCK + 1) * CFS_VERITY_BLOCK);
	if (!buf)
		return cfs_no_memory(err);
	r = cfs_merkle_new(alg, &m, err);
	if (r < 0)
		return r;
	r = feed(m, fd, buf, size, err);
	if (r < 0)
		return r;
	return cfs_merkle_final(m, ret, ret_size, err);
}
