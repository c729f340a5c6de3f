/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/entry_first.h"

#include "tests/test.h"

static struct cfs_err err;

/* What orders the entry before. */
struct keys {
	const char *id, *sort_key, *version, *machine_id;
};

static void check_first(const char *text, struct keys keys, const char *want)
{
	struct cfs_boot_entry before = { .offered = true,
					 .tries_left = -1,
					 .tries_done = -1 };
	const struct cfs_bytes bytes = { (const uint8_t *)text, strlen(text) };
	CFS_AUTOBUF struct cfs_buf have = { 0 };

	memcpy(&before.path, &keys.id, sizeof(keys.id));
	memcpy(&before.id, &keys.id, sizeof(keys.id));
	memcpy(&before.sort_key, &keys.sort_key, sizeof(keys.sort_key));
	memcpy(&before.version, &keys.version, sizeof(keys.version));
	memcpy(&before.machine_id, &keys.machine_id, sizeof(keys.machine_id));
	CHECK_EQ(cfs_entry_put_first(bytes, "new_2+3.conf", &before, &have,
				     &err),
		 0);
	CHECK_STR(cfs_buf_text(&have), want);
}

#define BEFORE(...)         \
	(struct keys)       \
	{                   \
		__VA_ARGS__ \
	}

TEST(an_entry_that_is_first_stays_as_it_is)
{
	check_first("title x\n", BEFORE(.id = "new.conf"), "title x\n");
	check_first("version 2\nsort-key a\n",
		    BEFORE(.id = "z.conf", .sort_key = "a", .version = "1"),
		    "version 2\nsort-key a\n");
	check_first("sort-key z", BEFORE(.id = "z.conf"), "sort-key z");
}

TEST(one_without_a_sort_key_gets_one)
{
	check_first("title x\nversion 1\n", BEFORE(.id = "z.conf"),
		    "title x\nversion 1\nsort-key composefs\n");
	check_first("title x\nversion 3\n",
		    BEFORE(.id = "z.conf", .sort_key = "os", .version = "2"),
		    "title x\nversion 3\nsort-key os\n");
}

TEST(what_orders_the_other_one_is_taken_over)
{
	check_first("sort-key z\ntitle x\nversion 3",
		    BEFORE(.id = "z.conf", .sort_key = "a", .version = "2",
			   .machine_id = "m"),
		    "title x\nversion 3\nmachine-id m\nsort-key a\n");
}

TEST(an_older_version_becomes_a_newer_one)
{
	check_first("version 1\nsort-key a\n",
		    BEFORE(.id = "z.conf", .sort_key = "a", .version = "2"),
		    "version 2.1\nsort-key a\n");
	check_first("sort-key b\n",
		    BEFORE(.id = "z.conf", .sort_key = "a", .version = NULL),
		    "version 0.1\nsort-key a\n");
}

TEST(nothing_is_taken_over_that_cannot_be_printed)
{
	check_first("sort-key b\n", BEFORE(.id = "z.conf", .sort_key = "a\033"),
		    "sort-key b\n");
}
