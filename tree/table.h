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

/* Random numbers, the same as long as the program runs. */
extern uint64_t cfs_table_secret[3];

/* Both halves of the product of 64 bits and 64 bits, one over the other, made
 * of products that every machine has. */
static inline uint64_t cfs_table_fold_slowly(uint64_t a, uint64_t b)
{
	uint64_t al = (uint32_t)a, ah = a >> 32;
	uint64_t bl = (uint32_t)b, bh = b >> 32;
	uint64_t mid = (al * bl >> 32) + (uint32_t)(ah * bl) + al * bh;
	uint64_t carry = mid < al * bh;

	return (a * b) ^
	       (ah * bh + (ah * bl >> 32) + (mid >> 32) + (carry << 32));
}

static inline uint64_t cfs_table_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	unsigned __int128 p = (unsigned __int128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
#else
	return cfs_table_fold_slowly(a, b);
#endif
}

/* The @len (at most 8) bytes at @p as a number. */
static inline uint64_t cfs_table_word(const unsigned char *p, size_t len)
{
	uint64_t v = 0;

	memcpy(&v, p, len);
	return v;
}

/*
 * A hash of @len bytes for tables of one run.  Names come from layers that
 * anybody may have made: without the secret, names cannot be chosen so that
 * they meet in one slot, which would make a table a list.
 *
 * As in wyhash (Wang Yi), two words at a time, each mixed with a number that is
 * not known, are multiplied, and both halves of the product count.
 */
static inline uint64_t cfs_table_hash(const void *data, size_t len,
				      uint64_t seed)
{
	const unsigned char *p = data;
	uint64_t h = cfs_table_fold(seed ^ cfs_table_secret[0],
				    len ^ cfs_table_secret[1]);
	uint64_t a = 0, b = 0;

	for (; len > 16; p += 16, len -= 16)
		h = cfs_table_fold(cfs_table_word(p, 8) ^ cfs_table_secret[1],
				   cfs_table_word(p + 8, 8) ^ h);
	if (len >= 8) {
		a = cfs_table_word(p, 8);
		b = cfs_table_word(p + len - 8, 8);
	} else if (len >= 4) {
		a = cfs_table_word(p, 4);
		b = cfs_table_word(p + len - 4, 4);
	} else if (len > 0) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[len / 2] << 8 |
		    p[len - 1];
	}
	/* Once more: hashes of names in a row would be in a row, too. */
	return cfs_table_fold(cfs_table_fold(a ^ cfs_table_secret[2], b ^ h),
			      len ^ cfs_table_secret[1]);
}

#endif
