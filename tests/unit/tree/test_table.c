/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/table.h"

#include "tests/test.h"

static uint64_t value_hash(const void *entry)
{
	/* Few places: entries have to give way to each other. */
	return *(const unsigned *)entry % 7;
}

static bool same(const void *entry, const void *key)
{
	return *(const unsigned *)entry == *(const unsigned *)key;
}

static const void **find(const struct cfs_table *table, const unsigned *key)
{
	return cfs_table_slot(table, value_hash(key), same, key);
}

TEST(entries_are_found_until_they_are_dropped)
{
	static unsigned values[500];
	struct cfs_table table = { .hash_of = value_hash };

	for (unsigned i = 0; i < 500; i++) {
		values[i] = i * 31;
		CHECK(cfs_table_reserve(&table));
		CHECK(!*find(&table, &values[i]));
		cfs_table_fill(&table, find(&table, &values[i]), &values[i]);
	}
	CHECK_EQ(table.used, 500);
	for (unsigned i = 0; i < 500; i += 3)
		cfs_table_drop(&table, find(&table, &values[i]));
	for (unsigned i = 0; i < 500; i++) {
		const void *want = i % 3 == 0 ? NULL : &values[i];

		CHECK_EQ(*find(&table, &values[i]), want);
	}
	CHECK_EQ(table.used, 333);
	cfs_table_free(&table);
}

TEST(room_for_many_is_made_at_once)
{
	static unsigned values[1000];
	struct cfs_table table = { .hash_of = value_hash };
	const void **slots;

	CHECK(cfs_table_reserve_many(&table, 1000));
	slots = table.slots;
	for (unsigned i = 0; i < 1000; i++) {
		values[i] = i;
		CHECK(cfs_table_reserve(&table));
		cfs_table_fill(&table, find(&table, &values[i]), &values[i]);
	}
	CHECK_EQ(table.slots, slots);
	CHECK_EQ(table.used, 1000);
	CHECK(!cfs_table_reserve_many(&table, SIZE_MAX));
	CHECK_EQ(*find(&table, &values[999]), &values[999]);
	cfs_table_free(&table);
}

TEST(a_hash_depends_on_every_byte_and_the_length)
{
	uint8_t data[40] = { 0 };

	for (size_t len = 0; len < sizeof(data); len++) {
		uint64_t h = cfs_table_hash(data, len, 1);

		CHECK(h != cfs_table_hash(data, len + 1, 1) || len == 39);
		CHECK(h != cfs_table_hash(data, len, 2));
		for (size_t i = 0; i < len; i++) {
			data[i] = 1;
			CHECK(h != cfs_table_hash(data, len, 1));
			data[i] = 0;
		}
	}
}

/* A table of twice as many slots as names: if the names were spread by
 * chance, about 0.39 of the slots would be taken. */
TEST(names_that_differ_in_any_place_are_spread_over_the_slots)
{
	for (size_t place = 0; place <= 8; place += 4) {
		static bool taken[16384];
		char name[] = "aaaaaaaaaaaa";
		unsigned n = 0;

		memset(taken, 0, sizeof(taken));
		for (unsigned i = 0; i < 8192; i++) {
			char digits[9];
			size_t slot;

			snprintf(digits, sizeof(digits), "%04x", i);
			memcpy(name + place, digits, 4);
			slot = cfs_table_hash(name, 12, 7) % 16384;
			n += !taken[slot];
			taken[slot] = true;
		}
		CHECK(n > 16384 * 0.37);
	}
}

/* Flipping bit 63 of a word flips bits 63 and 31 of a product by an odd number
 * that is shifted by 32 and added, whatever the number and the rest are: these
 * names were the same to a hash that had no secret. */
TEST(names_that_were_made_to_meet_do_not)
{
	static bool taken[2048];
	unsigned n = 0;

	for (unsigned i = 0; i < 1024; i++) {
		unsigned char name[168];
		size_t slot;

		memset(name, 'a', sizeof(name));
		for (unsigned bit = 0; bit < 10; bit++) {
			if (!(i >> bit & 1))
				continue;
			name[16 * bit + 7] ^= 0x80;
			name[16 * bit + 11] ^= 0x80;
			name[16 * bit + 15] ^= 0x80;
		}
		slot = cfs_table_hash(name, sizeof(name), 7) % 2048;
		n += !taken[slot];
		taken[slot] = true;
	}
	/* 806 by chance, give or take 15. */
	CHECK(n > 700);
}

static size_t name_in_a_row(unsigned kind, unsigned i, char name[static 64])
{
	int len;

	if (kind == 0)
		len = snprintf(name, 64, "f%08u", i);
	else if (kind == 1)
		len = snprintf(name, 64, "%u", i);
	else if (kind == 2)
		len = snprintf(name, 64, "lib%u.so.1", i);
	else
		len = snprintf(name, 64, "a-long-prefix-of-names%06u", i);
	return (size_t)len;
}

/* How many slots are looked at to put @n names into 16384. */
static unsigned looks(unsigned kind, unsigned n)
{
	static bool taken[16384];
	unsigned sum = 0;
	char name[64];

	memset(taken, 0, sizeof(taken));
	for (unsigned i = 0; i < n; i++) {
		size_t len = name_in_a_row(kind, i, name);
		size_t at = cfs_table_hash(name, len, 5) % 16384;

		for (sum++; taken[at]; sum++)
			at = (at + 1) % 16384;
		taken[at] = true;
	}
	return sum;
}

TEST(names_in_a_row_are_not_put_in_a_row)
{
	/* 2.4 a name by chance, 2.6 at most in thousands of secrets. */
	for (unsigned kind = 0; kind < 4; kind++)
		CHECK(looks(kind, 12000) < 12000 * 3);
}

TEST(products_are_the_same_on_small_machines)
{
	uint64_t a = 1;

	CHECK(cfs_table_fold_slowly(UINT64_MAX, UINT64_MAX) ==
	      cfs_table_fold(UINT64_MAX, UINT64_MAX));
	for (unsigned i = 0; i < 1000000; i++) {
		uint64_t b = a * 6364136223846793005u + 1442695040888963407u;

		CHECK(cfs_table_fold_slowly(a, b) == cfs_table_fold(a, b));
		a = b | (uint64_t)(i & 1 ? UINT32_MAX : 0) << 32;
	}
}

TEST(the_secret_is_one)
{
	CHECK(cfs_table_secret[0] != cfs_table_secret[1] &&
	      cfs_table_secret[1] != cfs_table_secret[2]);
}
