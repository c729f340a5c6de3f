/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/inline_programs.h"

#include "tests/test.h"
#include "tree/dump/dump.h"

/* The path of an object, whose digest is in it. */
#define OBJECT                    \
	"00/00000000000000000000" \
	"000000000000000000000000000000000000000000"

static struct cfs_err err;

static int note(void *arg, const struct cfs_inline_program *program,
		struct cfs_err *e)
{
	(void)e;
	cfs_buf_addf(arg, "%s %llu;", program->path,
		     (unsigned long long)program->size);
	return 0;
}

/* Checks that of a tree with these lines of a dumpfile @want is found. */
static void check_found(const char *lines, const char *want)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf text = { 0 }, got = { 0 };

	cfs_buf_adds(&text, "/ 0 40755 2 0 0 0 1.0 - - -\n");
	cfs_buf_adds(&text, lines);
	CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&text), 0, &tree, &err), 0);
	CHECK_EQ(cfs_inline_programs(tree, note, &got, &err), 0);
	CHECK_STR(cfs_buf_text(&got), want);
}

TEST(files_with_any_x_bit_and_content_in_the_image_are_found)
{
	check_found("/a 2 100755 1 0 0 0 1.0 - xy -\n"
		    "/d 0 40755 2 0 0 0 1.0 - - -\n"
		    "/d/g 1 100610 1 0 0 0 1.0 - x -\n"
		    "/o 1 100001 1 0 0 0 1.0 - x -\n"
		    "/s 3 104511 1 0 0 0 1.0 - xyz -\n",
		    "/a 2;/d/g 1;/o 1;/s 3;");
}

TEST(each_name_of_a_file_is_found)
{
	check_found("/a 2 100755 2 0 0 0 1.0 - xy -\n"
		    "/b 0 @100755 2 0 0 0 1.0 /a - -\n",
		    "/a 2;/b 2;");
}

TEST(other_files_are_not)
{
	check_found("", "");
	check_found("/empty 0 100755 1 0 0 0 1.0 - - -\n"
		    "/data 2 100644 1 0 0 0 1.0 - xy -\n"
		    "/link 1 120777 1 0 0 0 1.0 x - -\n"
		    "/fifo 0 10755 1 0 0 0 1.0 - - -\n"
		    "/object 70 100755 1 0 0 0 1.0 " OBJECT " - -\n"
		    "/small 1 100755 1 0 0 0 1.0 " OBJECT " - -\n",
		    "");
}

static int fail(void *arg, const struct cfs_inline_program *program,
		struct cfs_err *e)
{
	++*(int *)arg;
	return cfs_fail(e, EIO, "%s", program->path);
}

TEST(an_error_of_the_caller_ends_the_search)
{
	const char *text = "/ 0 40755 2 0 0 0 1.0 - - -\n"
			   "/a 1 100755 1 0 0 0 1.0 - x -\n"
			   "/b 1 100755 1 0 0 0 1.0 - x -\n";
	struct cfs_bytes bytes = { (const uint8_t *)text, strlen(text) };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int calls = 0;

	CHECK_EQ(cfs_dump_read(bytes, 0, &tree, &err), 0);
	CHECK_EQ(cfs_inline_programs(tree, fail, &calls, &err), -EIO);
	CHECK_EQ(calls, 1);
	CHECK_STR(err.msg, "/a");
}
