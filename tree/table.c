/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Open addressing with linear probing.  The number of slots is a power of two,
 * and a quarter of them at least is free, so that every search ends.
 */
#include "tree/table.h"

#include <sys/auxv.h>

#define SLOTS_FIRST 64

uint64_t cfs_table_secret[3];

/* The kernel gives every program 16 random bytes.  libc makes its own secrets
 * of them, so they are not used as they are. */
__attribute__((constructor)) static void make_secret(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);
	uint64_t a = 0x9e3779b97f4a7c15, b = 0xff51afd7ed558ccd;

	if (random) {
		a ^= cfs_table_word(random, 8);
		b ^= cfs_table_word((const unsigned char *)random + 8, 8);
	}
	for (size_t i = 0; i < 3; i++) {
		b += 0xc4ceb9fe1a85ec53;
		a = cfs_table_fold(a ^ 0x2545f4914f6cdd1d, b);
		cfs_table_secret[i] = a ^ b;
	}
}

void cfs_table_free(struct cfs_table *table)
{
	free(table->slots);
	table->slots = NULL;
	table->mask = table->used = 0;
}

static void insert(const struct cfs_table *table, const void *entry)
{
	size_t at = (size_t)table->hash_of(entry) & table->mask;

	while (table->slots[at])
		at = (at + 1) & table->mask;
	table->slots[at] = entry;
}

static bool grow(struct cfs_table *table, size_t size)
{
	struct cfs_table grown = *table;

	grown.slots = calloc(size, sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	grown.mask = size - 1;
	for (size_t i = 0; table->slots && i <= table->mask; i++) {
		if (table->slots[i])
			insert(&grown, table->slots[i]);
	}
	free(table->slots);
	*table = grown;
	return true;
}

bool cfs_table_reserve_many(struct cfs_table *table, size_t n)
{
	size_t size = table->slots ? table->mask + 1 : 0, need = size;

	/* Keeps @need from overflowing below. */
	if (n > SIZE_MAX / 16 - table->used)
		return false;
	if (need < SLOTS_FIRST)
		need = SLOTS_FIRST;
	while (table->used + n > need / 4 * 3)
		need *= 2;
	return need == size || grow(table, need);
}

bool cfs_table_reserve(struct cfs_table *table)
{
	if (table->slots && table->used < (table->mask + 1) / 4 * 3)
		return true;
	return cfs_table_reserve_many(table, 1);
}

const void **cfs_table_slot(const struct cfs_table *table, uint64_t hash,
			    bool (*same)(const void *entry, const void *key),
			    const void *key)
{
	size_t at = (size_t)hash & table->mask;

	while (table->slots[at] && !same(table->slots[at], key))
		at = (at + 1) & table->mask;
	return &table->slots[at];
}

/* No tombstones: entries behind the hole move up, but never before the slot of
 * their hash, where a search for them begins. */
void cfs_table_drop(struct cfs_table *table, const void **slot)
{
	size_t mask = table->mask;
	size_t hole = (size_t)(slot - table->slots);

	for (size_t at = (hole + 1) & mask; table->slots[at];
	     at = (at + 1) & mask) {
		size_t home = (size_t)table->hash_of(table->slots[at]) & mask;

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		table->slots[hole] = table->slots[at];
		hole = at;
	}
	table->slots[hole] = NULL;
	table->used--;
}
