/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/xattr.h"

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_bytes bytes(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

static const struct cfs_xattr *add(struct cfs_xattr_store *store,
				   const char *key, const char *value)
{
	const struct cfs_xattr *x;

	CHECK_EQ(cfs_xattr_add(store, bytes(key), bytes(value), &x, &err), 0);
	return x;
}

TEST(equal_attributes_and_lists_are_stored_once)
{
	struct cfs_arena arena = { 0 };
	struct cfs_xattr_store store;
	const struct cfs_xattr *a, *b, *v[2], *w[2];
	const struct cfs_xattrs *one, *two;

	cfs_xattr_store_init(&store, &arena);
	a = add(&store, "user.a", "1");
	b = add(&store, "user.b", "");
	CHECK(a != b);
	CHECK_EQ(a->id, 0);
	CHECK_EQ(b->id, 1);
	CHECK_EQ(a, add(&store, "user.a", "1"));
	CHECK(a != add(&store, "user.a", "2"));
	CHECK_EQ(cfs_xattr_find(&store, bytes("user.a"), bytes("1")), a);
	CHECK(!cfs_xattr_find(&store, bytes("user.a"), bytes("3")));

	v[0] = w[1] = a;
	v[1] = w[0] = b;
	CHECK_EQ(cfs_xattrs_add(&store, v, 2, &one, &err), 0);
	CHECK_EQ(cfs_xattrs_add(&store, w, 2, &two, &err), 0);
	CHECK_EQ(one, two);
	CHECK_EQ(one->n, 2);
	CHECK_EQ(one->v[0], a);
	CHECK_EQ(cfs_xattrs_get(one, "user.b"), b);
	CHECK(!cfs_xattrs_get(one, "user.c") && !cfs_xattrs_get(NULL, "x"));
	cfs_xattr_store_free(&store);
	cfs_arena_free(&arena);
}

TEST(no_attributes_are_no_list)
{
	struct cfs_arena arena = { 0 };
	struct cfs_xattr_store store;
	const struct cfs_xattrs *list = (const void *)1;

	cfs_xattr_store_init(&store, &arena);
	CHECK(!cfs_xattr_find(&store, bytes("a"), bytes("")));
	CHECK_EQ(cfs_xattrs_add(&store, NULL, 0, &list, &err), 0);
	CHECK(!list);
	cfs_xattr_store_free(&store);
}

TEST(names_and_values_have_limits)
{
	static char long_key[257], long_value[65537];
	struct cfs_arena arena = { 0 };
	struct cfs_xattr_store store;
	const struct cfs_xattr *x, *v[2];
	const struct cfs_xattrs *list;

	cfs_xattr_store_init(&store, &arena);
	memset(long_key, 'k', 256);
	memset(long_value, 'v', 65536);
	CHECK_EQ(cfs_xattr_add(&store, bytes(""), bytes(""), &x, &err),
		 -EINVAL);
	CHECK_EQ(cfs_xattr_add(&store,
			       (struct cfs_bytes){ (const uint8_t *)"a", 2 },
			       bytes(""), &x, &err),
		 -EINVAL);
	CHECK_EQ(cfs_xattr_add(&store, bytes(long_key), bytes(""), &x, &err),
		 -ERANGE);
	CHECK_EQ(cfs_xattr_add(&store, bytes("k"), bytes(long_value), &x, &err),
		 -ERANGE);
	long_key[255] = long_value[65535] = '\0';
	v[0] = add(&store, long_key, long_value);
	v[1] = add(&store, long_key, "");
	CHECK_EQ(cfs_xattrs_add(&store, v, 2, &list, &err), -EEXIST);
	cfs_xattr_store_free(&store);
	cfs_arena_free(&arena);
}
