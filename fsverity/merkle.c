/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/merkle.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#include "base/disk.h"
#include "base/io.h"
#include "fsverity/sha.h"

/* 2^63 bytes are 2^51 blocks; sha512 has a fan-out of 2^6 per level. */
#define LEVELS_MAX 10
#define READ_MAX   (256 * 1024)

/* Hashes of the level below, gathered until they fill a batch of blocks. */
struct level {
	size_t used;	     /* bytes of blocks */
	uint64_t hashes;     /* ever put here; 1 at the end: it is the root */
	struct cfs_buf kept; /* its blocks, when the tree is kept */
	uint8_t blocks[CFS_SHA_BATCH * CFS_VERITY_BLOCK];
};

struct cfs_merkle {
	enum cfs_alg alg;
	bool keep;
	bool done;
	struct cfs_sha *sha;
	uint64_t size;
	size_t used; /* bytes of pending */
	struct level *levels[LEVELS_MAX];
	uint8_t root[CFS_DIGEST_MAX];
	uint8_t pending[CFS_SHA_BATCH * CFS_VERITY_BLOCK];
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
	/* Not zeroed as a whole: most files touch little of pending. */
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = malloc(sizeof(*m));
	int r;

	if (!m)
		return cfs_fail(err, ENOMEM, "out of memory");
	memset(m, 0, offsetof(struct cfs_merkle, pending));
	m->alg = alg;
	r = cfs_sha_new(alg, &m->sha, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&m);
	return 0;
}

void cfs_merkle_free(struct cfs_merkle *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < LEVELS_MAX; i++) {
		if (!m->levels[i])
			continue;
		cfs_buf_free(&m->levels[i]->kept);
		free(m->levels[i]);
	}
	cfs_sha_free(m->sha);
	free(m);
}

void cfs_merkle_keep_tree(struct cfs_merkle *m)
{
	assert(m->size == 0);
	m->keep = true;
}

static int add_hashes(struct cfs_merkle *m, size_t depth, const uint8_t *hashes,
		      size_t len, struct cfs_err *err);

/* Hashes @n whole blocks, at most a batch, that stand one after another, into
 * level @depth. */
static int hash_blocks(struct cfs_merkle *m, const uint8_t *data, size_t n,
		       size_t depth, struct cfs_err *err)
{
	uint8_t hashes[CFS_SHA_BATCH * CFS_DIGEST_MAX];
	const uint8_t *in[CFS_SHA_BATCH];
	int r;

	for (size_t i = 0; i < n; i++)
		in[i] = data + i * CFS_VERITY_BLOCK;
	r = cfs_sha_blocks(m->sha, n, in, CFS_VERITY_BLOCK, hashes, err);
	if (r < 0)
		return r;
	return add_hashes(m, depth, hashes, n * cfs_alg_size(m->alg), err);
}

/* Hashes the blocks of level @depth, zero-padded, into the level above. */
static int close_blocks(struct cfs_merkle *m, size_t depth, struct cfs_err *err)
{
	struct level *level = m->levels[depth];
	size_t blocks = (level->used + CFS_VERITY_BLOCK - 1) / CFS_VERITY_BLOCK;

	memset(level->blocks + level->used, 0,
	       blocks * CFS_VERITY_BLOCK - level->used);
	if (m->keep)
		cfs_buf_add(&level->kept, level->blocks,
			    blocks * CFS_VERITY_BLOCK);
	level->used = 0;
	return hash_blocks(m, level->blocks, blocks, depth + 1, err);
}

static struct level *new_level(void)
{
	struct level *level = malloc(sizeof(*level));

	if (level)
		memset(level, 0, offsetof(struct level, blocks));
	return level;
}

/* Recursion is bounded by LEVELS_MAX: each level is 64 times rarer. */
static int add_hashes(struct cfs_merkle *m, size_t depth, const uint8_t *hashes,
		      size_t len, struct cfs_err *err)
{
	struct level *level;

	assert(depth < LEVELS_MAX);
	if (!m->levels[depth])
		m->levels[depth] = new_level();
	level = m->levels[depth];
	if (!level)
		return cfs_fail(err, ENOMEM, "out of memory");
	level->hashes += len / cfs_alg_size(m->alg);
	while (len > 0) {
		size_t room = sizeof(level->blocks) - level->used;
		size_t n = len < room ? len : room;

		memcpy(level->blocks + level->used, hashes, n);
		level->used += n;
		hashes += n;
		len -= n;
		if (level->used == sizeof(level->blocks)) {
			int r = close_blocks(m, depth, err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int cfs_merkle_update(struct cfs_merkle *m, struct cfs_bytes data,
		      struct cfs_err *err)
{
	assert(!m->done);
	if (data.len > INT64_MAX || m->size > INT64_MAX - data.len)
		return cfs_fail(err, EFBIG,
				"fs-verity digest of over 2^63 "
				"bytes");
	m->size += data.len;
	while (data.len > 0) {
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
					CFS_SHA_BATCH, 0, err);
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
	size_t blocks = (m->used + CFS_VERITY_BLOCK - 1) / CFS_VERITY_BLOCK;

	if (blocks == 0)
		return 0;
	memset(m->pending + m->used, 0, blocks * CFS_VERITY_BLOCK - m->used);
	m->used = 0;
	return hash_blocks(m, m->pending, blocks, 0, err);
}

/* Closes level after level until one has a single hash; the root of an empty
 * file is all zero. */
static int find_root(struct cfs_merkle *m, struct cfs_err *err)
{
	for (size_t i = 0; i < LEVELS_MAX && m->levels[i]; i++) {
		struct level *level = m->levels[i];

		if (level->hashes == 1) {
			memcpy(m->root, level->blocks, cfs_alg_size(m->alg));
			return 0;
		}
		if (level->used > 0) {
			int r = close_blocks(m, i, err);

			if (r < 0)
				return r;
		}
	}
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
		struct cfs_bytes kept;
		int r;

		if (!m->levels[i])
			continue;
		r = cfs_buf_check(&m->levels[i]->kept, err);
		if (r < 0)
			return r;
		kept = cfs_buf_bytes(&m->levels[i]->kept);
		cfs_buf_add(out, kept.data, kept.len);
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

	/* One byte more than the file: the first read meets its end. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size < READ_MAX)
		size = (size_t)st.st_size + 1;
	/* The kernel copies to whole pages a third faster. */
	buf = aligned_alloc(CFS_VERITY_BLOCK,
			    (size / CFS_VERITY_BLOCK + 1) * CFS_VERITY_BLOCK);
	if (!buf)
		return cfs_fail(err, ENOMEM, "out of memory");
	r = cfs_merkle_new(alg, &m, err);
	if (r < 0)
		return r;
	r = feed(m, fd, buf, size, err);
	if (r < 0)
		return r;
	return cfs_merkle_final(m, ret, ret_size, err);
}
