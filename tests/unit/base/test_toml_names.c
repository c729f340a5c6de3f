/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/toml_names.h"

#include "tests/test.h"

static struct cfs_toml_names names;
static struct cfs_err err;

static void fresh(void)
{
	cfs_buf_free(&names.text);
	names = (struct cfs_toml_names){ .n = CFS_NAME_TOP + 1 };
}

/* Defines the dotted key @key, of parts without quotes. */
static int define(unsigned parent, const char *key, enum cfs_toml_state state)
{
	for (;;) {
		size_t len = strcspn(key, ".");
		int r = cfs_toml_define(
			&names, parent,
			(struct cfs_bytes){ (const uint8_t *)key, len }, state,
			!key[len], &err);

		if (r < 0 || !key[len])
			return r;
		parent = (unsigned)r;
		key += len + 1;
	}
}

static const char *path_of(int name)
{
	static char path[CFS_TOML_STR];

	CHECK(name > 0);
	cfs_toml_path(&names, (unsigned)name, path);
	return path;
}

TEST(a_name_knows_its_path)
{
	int a;

	fresh();
	a = define(0, "a.b", CFS_NAME_HEADER);
	CHECK_STR(path_of(a), "a.b");
	CHECK_STR(path_of(define((unsigned)a, "c", CFS_NAME_CLOSED)), "a.b.c");
	a = define(0, "list", CFS_NAME_ARRAY);
	CHECK_STR(path_of(define((unsigned)a, "x y", CFS_NAME_CLOSED)),
		  "list[].\"x y\"");
	CHECK_STR(path_of(define(0, "", CFS_NAME_CLOSED)), "\"\"");
}

TEST(how_it_was_defined_decides_what_may_follow)
{
	fresh();
	CHECK(define(0, "a.b", CFS_NAME_HEADER) > 0);
	CHECK(define(0, "a", CFS_NAME_HEADER) > 0);
	CHECK_EQ(define(0, "a", CFS_NAME_HEADER), -EINVAL);
	CHECK_EQ(define(0, "a.b", CFS_NAME_ARRAY), -EINVAL);
	CHECK(define(0, "v", CFS_NAME_CLOSED) > 0);
	CHECK_EQ(define(0, "v.w", CFS_NAME_HEADER), -EINVAL);
	CHECK_EQ(define(0, "v.w", CFS_NAME_CLOSED), -EINVAL);
	CHECK(define(0, "d.x", CFS_NAME_CLOSED) > 0);
	CHECK(define(0, "d.y", CFS_NAME_CLOSED) > 0);
	CHECK_EQ(define(0, "d.x", CFS_NAME_CLOSED), -EINVAL);
	CHECK_EQ(define(0, "d", CFS_NAME_HEADER), -EINVAL);
	CHECK(define(0, "d.sub", CFS_NAME_HEADER) > 0);
	CHECK_EQ(define(0, "a.c", CFS_NAME_CLOSED), -EINVAL);
}

TEST(each_element_of_an_array_of_tables_has_names_of_its_own)
{
	fresh();
	for (int i = 0; i < 3; i++) {
		int a = define(0, "a", CFS_NAME_ARRAY);

		CHECK(a > 0);
		CHECK(define((unsigned)a, "x", CFS_NAME_CLOSED) > 0);
		CHECK_EQ(define((unsigned)a, "x", CFS_NAME_CLOSED), -EINVAL);
		CHECK(define(0, "a.b", CFS_NAME_HEADER) > 0);
		CHECK(define(0, "a.b.c", CFS_NAME_HEADER) > 0);
		CHECK_EQ(define(0, "a.b", CFS_NAME_HEADER), -EINVAL);
	}
	CHECK(define(0, "other.x", CFS_NAME_HEADER) > 0);
}

TEST(names_without_a_text_are_never_found)
{
	int first, second;

	fresh();
	first = define(0, "", CFS_NAME_FORGOTTEN);
	second = define(0, "", CFS_NAME_FORGOTTEN);
	CHECK(first > 0 && second > 0 && first != second);
	CHECK(define(0, "", CFS_NAME_CLOSED) > 0);
}

TEST(there_is_room_for_a_number_of_names)
{
	char name[16];

	fresh();
	for (unsigned i = 1; i < CFS_TOML_NAMES; i++) {
		snprintf(name, sizeof(name), "%u", i);
		CHECK_EQ(define(0, name, CFS_NAME_CLOSED), (int)i);
	}
	CHECK_EQ(define(0, "x", CFS_NAME_CLOSED), -E2BIG);
	CHECK(strstr(err.msg, "more than 4095 keys"));
}
