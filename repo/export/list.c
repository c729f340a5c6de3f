/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/list.h"

#include "repo/export/header.h"

void cfs_export_packs_free(struct cfs_export_packs *packs)
{
	cfs_vec_free(packs);
}

/* Reads the next object into @ret, which has the place of the one before. */
static bool read_object(struct cfs_bytes *rest, enum cfs_alg alg,
			struct cfs_export_packed *ret)
{
	size_t size = cfs_alg_size(alg);
	cfs_le32 stored;

	memcpy(ret->id.bytes, cfs_bytes_cut(rest, size).data, size);
	memcpy(&stored, cfs_bytes_cut(rest, sizeof(stored)).data,
	       sizeof(stored));
	ret->place.offset += ret->place.stored;
	ret->place.zstd = cfs_get32(stored) & CFS_EXPORT_ZSTD;
	ret->place.stored = cfs_get32(stored) & ~CFS_EXPORT_ZSTD;
	return ret->place.stored > 0 && ret->place.stored <= CFS_EXPORT_SMALL &&
	       ret->place.offset <= CFS_EXPORT_PACK_MAX - CFS_EXPORT_SMALL;
}

int cfs_export_list_read(struct cfs_bytes bytes, enum cfs_alg alg,
			 uint32_t pack, uint64_t pack_size,
			 struct cfs_export_packs *packs, struct cfs_err *err)
{
	struct cfs_export_packed object = { { .alg = alg }, { .pack = pack } };
	struct cfs_bytes rest;
	uint32_t n = 0;
	int r = cfs_export_header_read(bytes, CFS_EXPORT_LIST_MAGIC, alg, &n,
				       &rest, err);

	if (r < 0)
		return r;
	if (rest.len != n * (uint64_t)(cfs_alg_size(alg) + sizeof(cfs_le32)))
		return cfs_fail(err, EBADMSG, "list of %u objects in %zu bytes",
				n, bytes.len);
	for (uint32_t i = 0; i < n; i++) {
		struct cfs_digest last = object.id;

		if (!read_object(&rest, alg, &object) ||
		    (i > 0 &&
		     memcmp(last.bytes, object.id.bytes, CFS_DIGEST_MAX) >= 0))
			return cfs_fail(err, EBADMSG,
					"object %u of the list is not in order "
					"or larger than a small one",
					i);
		if (!cfs_vec_add(packs, object))
			return cfs_no_memory(err);
		packs->unsorted = true;
	}
	if (object.place.offset + object.place.stored != pack_size)
		return cfs_fail(err, EBADMSG,
				"the pack has %llu bytes, its list says %llu",
				(unsigned long long)pack_size,
				(unsigned long long)(object.place.offset +
						     object.place.stored));
	return 0;
}

int cfs_export_list_write(enum cfs_alg alg,
			  const struct cfs_export_packed *packed, size_t n,
			  struct cfs_buf *out, struct cfs_err *err)
{
	cfs_export_header_write(CFS_EXPORT_LIST_MAGIC, alg, n, out);
	for (size_t i = 0; i < n; i++) {
		const struct cfs_export_place *place = &packed[i].place;
		cfs_le32 stored =
			cfs_put32((uint32_t)place->stored |
				  (place->zstd ? CFS_EXPORT_ZSTD : 0));

		cfs_buf_add(out, packed[i].id.bytes, cfs_alg_size(alg));
		cfs_buf_add(out, &stored, sizeof(stored));
	}
	return cfs_buf_check(out, err);
}

static int compare(const void *a, const void *b)
{
	const struct cfs_export_packed *x = a, *y = b;
	int r = memcmp(x->id.bytes, y->id.bytes, CFS_DIGEST_MAX);

	if (r)
		return r;
	return (x->place.pack > y->place.pack) -
	       (x->place.pack < y->place.pack);
}

bool cfs_export_packs_find(struct cfs_export_packs *packs,
			   const struct cfs_digest *id,
			   struct cfs_export_place *ret)
{
	size_t from = 0, to = packs->n, size = cfs_alg_size(id->alg);

	if (packs->unsorted)
		qsort(packs->v, packs->n, sizeof(*packs->v), compare);
	packs->unsorted = false;
	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (memcmp(packs->v[mid].id.bytes, id->bytes, size) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == packs->n || !cfs_digest_equal(&packs->v[from].id, id))
		return false;
	*ret = packs->v[from].place;
	return true;
}
