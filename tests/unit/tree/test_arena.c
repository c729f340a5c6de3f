/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/arena.h"

#include "tests/test.h"

TEST(pieces_of_all_sizes_are_aligned_and_apart)
{
	struct cfs_arena arena = { 0 };
	uint8_t *last = NULL;
	size_t last_size = 0;

	for (size_t size = 0; size < 3000000; size = size * 3 + 1) {
		uint8_t *p = cfs_arena_alloc(&arena, size);

		CHECK(p);
		CHECK_EQ((uintptr_t)p % 8, 0);
		memset(p, 0xaa, size);
		if (last_size > 0)
			CHECK_EQ(last[last_size - 1], 0xaa);
		if (size > 0)
			p[0] = 0xaa;
		last = p;
		last_size = size;
	}
	cfs_arena_free(&arena);
	CHECK(!arena.chunks);
}

TEST(copies_end_in_a_nul)
{
	struct cfs_arena arena = { 0 };
	char *copy = cfs_arena_dup(&arena, "ab", 2);
	char *empty = cfs_arena_dup(&arena, NULL, 0);

	CHECK(copy);
	CHECK_STR(copy, "ab");
	CHECK(empty);
	CHECK_EQ(empty[0], '\0');
	cfs_arena_free(&arena);
}

TEST(what_cannot_be_had_is_refused)
{
	struct cfs_arena arena = { 0 };

	CHECK(!cfs_arena_alloc(&arena, SIZE_MAX));
	CHECK(!cfs_arena_alloc(&arena, SIZE_MAX / 2));
	CHECK(cfs_arena_alloc(&arena, 1));
	cfs_arena_free(&arena);
}
