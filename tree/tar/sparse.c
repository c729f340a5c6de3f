/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/sparse.h"

#include <string.h>

#include "base/fields.h"

/* Old GNU header: four pieces of 24 bytes; a block behind it: 21 of them. */
#define HEAD_MAP   386
#define HEAD_N	   4
#define HEAD_MORE  482
#define HEAD_SIZE  483
#define BLOCK_N	   21
#define BLOCK_MORE 504
#define NUMBER	   12

#define PREFIX "GNU.sparse."

void cfs_tar_sparse_free(struct cfs_tar_sparse *sparse)
{
	if (sparse)
		cfs_vec_free(&sparse->map);
}

void cfs_tar_sparse_reset(struct cfs_tar_sparse *sparse)
{
	struct cfs_tar_map map = sparse->map;

	map.n = 0;
	*sparse = (struct cfs_tar_sparse){ .map = map };
}

static int add_piece(struct cfs_tar_map *map, uint64_t off, uint64_t len,
		     struct cfs_err *err)
{
	if (map->n >= CFS_TAR_PIECES_MAX)
		return cfs_fail(err, E2BIG,
				"a sparse file of over %u pieces of data",
				CFS_TAR_PIECES_MAX);
	return cfs_vec_add(map, (struct cfs_tar_piece){ off, len })
		       ? 0
		       : cfs_no_memory(err);
}

static int bad_map(struct cfs_err *err)
{
	return cfs_fail(err, EINVAL, "the map of a sparse file is malformed");
}

/* A field of a map: a number that is not negative. */
static bool map_number(const uint8_t *p, uint64_t *ret)
{
	int64_t v;

	if (!cfs_tar_number((struct cfs_bytes){ p, NUMBER }, &v) || v < 0)
		return false;
	*ret = (uint64_t)v;
	return true;
}

/* Takes up to @n pieces from @p. */
static int take_pieces(struct cfs_tar_sparse *sparse, const uint8_t *p,
		       size_t n, struct cfs_err *err)
{
	sparse->any = sparse->has_map = true;
	/* The first piece without a number ends the map of this block. */
	for (size_t i = 0; i < n && p[NUMBER] != 0; i++, p += 2 * NUMBER) {
		uint64_t off, len;
		int r;

		if (!map_number(p, &off) || !map_number(p + NUMBER, &len))
			return bad_map(err);
		r = add_piece(&sparse->map, off, len, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int cfs_tar_sparse_header(struct cfs_tar_sparse *sparse,
			  const uint8_t header[static CFS_TAR_BLOCK],
			  struct cfs_err *err)
{
	int r;

	sparse->has_size = true;
	if (!map_number(header + HEAD_SIZE, &sparse->size))
		return bad_map(err);
	r = take_pieces(sparse, header + HEAD_MAP, HEAD_N, err);
	return r < 0 ? r : header[HEAD_MORE] != 0;
}

int cfs_tar_sparse_block(struct cfs_tar_sparse *sparse,
			 const uint8_t block[static CFS_TAR_BLOCK],
			 struct cfs_err *err)
{
	int r = take_pieces(sparse, block, BLOCK_N, err);

	return r < 0 ? r : block[BLOCK_MORE] != 0;
}

/* PAX 0.1: "OFFSET,LENGTH,OFFSET,LENGTH". */
static int parse_list(struct cfs_tar_sparse *sparse, struct cfs_bytes list,
		      struct cfs_err *err)
{
	uint64_t v[2];

	sparse->map.n = 0;
	for (size_t i = 0; list.len > 0; i++) {
		const uint8_t *comma = memchr(list.data, ',', list.len);
		struct cfs_bytes one = { list.data, list.len };
		int r;

		if (comma)
			one.len = (size_t)(comma - list.data);
		r = cfs_pax_number(one, INT64_MAX, &v[i % 2], err);
		if (r == 0 && i % 2 == 1)
			r = add_piece(&sparse->map, v[0], v[1], err);
		if (r < 0)
			return r;
		list.data += one.len + (comma != NULL);
		list.len -= one.len + (comma != NULL);
		/* Neither an odd number of them, nor a comma at the end. */
		if (list.len == 0 && (comma || i % 2 == 0))
			return bad_map(err);
	}
	return 0;
}

/* PAX 0.0: an offset, then a length, for each piece. */
static int take_length(struct cfs_tar_sparse *sparse, struct cfs_bytes value,
		       struct cfs_err *err)
{
	uint64_t len;
	int r = cfs_pax_number(value, INT64_MAX, &len, err);

	if (r < 0)
		return r;
	if (!sparse->has_off)
		return bad_map(err);
	sparse->has_off = false;
	sparse->has_map = true;
	return add_piece(&sparse->map, sparse->off, len, err);
}

int cfs_tar_sparse_record(struct cfs_tar_sparse *sparse,
			  const struct cfs_pax_record *record,
			  struct cfs_err *err)
{
	struct cfs_bytes key = record->key, value = record->value;

	sparse->any = true;
	key.data += strlen(PREFIX);
	key.len -= strlen(PREFIX);
	if (cfs_bytes_are(key, "size") || cfs_bytes_are(key, "realsize")) {
		sparse->has_size = true;
		return cfs_pax_number(value, INT64_MAX, &sparse->size, err);
	}
	if (cfs_bytes_are(key, "offset")) {
		sparse->has_off = true;
		return cfs_pax_number(value, INT64_MAX, &sparse->off, err);
	}
	if (cfs_bytes_are(key, "numbytes"))
		return take_length(sparse, value, err);
	if (cfs_bytes_are(key, "map")) {
		sparse->has_map = true;
		return parse_list(sparse, value, err);
	}
	if (cfs_bytes_are(key, "major")) {
		sparse->has_major = true;
		return cfs_pax_number(value, INT64_MAX, &sparse->major, err);
	}
	if (cfs_bytes_are(key, "minor"))
		return cfs_pax_number(value, INT64_MAX, &sparse->minor, err);
	if (cfs_bytes_are(key, "name"))
		sparse->name = value;
	return 0; /* numblocks says nothing new */
}

static int check_pieces(const struct cfs_tar_map *map, uint64_t size,
			uint64_t data, struct cfs_err *err)
{
	const struct cfs_tar_piece *piece = map->v;
	uint64_t end = 0, sum = 0;

	for (size_t i = 0; i < map->n; i++) {
		if (piece[i].off < end || piece[i].off > size ||
		    piece[i].len > size - piece[i].off)
			return cfs_fail(err, EINVAL,
					"the map of a sparse file has pieces "
					"out of order or beyond its end");
		end = piece[i].off + piece[i].len;
		sum += piece[i].len;
	}
	if (sum != data)
		return cfs_fail(err, EINVAL,
				"a sparse file has %llu bytes of data, its map "
				"says %llu",
				(unsigned long long)data,
				(unsigned long long)sum);
	return 0;
}

int cfs_tar_sparse_check(struct cfs_tar_sparse *sparse, uint64_t size,
			 struct cfs_err *err)
{
	sparse->map_in_content = sparse->has_major;
	if (sparse->has_major && (sparse->major != 1 || sparse->minor != 0))
		return cfs_fail(err, EINVAL,
				"a sparse file of the unknown form %llu.%llu",
				(unsigned long long)sparse->major,
				(unsigned long long)sparse->minor);
	/* The map is either in the records or, in PAX 1.0, in the content. */
	if (!sparse->has_size || sparse->has_off ||
	    sparse->has_map == sparse->has_major)
		return bad_map(err);
	if (sparse->size > CFS_TAR_SPARSE_MAX)
		return cfs_fail(err, EFBIG,
				"a sparse file of %llu bytes (at most %llu)",
				(unsigned long long)sparse->size,
				CFS_TAR_SPARSE_MAX);
	if (sparse->map_in_content)
		return 0;
	return check_pieces(&sparse->map, sparse->size, size, err);
}

int cfs_tar_sparse_count(const struct cfs_tar_sparse *sparse, uint64_t size,
			 uint64_t *sum, struct cfs_err *err)
{
	/* Neither is over CFS_TAR_SPARSE_MAX. */
	if (sparse->size > size)
		*sum += sparse->size - size;
	if (*sum <= CFS_TAR_SPARSE_MAX)
		return 0;
	return cfs_fail(err, EFBIG,
			"the holes of sparse files so far are %llu bytes; the "
			"maximum is %llu",
			(unsigned long long)*sum, CFS_TAR_SPARSE_MAX);
}

/* The reader of a map at the start of the content, where it is padded to a
 * block: numbers that end with a newline, the first being how many pieces
 * follow. */
struct map_reader {
	struct cfs_tar_expand *x;
	uint8_t block[CFS_TAR_BLOCK];
	size_t at;
};

static int map_block(struct map_reader *m, struct cfs_err *err)
{
	ssize_t n;

	if (m->x->content_left < sizeof(m->block))
		return bad_map(err);
	n = cfs_source_full(m->x->content, m->block, sizeof(m->block), err);
	if (n < 0)
		return (int)n;
	if ((size_t)n < sizeof(m->block))
		return bad_map(err);
	m->x->content_left -= sizeof(m->block);
	m->at = 0;
	return 0;
}

static int map_value(struct map_reader *m, uint64_t *ret, struct cfs_err *err)
{
	uint8_t text[20];
	size_t n = 0;

	for (;;) {
		uint8_t c;
		int r = m->at < sizeof(m->block) ? 0 : map_block(m, err);

		if (r < 0)
			return r;
		c = m->block[m->at++];
		if (c == '\n')
			break;
		if (n == sizeof(text))
			return bad_map(err);
		text[n++] = c;
	}
	return cfs_pax_number((struct cfs_bytes){ text, n }, INT64_MAX, ret,
			      err);
}

static int read_map(struct cfs_tar_expand *x, struct cfs_err *err)
{
	struct map_reader m = { .x = x, .at = sizeof(m.block) };
	uint64_t n, off, len;
	int r = map_value(&m, &n, err);

	for (uint64_t i = 0; r == 0 && i < n; i++) {
		r = map_value(&m, &off, err);
		if (r == 0)
			r = map_value(&m, &len, err);
		if (r == 0)
			r = add_piece(&x->map, off, len, err);
	}
	return r;
}

int cfs_tar_expand_init(struct cfs_tar_expand *ret,
			const struct cfs_tar_sparse *sparse, uint64_t size,
			const struct cfs_source *content, struct cfs_err *err)
{
	const struct cfs_tar_map *map = &sparse->map;
	int r = 0;

	*ret = (struct cfs_tar_expand){
		.content = content,
		.content_left = size,
		.size = sparse->size,
	};
	if (sparse->map_in_content) {
		map = &ret->map;
		r = read_map(ret, err);
		if (r == 0)
			r = check_pieces(map, ret->size, ret->content_left,
					 err);
	}
	if (r < 0) {
		cfs_tar_expand_free(ret);
		return r;
	}
	if (map->n > 0) {
		ret->piece = map->v;
		ret->end = map->v + map->n;
	}
	return 0;
}

void cfs_tar_expand_free(struct cfs_tar_expand *x)
{
	if (x)
		cfs_vec_free(&x->map);
}

static ssize_t read_expanded(void *ctx, void *data, size_t len,
			     struct cfs_err *err)
{
	struct cfs_tar_expand *x = ctx;
	uint64_t until = x->size;
	ssize_t n;

	/* A piece of no bytes marks the end of a file that ends in a hole. */
	while (x->piece < x->end && x->at == x->piece->off + x->piece->len)
		x->piece++;
	if (x->piece < x->end)
		until = x->at < x->piece->off ? x->piece->off
					      : x->piece->off + x->piece->len;
	if (len > until - x->at)
		len = (size_t)(until - x->at);
	if (x->piece < x->end && x->at >= x->piece->off) {
		n = cfs_source_read(x->content, data, len, err);
		if (n == 0 && len > 0)
			return cfs_fail(err, EINVAL,
					"a sparse file ends too early");
	} else {
		memset(data, 0, len);
		n = (ssize_t)len;
	}
	if (n > 0)
		x->at += (uint64_t)n;
	return n;
}

struct cfs_source cfs_tar_expand_source(struct cfs_tar_expand *x)
{
	return (struct cfs_source){ read_expanded, x };
}
