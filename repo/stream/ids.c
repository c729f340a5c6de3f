/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/ids.h"

#include <string.h>

#define SLOTS_FIRST 64

void cfs_ids_free(struct cfs_ids *ids)
{
	cfs_buf_free(&ids->bytes);
	free(ids->slots);
	ids->slots = NULL;
	ids->mask = 0;
}

size_t cfs_ids_count(const struct cfs_ids *ids)
{
	return ids->bytes.len / cfs_alg_size(ids->alg);
}

/* Digests are as good as random: their first bytes are the hash. */
static size_t hash(const uint8_t *id)
{
	size_t h;

	memcpy(&h, id, sizeof(h));
	return h;
}

/* The slot of @id, or the free one where it belongs. */
static uint32_t *find(const struct cfs_ids *ids, const uint8_t *id)
{
	size_t size = cfs_alg_size(ids->alg), at = hash(id) & ids->mask;

	for (; ids->slots[at] != 0; at = (at + 1) & ids->mask)
		if (memcmp(ids->bytes.data + (ids->slots[at] - 1) * size, id,
			   size) == 0)
			break;
	return &ids->slots[at];
}

static int grow(struct cfs_ids *ids, struct cfs_err *err)
{
	size_t n = ids->slots ? (ids->mask + 1) * 2 : SLOTS_FIRST;
	uint32_t *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return cfs_no_memory(err);
	free(ids->slots);
	ids->slots = slots;
	ids->mask = n - 1;
	for (size_t i = 0; i < cfs_ids_count(ids); i++)
		*find(ids, ids->bytes.data + i * cfs_alg_size(ids->alg)) =
			(uint32_t)(i + 1);
	return 0;
}

int cfs_ids_index(struct cfs_ids *ids, const uint8_t *id, size_t max,
		  size_t *ret, struct cfs_err *err)
{
	size_t n = cfs_ids_count(ids);
	uint32_t *slot;

	if (!ids->slots || n >= (ids->mask + 1) / 4 * 3) {
		int r = grow(ids, err);

		if (r < 0)
			return r;
	}
	slot = find(ids, id);
	if (*slot != 0) {
		*ret = *slot - 1;
		return 0;
	}
	if (n >= max)
		return cfs_fail(err, EFBIG,
				"over %zu different digests are not supported",
				max);
	cfs_buf_add(&ids->bytes, id, cfs_alg_size(ids->alg));
	if (ids->bytes.failed)
		return cfs_buf_check(&ids->bytes, err);
	*slot = (uint32_t)(n + 1);
	*ret = n;
	return 0;
}

bool cfs_ids_find(const struct cfs_ids *ids, const uint8_t *id, size_t *ret)
{
	const uint32_t *slot = ids->slots ? find(ids, id) : NULL;

	if (!slot || *slot == 0)
		return false;
	*ret = *slot - 1;
	return true;
}
