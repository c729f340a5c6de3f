/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/test.h"
#include "tree/dump/dump.h"

static struct cfs_err err;

static bool becomes(const char *dump, unsigned flags, const char *want)
{
	struct cfs_bytes text = { (const uint8_t *)dump, strlen(dump) };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	if (cfs_dump_read(text, flags, &tree, &err) < 0)
		printf("# %s\n", err.msg);
	CHECK(tree);
	CHECK_EQ(cfs_dump_write(tree, &out, &err), 0);
	if (strcmp(cfs_buf_text(&out), want) != 0)
		printf("# got:\n%s# want:\n%s", cfs_buf_text(&out), want);
	return strcmp(cfs_buf_text(&out), want) == 0;
}

#define ROOT "/ 0 40755 2 0 0 0 0.0 - - -\n"

TEST(lines_come_depth_first_by_name_with_counted_links)
{
	CHECK(becomes("/ 4096 40755 9 0 0 0 0.0 - - -\n"
		      "/z 0 100644 9 0 0 0 1.2 - - -\n"
		      "/b 99 40755 9 0 0 0 0.0 - - -\n"
		      "/b/z 0 @100644 - - - - 0.0 /z - -\n"
		      "/a 0 10644 1 0 0 0 0.0 - - -\n",
		      0,
		      "/ 0 40755 3 0 0 0 0.0 - - -\n"
		      "/a 0 10644 1 0 0 0 0.0 - - -\n"
		      "/b 0 40755 2 0 0 0 0.0 - - -\n"
		      "/b/z 0 100644 2 0 0 0 1.2 - - -\n"
		      "/z 0 @120000 - - - - 0.0 /b/z - -\n"));
}

TEST(what_is_not_printable_is_escaped)
{
	CHECK(becomes(ROOT "/\\xe4\\x20\\\\\\n= 6 100644 1 0 0 0 0.0 - "
			   "a\\t\\r\\x00\\x7f= - k\\x3d\\x20=\\x3d-\n",
		      0,
		      ROOT "/\\xe4\\x20\\\\\\n= 6 100644 1 0 0 0 0.0 - "
			   "a\\t\\r\\x00\\x7f= - k\\x3d\\x20=\\x3d-\n"));
	CHECK(becomes(ROOT "/d 1 100644 1 0 0 0 0.0 - \\x2d - k=-\n"
			   "/l 0 120777 1 0 0 0 0.0 \\x2d - -\n",
		      0,
		      ROOT "/d 1 100644 1 0 0 0 0.0 - \\x2d - k=-\n"
			   "/l 1 120777 1 0 0 0 0.0 \\x2d - -\n"));
}

#define HEX  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PATH "aa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

TEST(backing_files_keep_what_is_known_of_them)
{
	static const char dump[] = ROOT "/a 9 100644 1 0 0 0 0.0 " PATH
					" - " HEX "\n"
					"/b 9 100644 1 0 0 0 0.0 " PATH " - -\n"
					"/c 9 100644 1 0 0 0 0.0 - - -\n";
	static const char odd[] = ROOT "/a 9 100644 1 0 0 0 0.0 a\\x20b - " HEX
				       "\n"
				       "/b 9 100644 1 0 0 0 0.0 - - " HEX "\n";

	CHECK(becomes(dump, 0, dump));
	CHECK(becomes(odd, CFS_DUMP_LENIENT, odd));
}

TEST(xattrs_come_by_name)
{
	CHECK(becomes(ROOT "/a 0 100644 1 0 0 0 0.0 - - - c=1 b= a=3\n", 0,
		      ROOT "/a 0 100644 1 0 0 0 0.0 - - - a=3 b= c=1\n"));
}

TEST(what_is_escaped_can_be_chosen)
{
	const struct cfs_bytes text = { (const uint8_t *)"a b=\n", 5 };
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	cfs_dump_escape(&out, text, 0);
	CHECK_STR(cfs_buf_text(&out), "a\\x20b=\\n");
	out.len = 0;
	cfs_dump_escape(&out, text, CFS_DUMP_ESCAPE_EQUALS);
	CHECK_STR(cfs_buf_text(&out), "a\\x20b\\x3d\\n");
	out.len = 0;
	cfs_dump_escape(&out, text, CFS_DUMP_KEEP_SPACES);
	CHECK_STR(cfs_buf_text(&out), "a b=\\n");
}

TEST(below_a_directory_the_first_name_there_has_the_line)
{
	static const char dump[] = ROOT "/a 0 100644 3 0 0 0 0.0 - - -\n"
					"/d 0 40755 2 0 0 0 0.0 - - -\n"
					"/d/b 0 @120000 - - - - 0.0 /a - -\n"
					"/d/c 0 @120000 - - - - 0.0 /a - -\n";
	struct cfs_bytes text = { (const uint8_t *)dump, sizeof(dump) - 1 };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_node *d;

	CHECK_EQ(cfs_dump_read(text, 0, &tree, &err), 0);
	CHECK_EQ(cfs_tree_lookup(tree, "/d", &d, &err), 1);
	CHECK_EQ(cfs_dump_write_below(tree, d, &out, &err), 0);
	CHECK_STR(cfs_buf_text(&out), "/d 0 40755 2 0 0 0 0.0 - - -\n"
				      "/d/b 0 100644 3 0 0 0 0.0 - - -\n"
				      "/d/c 0 @120000 - - - - 0.0 /d/b - -\n");
}
