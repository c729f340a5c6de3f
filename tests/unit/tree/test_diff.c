/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/diff.h"

#include "tests/test.h"
#include "tree/dump/dump.h"

/* Of the five bytes hello, fs-verity with sha256.
 * Source: fsverity digest 1.5 (Debian package fsverity). */
#define HELLO "555b589c26ee43b7a2510e6c67ced9fb3190b6da6e9e683984551f5d77a763de"
#define X     "1111111111111111111111111111111111111111111111111111111111111111"
#define Y     "2222222222222222222222222222222222222222222222222222222222222222"
#define XP    "11/11111111111111111111111111111111111111111111111111111111111111"
#define YP    "22/22222222222222222222222222222222222222222222222222222222222222"

#define ROOT "/ 0 40755 2 0 0 0 0.0 - - -\n"

static struct cfs_err err;
static struct cfs_diff_sum sum;

static struct cfs_tree *parse(const char *dump)
{
	struct cfs_bytes text = { (const uint8_t *)dump, strlen(dump) };
	struct cfs_tree *tree = NULL;

	if (cfs_dump_read(text, CFS_DUMP_LENIENT, &tree, &err) < 0)
		printf("# %s\n", err.msg);
	CHECK(tree);
	return tree;
}

static void log_path(struct cfs_buf *log, const char *before,
		     const struct cfs_node *node)
{
	cfs_buf_adds(log, before);
	cfs_node_path(node, log);
}

/* "PATH field field <EARLIER >EARLIER", "-PATH (3)", "+PATH". */
static int write_down(void *ctx, const struct cfs_diff *diff, struct cfs_err *e)
{
	struct cfs_buf *log = ctx;

	(void)e;
	log_path(log,
		 diff->inside ? "  "
		 : !diff->b   ? "-"
		 : !diff->a   ? "+"
			      : "",
		 diff->a ? diff->a : diff->b);
	for (unsigned i = 0; i < CFS_DIFF_FIELDS; i++) {
		if (diff->fields >> i & 1)
			cfs_buf_addf(log, " %s", cfs_diff_field_name(i));
	}
	if (diff->link_a)
		log_path(log, " <", diff->link_a);
	if (diff->link_b)
		log_path(log, " >", diff->link_b);
	if (diff->below_a || diff->below_b)
		cfs_buf_addf(log, " (%d|%d)", (int)diff->below_a,
			     (int)diff->below_b);
	cfs_buf_adds(log, "\n");
	return 0;
}

static bool gives_with(struct cfs_diff_options options, const char *dump_a,
		       const char *dump_b, const char *want)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *a = parse(dump_a);
	CFS_AUTO(cfs_tree_free) struct cfs_tree *b = parse(dump_b);
	CFS_AUTOBUF struct cfs_buf log = { 0 };

	options.found = write_down;
	options.ctx = &log;
	CHECK_EQ(cfs_tree_diff(a, b, &options, &sum, &err), 0);
	CHECK(cfs_buf_text(&log));
	if (strcmp((char *)log.data, want) == 0)
		return true;
	printf("# got %s# want %s", (char *)log.data, want);
	return false;
}

static bool gives(const char *a, const char *b, const char *want)
{
	return gives_with((struct cfs_diff_options){ 0 }, a, b, want);
}

/* Of one file that has these lines. */
static bool file_gives(const char *a, const char *b, const char *want)
{
	char dump_a[1024], dump_b[1024], line[64] = "";

	snprintf(dump_a, sizeof(dump_a), ROOT "/f %s\n", a);
	snprintf(dump_b, sizeof(dump_b), ROOT "/f %s\n", b);
	if (*want)
		snprintf(line, sizeof(line), "/f %s\n", want);
	return gives(dump_a, dump_b, line);
}

TEST(equal_trees_have_no_difference)
{
	const char *dump = ROOT "/a 5 100644 2 0 0 0 0.0 - hello - user.x=1\n"
				"/b 0 @120000 - - - - 0.0 /a - -\n"
				"/d 0 40755 2 0 0 0 0.0 - - -\n"
				"/d/l 1 120777 1 0 0 0 0.0 t - -\n";

	CHECK(gives(dump, dump, ""));
	CHECK_EQ(sum.names_a, 5);
	CHECK_EQ(sum.names_b, 5);
	CHECK_EQ(sum.changed, 0);
	CHECK_EQ(sum.only_a, 0);
	CHECK_EQ(sum.only_b, 0);
}

TEST(each_field_is_named)
{
	const char *f = "0 100644 1 0 0 0 0.0 - - -";

	CHECK(file_gives(f, "0 100600 1 0 0 0 0.0 - - -", "mode"));
	CHECK(file_gives(f, "0 104644 1 0 0 0 0.0 - - -", "mode"));
	CHECK(file_gives(f, "0 100644 1 1 0 0 0.0 - - -", "uid"));
	CHECK(file_gives(f, "0 100644 1 0 1 0 0.0 - - -", "gid"));
	CHECK(file_gives(f, "0 100644 1 0 0 0 1.0 - - -", "mtime"));
	CHECK(file_gives(f, "0 100644 1 0 0 0 0.1 - - -", "mtime"));
	CHECK(file_gives(f, "0 100644 2 0 0 0 0.0 - - -", "nlink"));
	CHECK(file_gives(f, "0 100644 1 0 0 0 0.0 - - - user.x=", "xattrs"));
	CHECK(file_gives(f, "0 10644 1 0 0 0 0.0 - - -", "type"));
	CHECK(file_gives("0 20644 1 0 0 259 0.0 - - -",
			 "0 20644 1 0 0 260 0.0 - - -", "rdev"));
	CHECK(file_gives("1 120777 1 0 0 0 0.0 a - -",
			 "1 120777 1 0 0 0 0.0 b - -", "target"));
	CHECK(file_gives("1 120777 1 0 0 0 0.0 a - -",
			 "2 120777 1 0 0 0 0.0 ab - -", "target"));
	CHECK(file_gives(f, "3 100640 1 7 8 0 1.0 - abc - user.x=",
			 "mode uid gid mtime size content xattrs"));
}

TEST(rdev_counts_for_devices_only)
{
	CHECK(file_gives("0 100644 1 0 0 1 0.0 - - -",
			 "0 100644 1 0 0 2 0.0 - - -", ""));
}

TEST(content_in_the_image_is_compared)
{
	const char *a = "2 100644 1 0 0 0 0.0 - ab -";

	CHECK(file_gives(a, "2 100644 1 0 0 0 0.0 - ac -", "content"));
	CHECK(file_gives(a, "3 100644 1 0 0 0 0.0 - abc -", "size content"));
	CHECK(file_gives(a, "0 100644 1 0 0 0 0.0 - - -", "size content"));
}

TEST(objects_are_compared_by_their_digests)
{
	const char *x = "99 100644 1 0 0 0 0.0 " XP " - " X;

	CHECK(file_gives(x, "99 100644 1 0 0 0 0.0 " YP " - " Y, "content"));
	CHECK(file_gives(x, "98 100644 1 0 0 0 0.0 " XP " - " X, "size"));
	/* The same digest elsewhere, or no digest there. */
	CHECK(file_gives(x, "99 100644 1 0 0 0 0.0 p - " X, "backing"));
	CHECK(file_gives(x, "99 100644 1 0 0 0 0.0 " XP " - -", "digest"));
	CHECK(file_gives(x, "99 100644 1 0 0 0 0.0 - - -", "digest backing"));
	CHECK(file_gives("99 100644 1 0 0 0 0.0 p - -",
			 "99 100644 1 0 0 0 0.0 q - -", "backing"));
	/* Sparse: neither path nor digest. */
	CHECK(file_gives("99 100644 1 0 0 0 0.0 - - -",
			 "99 100644 1 0 0 0 0.0 - - -", ""));
}

TEST(content_in_the_image_is_compared_with_a_digest)
{
	const char *in = "5 100644 1 0 0 0 0.0 - hello -";

	CHECK(file_gives(in, "5 100644 1 0 0 0 0.0 - - " HELLO, "storage"));
	CHECK(file_gives("5 100644 1 0 0 0 0.0 - - " HELLO, in, "storage"));
	CHECK(file_gives(in, "5 100644 1 0 0 0 0.0 - - " X, "content storage"));
	/* Without a digest nobody knows. */
	CHECK(file_gives(in, "5 100644 1 0 0 0 0.0 p - -", "storage"));
	CHECK(file_gives("0 100644 1 0 0 0 0.0 - - -",
			 "5 100644 1 0 0 0 0.0 - - " HELLO, "size content"));
}

TEST(digests_of_two_algorithms_are_counted_not_compared)
{
	CHECK(file_gives("99 100644 1 0 0 0 0.0 " XP " - " X,
			 "99 100644 1 0 0 0 0.0 " XP X " - " X X, ""));
	CHECK_EQ(sum.other_alg, 1);
	CHECK_EQ(sum.changed, 0);
}

TEST(names_of_one_side_are_counted_at_the_top_of_their_subtree)
{
	const char *a = ROOT "/c 0 40755 3 0 0 0 0.0 - - -\n"
			     "/c/d 0 40755 2 0 0 0 0.0 - - -\n"
			     "/c/d/e 0 100644 1 0 0 0 0.0 - - -\n"
			     "/c/f 0 100644 1 0 0 0 0.0 - - -\n"
			     "/x 0 100644 1 0 0 0 0.0 - - -\n";
	const char *b = ROOT "/b 0 100644 1 0 0 0 0.0 - - -\n"
			     "/x 0 100644 1 0 0 0 0.0 - - -\n"
			     "/y 0 40755 2 0 0 0 0.0 - - -\n";
	const struct cfs_diff_options all = { .all = true };

	CHECK(gives(a, b, "+/b\n-/c (3|0)\n+/y\n"));
	CHECK_EQ(sum.only_a, 4);
	CHECK_EQ(sum.only_b, 2);
	CHECK_EQ(sum.names_a, 6);
	CHECK_EQ(sum.names_b, 4);
	CHECK_EQ(sum.changed, 0);
	CHECK(gives_with(all, a, b,
			 "+/b\n-/c (3|0)\n  /c/d\n  /c/d/e\n  /c/f\n+/y\n"));
	CHECK_EQ(sum.only_a, 4);
	CHECK_EQ(sum.only_b, 2);
}

TEST(a_directory_that_became_a_file_hides_what_is_below)
{
	const char *a = ROOT "/c 0 40755 2 0 0 0 0.0 - - -\n"
			     "/c/d 0 100644 1 0 0 0 0.0 - - -\n"
			     "/c/e 0 100644 1 0 0 0 0.0 - - -\n";
	const char *b = ROOT "/c 0 100755 1 0 0 0 0.0 - - -\n";
	struct cfs_diff_options options = { .all = true };

	CHECK(gives(a, b, "/c type (2|0)\n"));
	CHECK(gives(b, a, "/c type (0|2)\n"));
	CHECK_EQ(sum.changed, 1);
	CHECK_EQ(sum.only_b, 2);
	CHECK(gives_with(options, a, b, "/c type (2|0)\n  /c/d\n  /c/e\n"));
	options = (struct cfs_diff_options){ .ignore.fields =
						     1u << CFS_DIFF_TYPE };
	CHECK(gives_with(options, a, b, "/c (2|0)\n"));
}

TEST(names_below_come_in_order_and_the_walk_comes_back_up)
{
	const char *a = ROOT "/a 0 40755 3 0 0 0 0.0 - - -\n"
			     "/a/a 0 40755 2 0 0 0 0.0 - - -\n"
			     "/a/a/z 0 100644 1 0 0 0 0.0 - - -\n"
			     "/a/b 0 100644 1 0 0 0 0.0 - - -\n"
			     "/b 0 100644 1 0 0 0 0.0 - - -\n";
	const char *b = ROOT "/a 0 40755 3 0 0 0 0.0 - - -\n"
			     "/a/a 0 40755 2 0 0 0 0.0 - - -\n"
			     "/a/a/\\xff 0 100644 1 0 0 0 0.0 - - -\n"
			     "/a/b 0 100600 1 0 0 0 0.0 - - -\n"
			     "/b 0 100644 1 0 9 0 0.0 - - -\n";

	CHECK(gives(a, b, "-/a/a/z\n+/a/a/\xff\n/a/b mode\n/b gid\n"));
}

TEST(two_names_of_an_inode_are_reported_once)
{
	CHECK(gives(ROOT "/a 0 100644 2 0 0 0 0.0 - - -\n"
			 "/b 0 @120000 - - - - 0.0 /a - -\n",
		    ROOT "/a 0 100600 2 0 0 0 0.0 - - -\n"
			 "/b 0 @120000 - - - - 0.0 /a - -\n",
		    "/a mode\n"));
	CHECK_EQ(sum.changed, 1);
	CHECK_EQ(sum.names_a, 3);
}

TEST(which_name_has_the_line_does_not_matter)
{
	CHECK(gives(ROOT "/a 0 100644 2 0 0 0 0.0 - - -\n"
			 "/b 0 @120000 - - - - 0.0 /a - -\n",
		    ROOT "/b 0 100644 2 0 0 0 0.0 - - -\n"
			 "/a 0 @120000 - - - - 0.0 /b - -\n",
		    ""));
	CHECK_EQ(sum.link_order, 2);
}

TEST(names_of_one_inode_here_and_of_two_there)
{
	const char *one = ROOT "/a 0 100644 3 0 0 0 0.0 - - -\n"
			       "/b 0 @120000 - - - - 0.0 /a - -\n"
			       "/c 0 @120000 - - - - 0.0 /a - -\n";
	const char *two = ROOT "/a 0 100644 3 0 0 0 0.0 - - -\n"
			       "/b 0 100644 3 0 0 0 0.0 - - -\n"
			       "/c 0 @120000 - - - - 0.0 /b - -\n";
	const struct cfs_diff_options options = {
		.ignore.fields = 1u << CFS_DIFF_HARDLINK
	};

	CHECK(gives(one, two,
		    "/b hardlink </a\n"
		    "/c hardlink </a >/b\n"));
	CHECK(gives(two, one,
		    "/b hardlink >/a\n"
		    "/c hardlink </b >/a\n"));
	CHECK(gives_with(options, one, two, ""));
}

TEST(a_link_of_a_name_that_only_one_side_has)
{
	CHECK(gives(ROOT "/a 0 100644 2 0 0 0 0.0 - - -\n"
			 "/b 0 @120000 - - - - 0.0 /a - -\n",
		    ROOT "/b 0 100644 1 0 0 0 0.0 - - -\n", "-/a\n/b nlink\n"));
}

TEST(what_is_ignored_does_not_count)
{
	static const char *const keys[] = { "user.y", "user.x" };
	const struct cfs_diff_options options = {
		.ignore = { .fields = 1u << CFS_DIFF_MTIME | 1u << CFS_DIFF_UID,
			    .keys = keys,
			    .n_keys = 2 },
	};

	CHECK(gives_with(options,
			 ROOT "/a 0 100644 1 0 0 0 0.0 - - - user.x=1\n"
			      "/b 0 100644 1 0 0 0 0.0 - - - user.z=1\n",
			 ROOT "/a 0 100644 1 3 0 0 4.0 - - - user.y=1\n"
			      "/b 0 100644 1 0 1 0 1.0 - - -\n",
			 "/b gid xattrs\n"));
	CHECK_EQ(sum.by_field[CFS_DIFF_MTIME], 0);
	CHECK_EQ(sum.by_field[CFS_DIFF_GID], 1);
}

TEST(nanoseconds_can_be_left_out_and_are_counted)
{
	const struct cfs_diff_options options = { .whole_seconds = true };

	CHECK(gives_with(options,
			 ROOT "/a 0 100644 1 0 0 0 1.5 - - -\n"
			      "/b 0 100644 1 0 0 0 1.5 - - -\n",
			 ROOT "/a 0 100644 1 0 0 0 1.0 - - -\n"
			      "/b 0 100644 1 0 0 0 2.0 - - -\n",
			 "/b mtime\n"));
	CHECK_EQ(sum.nanoseconds, 1);
}

static bool next_is(struct cfs_diff_xattrs *it, const char *key, bool in_a,
		    bool in_b)
{
	const struct cfs_xattr *a, *b;

	return cfs_diff_xattrs_next(it, &a, &b) && !a == !in_a && !b == !in_b &&
	       strcmp((a ? a : b)->key, key) == 0;
}

TEST(xattrs_that_differ_come_in_order)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *a = parse(
		"/ 0 40755 2 0 0 0 0.0 - - - a.a=1 a.c=1 a.d=12 a.e= a.f=1\n");
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *b = parse(
		"/ 0 40755 2 0 0 0 0.0 - - - a.b=1 a.c=1 a.d=13 a.e=1 a.g=\n");
	const struct cfs_diff_ignore none = { 0 };
	struct cfs_diff_xattrs it = { .a = a->root->xattrs,
				      .b = b->root->xattrs,
				      .ignore = &none };
	const struct cfs_xattr *x, *y;

	CHECK(next_is(&it, "a.a", true, false));
	CHECK(next_is(&it, "a.b", false, true));
	CHECK(next_is(&it, "a.d", true, true));
	CHECK(next_is(&it, "a.e", true, true));
	CHECK(next_is(&it, "a.f", true, false));
	CHECK(next_is(&it, "a.g", false, true));
	CHECK(!cfs_diff_xattrs_next(&it, &x, &y));
}

static int give_up(void *ctx, const struct cfs_diff *diff, struct cfs_err *e)
{
	(void)ctx;
	(void)diff;
	return cfs_fail(e, EPIPE, "enough");
}

TEST(an_error_of_the_caller_ends_it)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *a = parse(ROOT "/a 0 40755 2 0 0 0 0.0 - - -\n");
	CFS_AUTO(cfs_tree_free) struct cfs_tree *b = parse(ROOT);
	const struct cfs_diff_options options = { .found = give_up };

	sum.names_a = 77;
	CHECK_EQ(cfs_tree_diff(a, b, &options, &sum, &err), -EPIPE);
	CHECK_STR(err.msg, "enough");
	CHECK_EQ(sum.names_a, 77);
}
