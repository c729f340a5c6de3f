/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/window.h"

#include <assert.h>
#include <string.h>

#include "base/io.h"
#include "fsverity/merkle.h"
#include "fsverity/sha.h"

#define BLOCK	       ((size_t)CFS_VERITY_BLOCK)
#define WINDOW_BLOCKS  (CFS_DIGESTER_WINDOW / CFS_VERITY_BLOCK)
#define SEGMENT_BLOCKS (CFS_DIGESTER_SEGMENT / CFS_VERITY_BLOCK)

/* Blocks that are hashed while the cache still has them. */
#define PIECE_BLOCKS 64

/* A file in the window.  Its hashes of the level under way are n, from
 * hashes[first] on; in the end there is one, its root. */
struct file {
	uint64_t size;
	uint8_t *ret;
	const void *who;
	uint32_t first;
	uint32_t n;
};

struct cfs_window {
	uint8_t blocks[(WINDOW_BLOCKS + 1) * BLOCK];
	uint8_t level[CFS_SHA_BATCH * BLOCK];
	uint8_t hashes[SEGMENT_BLOCKS * CFS_DIGEST_MAX];
	struct file files[WINDOW_BLOCKS];
	enum cfs_alg alg;
	const struct cfs_keeper *keeper;
	struct cfs_sha *sha;
	size_t used;	/* of blocks */
	size_t hashed;	/* of those */
	size_t n_files; /* of files */
	const void *culprit;
};

int cfs_window_new(enum cfs_alg alg, const struct cfs_keeper *keeper,
		   struct cfs_window **ret, struct cfs_err *err)
{
	const size_t size = (sizeof(struct cfs_window) + BLOCK - 1) & -BLOCK;
	CFS_AUTO(cfs_window_free)
	struct cfs_window *w = aligned_alloc(BLOCK, size);
	int r;

	if (!w)
		return cfs_fail(err, ENOMEM, "out of memory");
	/* The arrays are written before they are read, and often not at all. */
	memset(&w->alg, 0, sizeof(*w) - offsetof(struct cfs_window, alg));
	w->alg = alg;
	w->keeper = keeper;
	r = cfs_sha_new(alg, &w->sha, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&w);
	return 0;
}

void cfs_window_free(struct cfs_window *w)
{
	if (!w)
		return;
	cfs_sha_free(w->sha);
	free(w);
}

void cfs_window_drop(struct cfs_window *w)
{
	w->used = w->hashed = w->n_files = 0;
}

bool cfs_window_busy(const struct cfs_window *w)
{
	return w->n_files > 0;
}

const void *cfs_window_culprit(const struct cfs_window *w)
{
	return w->culprit;
}

static uint64_t blocks_of(uint64_t size)
{
	return size / BLOCK + (size % BLOCK != 0);
}

/* Hashes that a block holds. */
static size_t fan_out(enum cfs_alg alg)
{
	return BLOCK / cfs_alg_size(alg);
}

/* Hashes the @n blocks at @data, at most a segment of them, to @out. */
static int hash_run(struct cfs_window *w, const uint8_t *data, size_t n,
		    uint8_t *out, struct cfs_err *err)
{
	const uint8_t *in[SEGMENT_BLOCKS];

	for (size_t i = 0; i < n; i++)
		in[i] = data + i * BLOCK;
	return cfs_sha_blocks(w->sha, n, in, BLOCK, out, err);
}

/* Puts zeros behind @len bytes, up to the end of the block. */
static void pad_block(uint8_t *data, uint64_t len)
{
	if (len % BLOCK != 0)
		memset(data + len, 0, BLOCK - len % BLOCK);
}

static int changed(struct cfs_err *err)
{
	return cfs_fail(err, ESTALE, "changed while it was read");
}

static int check_status(const struct cfs_input *in, struct cfs_err *err)
{
	struct stat st;

	if (fstat(in->fd, &st) < 0)
		return cfs_fail_errno(err, "stat");
	if ((uint64_t)st.st_size != in->size ||
	    st.st_mtim.tv_sec != in->mtime.tv_sec ||
	    st.st_mtim.tv_nsec != in->mtime.tv_nsec)
		return changed(err);
	return 0;
}

/* One call, when the file is what it was: a byte more than it should have
 * would be seen, fewer lead to a second call. */
static int read_whole(const struct cfs_input *in, uint8_t *data,
		      struct cfs_err *err)
{
	uint64_t done = 0;

	while (done < in->size) {
		ssize_t n = pread(in->fd, data + done, in->size + 1 - done,
				  (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cfs_fail_errno(err, "read");
		if (n == 0)
			break;
		done += (uint64_t)n;
	}
	return done == in->size ? check_status(in, err) : changed(err);
}

static int hash_piece(struct cfs_window *w, size_t n, struct cfs_err *err)
{
	size_t at = w->hashed;

	w->hashed += n;
	return hash_run(w, w->blocks + at * BLOCK, n,
			w->hashes + at * cfs_alg_size(w->alg), err);
}

int cfs_window_take(struct cfs_window *w, struct cfs_input *in,
		    struct cfs_err *err)
{
	size_t blocks = (size_t)blocks_of(in->size), fresh;
	struct file *file;
	uint8_t *data;
	int r = 0;

	if (w->used + blocks > WINDOW_BLOCKS || w->n_files == WINDOW_BLOCKS)
		r = cfs_window_flush(w, err);
	data = w->blocks + w->used * BLOCK;
	if (r == 0) {
		w->culprit = in->who;
		r = read_whole(in, data, err);
	}
	cfs_closep(&in->fd);
	if (r < 0)
		return r;
	pad_block(data, in->size);
	file = &w->files[w->n_files++];
	*file = (struct file){ .size = in->size,
			       .ret = in->ret,
			       .who = in->who,
			       .first = (uint32_t)w->used,
			       .n = (uint32_t)blocks };
	w->used += blocks;
	fresh = w->used - w->hashed;
	if (fresh < PIECE_BLOCKS)
		return 0;
	w->culprit = NULL;
	return hash_piece(w, fresh / CFS_SHA_BATCH * CFS_SHA_BATCH, err);
}

/* Blocks of a level above the data, gathered from several files. */
struct gathered {
	size_t n;
	const uint8_t *in[CFS_SHA_BATCH];
	uint8_t *out[CFS_SHA_BATCH];
};

static int hash_gathered(struct cfs_window *w, struct gathered *g, size_t len,
			 struct cfs_err *err)
{
	uint8_t hashes[CFS_SHA_BATCH * CFS_DIGEST_MAX];
	size_t size = cfs_alg_size(w->alg);
	int r;

	r = cfs_sha_blocks(w->sha, g->n, g->in, len, hashes, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < g->n; i++)
		memcpy(g->out[i], hashes + i * size, size);
	g->n = 0;
	return 0;
}

/* Makes the hashes of @file those of the next level. */
static int level_up(struct cfs_window *w, struct gathered *g, struct file *file,
		    struct cfs_err *err)
{
	size_t size = cfs_alg_size(w->alg), per = fan_out(w->alg);
	uint8_t *hashes = w->hashes + file->first * size;
	size_t left = file->n;

	file->n = 0;
	while (left > 0) {
		uint8_t *block = w->level + g->n * BLOCK;
		size_t n = left < per ? left : per;

		/* A copy: the hash comes where this file's hashes begin. */
		memcpy(block, hashes + file->n * BLOCK, n * size);
		pad_block(block, n * size);
		g->in[g->n] = block;
		g->out[g->n++] = hashes + file->n++ * size;
		left -= n;
		if (g->n == CFS_SHA_BATCH) {
			int r = hash_gathered(w, g, BLOCK, err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int find_roots(struct cfs_window *w, struct cfs_err *err)
{
	struct gathered g = { 0 };
	bool more = true;
	int r = 0;

	while (more) {
		more = false;
		for (size_t i = 0; r == 0 && i < w->n_files; i++) {
			if (w->files[i].n < 2)
				continue;
			r = level_up(w, &g, &w->files[i], err);
			more = more || w->files[i].n > 1;
		}
		if (r == 0)
			r = hash_gathered(w, &g, BLOCK, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int find_digests(struct cfs_window *w, struct cfs_err *err)
{
	static const uint8_t empty[CFS_DIGEST_MAX];
	uint8_t desc[CFS_SHA_BATCH][CFS_VERITY_DESCRIPTOR_SIZE];
	struct gathered g = { 0 };

	for (size_t i = 0; i < w->n_files; i++) {
		const struct file *f = &w->files[i];
		const uint8_t *root =
			w->hashes + f->first * cfs_alg_size(w->alg);

		cfs_verity_descriptor(w->alg, f->size,
				      f->size > 0 ? root : empty, desc[g.n]);
		g.in[g.n] = desc[g.n];
		g.out[g.n++] = f->ret;
		if (g.n < CFS_SHA_BATCH && i + 1 < w->n_files)
			continue;
		if (hash_gathered(w, &g, sizeof(desc[0]), err) < 0)
			return -err->code;
	}
	return 0;
}

static struct cfs_digest digest_at(const struct cfs_window *w,
				   const uint8_t *bytes)
{
	struct cfs_digest digest = { .alg = w->alg };

	memcpy(digest.bytes, bytes, cfs_alg_size(w->alg));
	return digest;
}

static int keep(struct cfs_window *w, const struct file *file,
		struct cfs_err *err)
{
	const struct cfs_digest id = digest_at(w, file->ret);
	const struct cfs_bytes data = { w->blocks + file->first * BLOCK,
					(size_t)file->size };

	w->culprit = file->who;
	return w->keeper->keep(w->keeper->ctx, data, &id, err);
}

int cfs_window_flush(struct cfs_window *w, struct cfs_err *err)
{
	int r = 0;

	w->culprit = NULL;
	if (w->used > w->hashed)
		r = hash_piece(w, w->used - w->hashed, err);
	if (r == 0)
		r = find_roots(w, err);
	if (r == 0)
		r = find_digests(w, err);
	for (size_t i = 0; w->keeper && r == 0 && i < w->n_files; i++)
		r = keep(w, &w->files[i], err);
	cfs_window_drop(w);
	return r;
}

int cfs_long_init(enum cfs_alg alg, struct cfs_input *in, struct cfs_long *ret,
		  struct cfs_err *err)
{
	uint64_t blocks = blocks_of(in->size), len;

	/* One hash for each block one level up; the last block of them is
	 * padded in place. */
	blocks = (blocks + fan_out(alg) - 1) / fan_out(alg);
	len = (blocks * cfs_alg_size(alg) + BLOCK - 1) / BLOCK * BLOCK;
	*ret = (struct cfs_long){
		.in = *in,
		.segments = (in->size - 1) / CFS_DIGESTER_SEGMENT + 1,
		.hashes = malloc(len),
	};
	in->fd = -EBADF;
	if (ret->hashes)
		return 0;
	cfs_long_free(ret);
	return cfs_fail(err, ENOMEM, "out of memory");
}

void cfs_long_free(struct cfs_long *file)
{
	cfs_closep(&file->in.fd);
	free(file->hashes);
	file->hashes = NULL;
}

/* Reads and hashes the @len bytes at @off piece by piece, to w->hashes. */
static int hash_data(struct cfs_window *w, int fd, uint64_t off, size_t len,
		     struct cfs_err *err)
{
	uint8_t *hashes = w->hashes;

	for (size_t at = 0; at < len; at += PIECE_BLOCKS * BLOCK) {
		size_t want = len - at, blocks;
		ssize_t n;
		int r;

		if (want > PIECE_BLOCKS * BLOCK)
			want = PIECE_BLOCKS * BLOCK;
		n = cfs_pread_full(fd, w->blocks, want, off + at);
		if (n < 0)
			return cfs_fail(err, (int)-n, "read: %s",
					strerror((int)-n));
		if ((size_t)n != want)
			return changed(err);
		pad_block(w->blocks, want);
		blocks = (size_t)blocks_of(want);
		r = hash_run(w, w->blocks, blocks, hashes, err);
		if (r < 0)
			return r;
		hashes += blocks * cfs_alg_size(w->alg);
	}
	return 0;
}

int cfs_long_segment(struct cfs_window *w, struct cfs_long *file, uint64_t n,
		     struct cfs_err *err)
{
	size_t size = cfs_alg_size(w->alg), hashes, len = CFS_DIGESTER_SEGMENT;
	uint64_t off = n * CFS_DIGESTER_SEGMENT;
	int r;

	assert(!cfs_window_busy(w) && n < file->segments);
	w->culprit = file->in.who;
	if (file->in.size - off < len)
		len = (size_t)(file->in.size - off);
	r = hash_data(w, file->in.fd, off, len, err);
	if (r < 0)
		return r;
	hashes = (size_t)blocks_of(len) * size;
	pad_block(w->hashes, hashes);
	return hash_run(w, w->hashes, (size_t)blocks_of(hashes),
			file->hashes + off / BLOCK / fan_out(w->alg) * size,
			err);
}

/* From @n hashes of one level to the root, in place. */
static int find_root(struct cfs_window *w, uint8_t *hashes, uint64_t n,
		     struct cfs_err *err)
{
	size_t size = cfs_alg_size(w->alg);

	while (n > 1) {
		uint64_t blocks = blocks_of(n * size);

		pad_block(hashes, n * size);
		for (uint64_t i = 0; i < blocks; i += CFS_SHA_BATCH) {
			uint8_t out[CFS_SHA_BATCH * CFS_DIGEST_MAX];
			size_t now = CFS_SHA_BATCH;

			if (blocks - i < now)
				now = (size_t)(blocks - i);
			if (hash_run(w, hashes + i * BLOCK, now, out, err) < 0)
				return -err->code;
			memcpy(hashes + i * size, out, now * size);
		}
		n = blocks;
	}
	return 0;
}

int cfs_long_finish(struct cfs_window *w, struct cfs_long *file,
		    struct cfs_err *err)
{
	uint64_t n = blocks_of(file->in.size);
	uint8_t desc[CFS_VERITY_DESCRIPTOR_SIZE];
	const uint8_t *in = desc;
	struct cfs_digest id;
	int r;

	w->culprit = file->in.who;
	r = check_status(&file->in, err);
	if (r == 0)
		r = find_root(w, file->hashes,
			      (n + fan_out(w->alg) - 1) / fan_out(w->alg), err);
	if (r < 0)
		return r;
	cfs_verity_descriptor(w->alg, file->in.size, file->hashes, desc);
	r = cfs_sha_blocks(w->sha, 1, &in, sizeof(desc), file->in.ret, err);
	if (r < 0 || !w->keeper)
		return r;
	id = digest_at(w, file->in.ret);
	return w->keeper->keep_file(w->keeper->ctx, file->in.fd, file->in.size,
				    &id, err);
}
