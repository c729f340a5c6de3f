/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/window.h"

#include <assert.h>
#include <string.h>

#include "fsverity/merkle.h"

#define BLOCK	      ((size_t)CFS_VERITY_BLOCK)
#define WINDOW_BLOCKS (CFS_DIGESTER_WINDOW / CFS_VERITY_BLOCK)

/* The blocks to hash at a time, early enough for the cache to have them. */
#define PIECE_BLOCKS 64

/* A file in the window.  Its data begins at block @first.  The hashes of its
 * current level begin at hash @first; there are @n, in the end only the
 * root. */
struct file {
	uint64_t size;
	uint8_t *ret;
	const void *who;
	uint64_t n;
	uint32_t first;
};

struct cfs_window {
	uint8_t blocks[(WINDOW_BLOCKS + 1) * BLOCK];
	uint8_t hashes[WINDOW_BLOCKS * CFS_DIGEST_MAX];
	struct file files[WINDOW_BLOCKS];
	struct cfs_climb climb;
	/* The arrays above are written before they are read. */
	enum cfs_alg alg;
	const struct cfs_keeper *keeper;
	struct cfs_sha *sha;
	size_t used;	/* number of blocks with data of files */
	size_t hashed;	/* how many of them are hashed */
	size_t n_files; /* number of files */
	const void *culprit;
};

int cfs_window_new(enum cfs_alg alg, const struct cfs_keeper *keeper,
		   struct cfs_window **ret, struct cfs_err *err)
{
	const size_t size =
		(size_t)cfs_verity_blocks(sizeof(struct cfs_window)) * BLOCK;
	/* Aligned, so that a vector that is loaded never crosses a cache line.
	 * The large arrays are not cleared. */
	CFS_AUTO(cfs_window_free)
	struct cfs_window *w = aligned_alloc(BLOCK, size);
	int r;

	if (!w)
		return cfs_no_memory(err);
	memset(&w->alg, 0, sizeof(*w) - offsetof(struct cfs_window, alg));
	w->alg = alg;
	w->keeper = keeper;
	r = cfs_sha_new(alg, &w->sha, err);
	if (r < 0)
		return r;
	cfs_climb_init(&w->climb, alg, w->sha);
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
	w->climb.n = 0;
}

bool cfs_window_is_empty(const struct cfs_window *w)
{
	return w->n_files == 0;
}

size_t cfs_window_used(const struct cfs_window *w)
{
	return w->used * BLOCK;
}

const void *cfs_window_culprit(const struct cfs_window *w)
{
	return w->culprit;
}

enum cfs_alg cfs_window_alg(const struct cfs_window *w)
{
	return w->alg;
}

struct cfs_climb *cfs_window_climb(struct cfs_window *w)
{
	return &w->climb;
}

uint8_t *cfs_window_blocks(struct cfs_window *w)
{
	assert(cfs_window_is_empty(w));
	return w->blocks;
}

uint8_t *cfs_window_room(struct cfs_window *w, uint64_t size)
{
	assert(size <= CFS_DIGESTER_WINDOW);
	if (w->used + cfs_verity_blocks(size) > WINDOW_BLOCKS ||
	    w->n_files == WINDOW_BLOCKS)
		return NULL;
	return w->blocks + w->used * BLOCK;
}

/* Fills the last block of the @len bytes at @data with zeros. */
static void pad_block(uint8_t *data, uint64_t len)
{
	if (len % BLOCK != 0)
		memset(data + len, 0, BLOCK - len % BLOCK);
}

void cfs_window_add(struct cfs_window *w, uint64_t size, uint8_t *ret,
		    const void *who)
{
	size_t blocks = (size_t)cfs_verity_blocks(size);

	pad_block(w->blocks + w->used * BLOCK, size);
	w->files[w->n_files++] = (struct file){ .size = size,
						.ret = ret,
						.who = who,
						.n = blocks,
						.first = (uint32_t)w->used };
	w->used += blocks;
}

/* Hashes @n consecutive blocks at @data, whose hashes go to @out. */
static int hash_run(struct cfs_window *w, const uint8_t *data, size_t n,
		    uint8_t *out, struct cfs_err *err)
{
	const uint8_t *in[PIECE_BLOCKS];

	while (n > 0) {
		size_t now = n < PIECE_BLOCKS ? n : PIECE_BLOCKS;
		int r;

		for (size_t i = 0; i < now; i++)
			in[i] = data + i * BLOCK;
		r = cfs_sha_blocks(w->sha, now, in, BLOCK, out, err);
		if (r < 0)
			return r;
		data += now * BLOCK;
		out += now * cfs_alg_size(w->alg);
		n -= now;
	}
	return 0;
}

int cfs_window_hash_data(struct cfs_window *w, uint8_t *data, size_t len,
			 uint8_t *out, struct cfs_err *err)
{
	pad_block(data, len);
	return hash_run(w, data, (size_t)cfs_verity_blocks(len), out, err);
}

static int hash_more(struct cfs_window *w, size_t n, struct cfs_err *err)
{
	size_t at = w->hashed;

	w->culprit = NULL;
	w->hashed += n;
	return hash_run(w, w->blocks + at * BLOCK, n,
			w->hashes + at * cfs_alg_size(w->alg), err);
}

int cfs_window_hash(struct cfs_window *w, struct cfs_err *err)
{
	size_t fresh = w->used - w->hashed;

	/* Only whole batches: a rest would leave lanes of the hash idle, while
	 * the next file can fill them. */
	if (fresh < PIECE_BLOCKS)
		return 0;
	return hash_more(w, fresh / CFS_SHA_BATCH * CFS_SHA_BATCH, err);
}

/* Climbs from the data's hashes to the roots, all files together, one level at
 * a time: a file whose root is known drops out. */
static int find_roots(struct cfs_window *w, struct cfs_err *err)
{
	bool more = true;

	while (more) {
		int r;

		more = false;
		for (size_t i = 0; i < w->n_files; i++) {
			struct file *f = &w->files[i];
			uint8_t *hashes =
				w->hashes + f->first * cfs_alg_size(w->alg);

			if (f->n < 2)
				continue;
			r = cfs_climb_level(&w->climb, hashes, f->n, hashes,
					    &f->n, err);
			if (r < 0)
				return r;
			more = more || f->n > 1;
		}
		r = cfs_climb_flush(&w->climb, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Computes the digests of @n files, at most a batch, from their root hashes. */
static int hash_descriptors(struct cfs_window *w, const struct file *files,
			    size_t n, struct cfs_err *err)
{
	static const uint8_t empty[CFS_DIGEST_MAX];
	uint8_t desc[CFS_SHA_BATCH][CFS_VERITY_DESCRIPTOR_SIZE];
	uint8_t hashes[CFS_SHA_BATCH * CFS_DIGEST_MAX];
	size_t size = cfs_alg_size(w->alg);
	const uint8_t *in[CFS_SHA_BATCH];
	int r;

	for (size_t i = 0; i < n; i++) {
		const struct file *f = &files[i];

		/* The root hash of an empty file is zeros. */
		cfs_verity_descriptor(w->alg, f->size,
				      f->size > 0 ? w->hashes + f->first * size
						  : empty,
				      desc[i]);
		in[i] = desc[i];
	}
	r = cfs_sha_blocks(w->sha, n, in, sizeof(desc[0]), hashes, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		memcpy(files[i].ret, hashes + i * size, size);
	return 0;
}

static int find_digests(struct cfs_window *w, struct cfs_err *err)
{
	for (size_t i = 0; i < w->n_files; i += CFS_SHA_BATCH) {
		size_t n = w->n_files - i;
		int r;

		if (n > CFS_SHA_BATCH)
			n = CFS_SHA_BATCH;
		r = hash_descriptors(w, w->files + i, n, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int keep(struct cfs_window *w, const struct file *file,
		struct cfs_err *err)
{
	const struct cfs_bytes data = { w->blocks + file->first * BLOCK,
					(size_t)file->size };
	struct cfs_digest id = { .alg = w->alg };
	int r;

	memcpy(id.bytes, file->ret, cfs_alg_size(w->alg));
	r = w->keeper->keep(w->keeper->ctx, data, &id, file->who, err);
	if (r < 0)
		w->culprit = file->who;
	return r;
}

int cfs_window_flush(struct cfs_window *w, struct cfs_err *err)
{
	int r = 0;

	w->culprit = NULL;
	if (w->used > w->hashed)
		r = hash_more(w, w->used - w->hashed, err);
	if (r == 0)
		r = find_roots(w, err);
	if (r == 0)
		r = find_digests(w, err);
	/* While the contents are still in the window. */
	for (size_t i = 0; w->keeper && r == 0 && i < w->n_files; i++)
		r = keep(w, &w->files[i], err);
	cfs_window_drop(w);
	return r;
}
