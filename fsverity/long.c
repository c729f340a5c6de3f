/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/long.h"

#include <assert.h>
#include <string.h>

#include "base/io.h"
#include "fsverity/merkle.h"

#define SEGMENT_BLOCKS (CFS_DIGESTER_SEGMENT / CFS_VERITY_BLOCK)

/* Bytes that are read at a time, so that the cache still has them when they are
 * hashed. */
#define PIECE (256u << 10)

int cfs_long_init(struct cfs_long *file, enum cfs_alg alg, struct cfs_err *err)
{
	/* The number of blocks on the level above the data's. */
	uint64_t up = cfs_verity_blocks(cfs_verity_blocks(file->size) *
					cfs_alg_size(alg));
	size_t hashes = (size_t)(up * cfs_alg_size(alg));
	bool fits = hashes == up * cfs_alg_size(alg); /* not always: 32 bits */

	assert(file->segment > 0 && file->segment <= CFS_DIGESTER_SEGMENT &&
	       file->segment % CFS_LONG_SEGMENT_MIN == 0);
	file->segments = (file->size - 1) / file->segment + 1;
	file->hashes = fits ? malloc(hashes) : NULL;
	return file->hashes ? 0 : cfs_no_memory(err);
}

void cfs_long_free(struct cfs_long *file)
{
	const struct cfs_keeper *k = file->keeper;
	struct cfs_err ignored;

	if (file->kept)
		(void)!k->end(k->ctx, cfs_steal_ptr(&file->kept), NULL, NULL,
			      &ignored);
	free(file->hashes);
	file->hashes = NULL;
}

int cfs_long_write(struct cfs_long *file, uint64_t off, struct cfs_bytes data,
		   struct cfs_err *err)
{
	const struct cfs_keeper *k = file->keeper;

	return file->kept ? k->write(k->ctx, file->kept, off, data, err) : 0;
}

int cfs_long_keep(struct cfs_long *file, const struct cfs_digest *id,
		  struct cfs_err *err)
{
	const struct cfs_keeper *k = file->keeper;

	return k->end(k->ctx, cfs_steal_ptr(&file->kept), id, file->who, err);
}

size_t cfs_long_segment_size(const struct cfs_long *file, uint64_t n)
{
	/* Only the last segment is shorter. */
	uint64_t left = file->size - n * file->segment;

	return left < file->segment ? (size_t)left : file->segment;
}

/* Climbs one level from the @n hashes of a segment's blocks. */
static int climb(struct cfs_long *file, struct cfs_window *w, uint64_t segment,
		 const uint8_t *hashes, uint64_t n, struct cfs_err *err)
{
	struct cfs_climb *climb = cfs_window_climb(w);
	size_t size = cfs_alg_size(cfs_window_alg(w));
	/* A segment's hashes fill whole blocks, so that no block of this level
	 * has hashes of two segments: threads need no lock here. */
	uint64_t before = segment * (file->segment / CFS_VERITY_BLOCK) * size /
			  CFS_VERITY_BLOCK;
	int r = cfs_climb_level(climb, hashes, n, file->hashes + before * size,
				&n, err);

	return r < 0 ? r : cfs_climb_flush(climb, err);
}

int cfs_long_hash(struct cfs_long *file, struct cfs_window *w, uint64_t n,
		  uint8_t *data, struct cfs_err *err)
{
	uint8_t hashes[SEGMENT_BLOCKS * CFS_DIGEST_MAX];
	size_t len = cfs_long_segment_size(file, n);
	int r = cfs_window_hash_data(w, data, len, hashes, err);

	return r < 0 ? r
		     : climb(file, w, n, hashes, cfs_verity_blocks(len), err);
}

int cfs_long_read(struct cfs_long *file, struct cfs_window *w, uint64_t n,
		  int fd, struct cfs_err *err)
{
	uint8_t hashes[SEGMENT_BLOCKS * CFS_DIGEST_MAX], *out = hashes;
	size_t len = cfs_long_segment_size(file, n), size;
	uint8_t *data = cfs_window_blocks(w);

	size = cfs_alg_size(cfs_window_alg(w));
	for (size_t at = 0; at < len; at += PIECE) {
		const struct cfs_bytes piece = { data, len - at < PIECE
							       ? len - at
							       : PIECE };
		uint64_t off = n * file->segment + at;
		ssize_t got = cfs_pread_full(fd, data, piece.len, off);
		int r;

		if (got < 0)
			return cfs_fail(err, (int)-got, "read: %s",
					strerror((int)-got));
		/* The caller's fstat(2) said how long it is. */
		if ((size_t)got != piece.len)
			return cfs_fail(err, ESTALE,
					"changed while it was read");
		r = cfs_window_hash_data(w, data, piece.len, out, err);
		if (r == 0)
			r = cfs_long_write(file, off, piece, err);
		if (r < 0)
			return r;
		out += cfs_verity_blocks(piece.len) * size;
	}
	return climb(file, w, n, hashes, (uint64_t)(out - hashes) / size, err);
}

int cfs_long_finish(struct cfs_long *file, struct cfs_window *w,
		    struct cfs_digest *id, struct cfs_err *err)
{
	/* The segments have computed two levels: the data's hashes, which were
	 * not kept, and those in file->hashes. */
	enum cfs_alg alg = cfs_window_alg(w);
	uint64_t blocks = cfs_verity_blocks(file->size);
	struct cfs_climb *climb = cfs_window_climb(w);
	uint8_t desc[CFS_VERITY_DESCRIPTOR_SIZE];
	const uint8_t *in = desc;
	int r;

	r = cfs_climb_root(climb, file->hashes,
			   cfs_verity_blocks(blocks * cfs_alg_size(alg)), err);
	if (r < 0)
		return r;
	cfs_verity_descriptor(alg, file->size, file->hashes, desc);
	r = cfs_sha_blocks(climb->sha, 1, &in, sizeof(desc), file->ret, err);
	if (r < 0)
		return r;
	*id = (struct cfs_digest){ .alg = alg };
	memcpy(id->bytes, file->ret, cfs_alg_size(alg));
	return 0;
}
