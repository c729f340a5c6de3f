/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A hash table of borrowed pointers.  The table knows neither keys nor
 * values: @hash_of gives the hash of an entry, the caller's @same compares an
 * entry with a key.  Zero-initialise but for hash_of.
 */
#ifndef CFS_TREE_TABLE_H
#define CFS_TREE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/auto.h"

struct cfs_table {
	uint64_t (*hash_of)(const void *entry);
	const void **slots; /* owned; NULL: free */
	size_t mask;	    /* slots - 1 */
	size_t used;
};

void cfs_table_free(struct cfs_table *table);

/* Makes sure that one entry more fits.  Returns false without memory. */
bool cfs_table_reserve(struct cfs_table *table) CFS_MUST_CHECK CFS_NONNULL;

/* The same for @n entries more, at once. */
bool cfs_table_reserve_many(struct cfs_table *table,
			    size_t n) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The slot whose entry is the @same as @key, or the free slot where it
 * belongs (*slot is NULL; fill it and count it with cfs_table_fill()).
 * The table must have been reserved once.
 */
const void **cfs_table_slot(const struct cfs_table *table, uint64_t hash,
			    bool (*same)(const void *entry, const void *key),
			    const void *key) CFS_NONNULL;

/* Puts @entry into the free @slot; the table was reserved before. */
static inline void cfs_table_fill(struct cfs_table *table, const void **slot,
				  const void *entry)
{
	*slot = entry;
	table->used++;
}

/* Empties a filled @slot. */
void cfs_table_drop(struct cfs_table *table, const void **slot) CFS_NONNULL;

/* A hash of @len bytes for tables of one run: it depends on byte order. */
static inline uint64_t cfs_table_hash(const void *data, size_t len,
				      uint64_t seed)
{
	const unsigned char *p = data, *end = p + len;
	uint64_t h = seed ^ len * 0x9e3779b97f4a7c15u, w = 0;

	for (; end - p >= 8; p += 8) {
		memcpy(&w, p, 8);
		h = (h ^ w) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	if (len >= 8) { /* the last 8: some are hashed twice */
		memcpy(&w, end - 8, 8);
	} else {
		for (; p < end; p++)
			w = w << 8 | *p;
	}
	/* Twice: products do not carry what the last characters say, the upper
	 * bits of @w, down to the bits that choose a slot. */
	h = (h ^ w) * 0xff51afd7ed558ccdu;
	h = (h ^ h >> 32) * 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 29;
}

#endif
