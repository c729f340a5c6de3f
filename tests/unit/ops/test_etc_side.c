/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/etc_side.h"

#include "tests/unit/ops/etc.h"

static struct cfs_node *node_of(struct cfs_tree *tree, const char *path)
{
	struct cfs_node *node;

	return cfs_tree_lookup(tree, path, &node, &err) == 1 ? node : NULL;
}

/* Are /a and /b of the tree the same? */
static int same(const char *words)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = tree_of("", words);
	const struct cfs_etc_side a =
		cfs_etc_image_side(tree, node_of(tree, "/a"));
	const struct cfs_etc_side b =
		cfs_etc_image_side(tree, node_of(tree, "/b"));

	return cfs_etc_same(&a, &b, &err);
}

TEST(contents_and_attributes_make_a_difference)
{
	CHECK_EQ(same("a=1 b=1"), 1);
	CHECK_EQ(same("a=1 b=2"), 0);
	CHECK_EQ(same("a=1 b=11"), 0);
	CHECK_EQ(same("a=1 @600:b=1"), 0);
	CHECK_EQ(same("a=1 b/"), 0);
	CHECK_EQ(same("a=1"), 0);
	CHECK_EQ(same("c=1"), 1);
	CHECK_EQ(same("a>x b>x"), 1);
	CHECK_EQ(same("a>x b>y"), 0);
	CHECK_EQ(same("a=1 b@a"), 1);
	CHECK_EQ(same("a=1,user.x=1 b=1"), 0);
	CHECK_EQ(same("a=1,user.x=1 b=1,user.x=1"), 1);
	CHECK_EQ(same("a=1,user.x=1 b=1,user.x=2"), 0);
	CHECK_EQ(same("a=1,security.selinux=1 b=1,trusted.overlay.origin=1"),
		 1);
	CHECK_EQ(same("a=1,trusted.overlay.overlay.x=1 b=1"), 0);
}

TEST(directories_are_the_same_whatever_is_in_them_but_may_differ)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree =
		tree_of("", "a/ a/x=1 b/ b/x=2 c/ c/x=1 d/ d/x=1 d/y=1");
	const struct cfs_etc_side none = { .tree = tree };
	struct cfs_etc_side v[4];

	for (size_t i = 0; i < CFS_ARRAY_SIZE(v); i++)
		v[i] = cfs_etc_image_side(
			tree,
			node_of(tree, (char[]){ '/', (char)('a' + i), '\0' }));
	CHECK(cfs_etc_side_is_dir(&v[0]) && !cfs_etc_side_is_dir(&none));
	CHECK_EQ(cfs_etc_same(&v[0], &v[1], &err), 1);
	CHECK_EQ(cfs_etc_differ(&v[0], &v[1], 9, &err), 1);
	CHECK_EQ(cfs_etc_differ(&v[0], &v[2], 9, &err), 0);
	CHECK_EQ(cfs_etc_differ(&v[0], &v[3], 9, &err), 1);
	CHECK_EQ(cfs_etc_differ(&v[3], &v[0], 9, &err), 1);
	CHECK_EQ(cfs_etc_differ(&v[0], &none, 9, &err), 1);
	CHECK_EQ(cfs_etc_differ(&none, &none, 9, &err), 0);
	CHECK_EQ(cfs_etc_differ(&v[0], &v[2], 0, &err), -ELOOP);
	CHECK(strstr(err.msg, "/a: more than"));
}

TEST(overlayfs_has_attributes_of_its_own)
{
	CHECK(cfs_etc_is_overlay("trusted.overlay.opaque"));
	CHECK(!cfs_etc_is_overlay("trusted.overlay.overlay.opaque"));
	CHECK(!cfs_etc_is_overlay("trusted.other"));
}

/* What users have at /u of a layer over /l: whose attributes, and what is below
 * it. */
static void check_side(const char *users, const char *old, const char *want)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *a = tree_of("", old);
	CFS_AUTO(cfs_tree_free) struct cfs_tree *b = tree_of("", users);
	const struct cfs_etc_merge merge = { CFS_ETC_LAYER, a,	    b, a,
					     a->root,	    a->root };
	struct cfs_etc_side side;
	char text[64];

	CHECK_EQ(cfs_etc_users_side(&merge, node_of(b, "/u"), node_of(a, "/l"),
				    a->root, &side, &err),
		 0);
	snprintf(text, sizeof(text), "%s %s %s",
		 side.meta ? side.meta->name : "-",
		 side.data && !S_ISDIR(side.data->mode) ? side.data->name : "-",
		 side.low ? side.low->name : "-");
	CHECK_STR(text, want);
}

TEST(a_layer_is_seen_as_overlayfs_shows_it)
{
	check_side("u=1", "l=1", "u u -");
	check_side("u!", "l=1", "- - -");
	check_side("x=1", "l=1", "l l -");
	check_side("x=1", "x=1", "- - -");
	check_side("u/", "l/", "u - l");
	check_side("u/", "l=1", "u - -");
	check_side("x=1", "l/", "l - l");
	check_side("u/,trusted.overlay.opaque=y", "l/", "u - -");
	check_side("u/,trusted.overlay.redirect=/m", "l/ m/", "u - m");
	check_side("u/,trusted.overlay.redirect=m", "m/", "u - m");
	check_side("u=0,trusted.overlay.metacopy=", "l=1", "u l -");
}
