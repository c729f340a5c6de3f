/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/vec.h"

#include "tests/test.h"

struct pair {
	char letter;
	uint64_t number;
};

struct pairs {
	const char *name;
	CFS_VEC(struct pair);
};

TEST(elements_stay_in_the_order_in_which_they_were_added)
{
	CFS_VEC(uint32_t) list = { 0 };

	for (uint32_t i = 0; i < 1000; i++)
		CHECK(cfs_vec_add(&list, 3 * i));
	CHECK_EQ(list.n, 1000);
	CHECK(list.room >= 1000 && list.room < 2000);
	for (uint32_t i = 0; i < 1000; i++)
		CHECK_EQ(list.v[i], 3 * i);
	cfs_vec_free(&list);
	CHECK(!list.v && list.n == 0 && list.room == 0);
}

TEST(a_structure_can_be_the_array_itself)
{
	struct pairs pairs = { .name = "pairs" };
	struct pair *last;

	CHECK(cfs_vec_add(&pairs, (struct pair){ 'a', 1 }));
	CHECK(cfs_vec_add(&pairs, (struct pair){ .letter = 'b' }));
	last = cfs_vec_new(&pairs);
	CHECK(last == &pairs.v[2]);
	CHECK_EQ(last->letter, '\0');
	CHECK_EQ(last->number, 0);
	CHECK_EQ(pairs.v[0].number, 1);
	CHECK_EQ(pairs.v[1].letter, 'b');
	cfs_vec_free(&pairs);
	CHECK_STR(pairs.name, "pairs");
}

TEST(elements_can_be_handed_over)
{
	struct pairs from = { .name = "from" }, to = { .name = "to" };

	CHECK(cfs_vec_add(&from, (struct pair){ 'a', 1 }));
	cfs_vec_move(&to, &from);
	CHECK(!from.v && from.n == 0);
	CHECK_EQ(to.n, 1);
	CHECK_EQ(to.v[0].letter, 'a');
	cfs_vec_free(&to);
}

TEST(room_made_before_is_used)
{
	CFS_VEC(char) list = { 0 };
	char *before;

	CHECK(cfs_vec_reserve(&list, 100));
	before = list.v;
	for (int i = 0; i < 100; i++)
		CHECK(cfs_vec_add(&list, (char)i));
	CHECK(list.v == before);
	cfs_vec_free(&list);
}

TEST(what_cannot_be_allocated_sticks_and_keeps_what_was_there)
{
	CFS_VEC(struct pair) list = { 0 };
	struct cfs_err err = { 0 };

	CHECK(cfs_vec_add(&list, (struct pair){ 'a', 1 }));
	CHECK_EQ(cfs_vec_check(&list, &err), 0);
	/* More bytes than a size can say, and more than there are. */
	CHECK(!cfs_vec_reserve(&list, SIZE_MAX / 8));
	CHECK(!cfs_vec_add(&list, (struct pair){ 'b', 2 }));
	CHECK(!cfs_vec_new(&list));
	CHECK_EQ(list.n, 1);
	CHECK_EQ(list.v[0].letter, 'a');
	CHECK_EQ(cfs_vec_check(&list, &err), -ENOMEM);
	cfs_vec_free(&list);
	CHECK(cfs_vec_add(&list, (struct pair){ 'c', 3 }));
	cfs_vec_free(&list);
}

TEST(counts_that_overflow_are_refused)
{
	CFS_VEC(char) list = { 0 };

	CHECK(cfs_vec_add(&list, 'a'));
	CHECK(!cfs_vec_reserve(&list, SIZE_MAX));
	cfs_vec_free(&list);
	CHECK(!cfs_vec_reserve(&list, SIZE_MAX / 2));
	cfs_vec_free(&list);
}
