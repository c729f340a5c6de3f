/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/entry_text.h"

#include "tests/test.h"

#define KARG "composefs=?00"

static struct cfs_err err;

static struct cfs_bytes bytes_of(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

static void check_cmdline(const char *cmdline, const char *one, const char *two,
			  const char *want)
{
	const char *const extra[] = { one, two };
	const struct cfs_entry_args args = { KARG, one ? two ? 2 : 1 : 0,
					     extra };
	CFS_AUTOBUF struct cfs_buf got = { 0 };

	cfs_entry_cmdline(bytes_of(cmdline), &args, &got);
	CHECK_STR(cfs_buf_text(&got), want);
}

/* What cfs_entry_rewrite() returns; the text is compared if that is 0. */
static int rewrite(const char *text, const char *want)
{
	const char *const extra[] = { "quiet" };
	const struct cfs_entry_args args = { KARG, 1, extra };
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	int r = cfs_entry_rewrite(bytes_of(text), "id/hash", &args, &got, &err);

	if (r == 0)
		CHECK_STR(cfs_buf_text(&got), want);
	return r;
}

TEST(names_have_the_letters_that_every_file_system_keeps)
{
	char longest[CFS_ENTRY_NAME_MAX + 2] = { 0 };

	CHECK(cfs_entry_name_ok("vmlinuz-6.1.0+x_y"));
	CHECK(cfs_entry_name_ok("_"));
	memset(longest, 'a', CFS_ENTRY_NAME_MAX);
	CHECK(cfs_entry_name_ok(longest));
	longest[CFS_ENTRY_NAME_MAX] = 'a';
	CHECK(!cfs_entry_name_ok(longest));
	for (const char *bad = "/\\~ \t\n\"'*:?|<>%;$\177\200"; *bad; bad++) {
		char name[] = { 'a', *bad, 'b', '\0' };

		CHECK(!cfs_entry_name_ok(name));
	}
	CHECK(!cfs_entry_name_ok("") && !cfs_entry_name_ok(".") &&
	      !cfs_entry_name_ok("..") && !cfs_entry_name_ok(".a") &&
	      !cfs_entry_name_ok("-a") && !cfs_entry_name_ok("a."));
}

TEST(an_entry_is_not_called_as_directories_of_boot_loaders)
{
	CHECK(cfs_entry_id_ok("efi-2") && cfs_entry_id_ok("my"));
	CHECK(!cfs_entry_id_ok("EFI") && !cfs_entry_id_ok("efi") &&
	      !cfs_entry_id_ok("Loader") && !cfs_entry_id_ok("a/b"));
}

TEST(paths_are_separated_by_blanks)
{
	struct cfs_bytes rest = bytes_of("  /a\t/b/c "), path;

	CHECK(cfs_entry_next_path(&rest, &path) && path.len == 2);
	CHECK_MEM(path.data, "/a", 2);
	CHECK(cfs_entry_next_path(&rest, &path) && path.len == 4);
	CHECK_MEM(path.data, "/b/c", 4);
	CHECK(!cfs_entry_next_path(&rest, &path));
}

TEST(lines_with_paths_are_known_by_their_key)
{
	struct cfs_bytes rest = bytes_of("linux a\ndevicetree-overlay b\n"
					 "options c\ninitrds d\n");
	struct cfs_bls_line line;

	for (int i = 0; i < 4; i++) {
		CHECK(cfs_bls_next(&rest, &line));
		CHECK_EQ(cfs_entry_has_paths(&line), i < 2);
	}
}

TEST(an_argument_that_is_added_is_one_word)
{
	CHECK_EQ(cfs_entry_check_extra("quiet", &err), 0);
	CHECK_EQ(cfs_entry_check_extra("a=\"b c\"", &err), 0);
	CHECK_EQ(cfs_entry_check_extra("", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_extra(" ", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_extra("a b", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_extra("a=\"b", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_extra("a\n", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_extra("\303\244", &err), -EINVAL);
}

TEST(an_argument_that_is_added_names_no_image)
{
	CHECK_EQ(cfs_entry_check_extra("composefs=ab", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_extra("composefs", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_extra("composefs.digest=v1", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_extra("\"composefs=ab\"", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_extra("composefs.other=1", &err), 0);
}

TEST(arguments_may_be_several_of_which_none_names_an_image)
{
	CHECK_EQ(cfs_entry_check_args("", &err), 0);
	CHECK_EQ(cfs_entry_check_args(" quiet  a=\"b c\" ", &err), 0);
	CHECK_EQ(cfs_entry_check_args("x=\"composefs=ab\"", &err), 0);
	CHECK_EQ(cfs_entry_check_args("a=\"b", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_args("a\nb", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_args("a\001b", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_args("\303\244", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_args("quiet composefs=ab", &err), -EINVAL);
	CHECK_EQ(cfs_entry_check_args("a \"composefs.digest=b\"", &err),
		 -EINVAL);
}

TEST(the_argument_of_the_image_replaces_all_others)
{
	check_cmdline("", NULL, NULL, KARG);
	check_cmdline(" a  b ", NULL, NULL, "a b " KARG);
	check_cmdline("a composefs=1 b composefs.digest=2 composefs", NULL,
		      NULL, "a " KARG " b");
	check_cmdline("\"composefs=1\" b", NULL, NULL, KARG " b");
}

TEST(a_command_line_may_have_no_bytes_at_all)
{
	const struct cfs_entry_args args = { KARG, 0, NULL };
	CFS_AUTOBUF struct cfs_buf got = { 0 };

	cfs_entry_cmdline((struct cfs_bytes){ 0 }, &args, &got);
	CHECK_STR(cfs_buf_text(&got), KARG);
}

TEST(an_added_argument_replaces_the_words_of_its_name)
{
	check_cmdline("a=1 b a=2", "a=3", NULL, "a=3 b " KARG);
	check_cmdline("a b", "c", "d=1", "a b " KARG " c d=1");
	check_cmdline("x a=1", "a=\"2 3\"", "a=4", "x a=\"2 3\" a=4 " KARG);
	check_cmdline("a=\"1 2\" ab=1", "a", NULL, "a ab=1 " KARG);
	check_cmdline("x=\"1  2\"", NULL, NULL, "x=\"1  2\" " KARG);
}

/* The command line @words with the extra argument d=1 and those of another
 * command line. */
static void check_carried(const char *words, const char *carried,
			  const char *want)
{
	static const char *const extra[] = { "d=1" };
	const struct cfs_entry_args args = { KARG, 1, extra, carried };
	CFS_AUTOBUF struct cfs_buf got = { 0 };

	cfs_entry_cmdline(
		(struct cfs_bytes){ (const uint8_t *)words, strlen(words) },
		&args, &got);
	CHECK_STR(cfs_buf_text(&got), want);
}

TEST(words_are_carried_over_unless_there_are_some_of_their_name)
{
	check_carried("a", "b c=1 c=2", "a " KARG " d=1 b c=1 c=2");
	check_carried("a=1", "a=2 a=3 b", "a=1 " KARG " d=1 b");
	check_carried("", "d=2 e", KARG " d=1 e");
	check_carried("a", "composefs=1 composefs.digest=2 x=\"1 2\"",
		      "a " KARG " d=1 x=\"1 2\"");
	check_carried("a", "b \"c", "a " KARG " d=1");
	check_carried("a", "", "a " KARG " d=1");
}

TEST(an_entry_keeps_its_lines_but_paths_and_options)
{
	CHECK_EQ(rewrite("title  A b\n# linux /x\n\nlinux /boot/vmlinuz\r\n"
			 "initrd a b/c\noptions one\nsort-key x\n"
			 "options two",
			 "title  A b\n# linux /x\n\n"
			 "linux /id/hash/vmlinuz\n"
			 "initrd /id/hash/a /id/hash/c\n"
			 "options one two " KARG " quiet\nsort-key x\n"),
		 0);
	CHECK_EQ(rewrite("linux k",
			 "linux /id/hash/k\noptions " KARG " quiet\n"),
		 0);
}

TEST(an_entry_with_control_characters_is_refused)
{
	CHECK_EQ(rewrite("title a\033b", ""), -EINVAL);
	CHECK_EQ(rewrite("title a\rlinux /x", ""), -EINVAL);
	CHECK_EQ(rewrite("title a\r", ""), -EINVAL);
	CHECK_EQ(rewrite("options a\vb", ""), -EINVAL);
}

TEST(options_with_an_open_quotation_are_refused)
{
	CHECK_EQ(rewrite("options a=\"b\noptions c", ""), -EINVAL);
	CHECK_EQ(rewrite("options a=\"b\noptions c\"",
			 "options a=\"b c\" " KARG " quiet\n"),
		 0);
}

static void check_title(const char *text, const char *want)
{
	CFS_AUTOBUF struct cfs_buf got = { 0 };

	cfs_entry_title(bytes_of(text), &got);
	CHECK_STR(cfs_buf_text(&got), want);
}

TEST(a_title_is_the_name_of_the_system)
{
	check_title("NAME=x\nPRETTY_NAME=\"A b\\\"c\"\nPRETTY_NAME=d\n",
		    "A bc");
	check_title("PRETTY_NAME='x'", "x");
	check_title("PRETTY_NAME=a\033[2J\tb\n", "a[2Jb");
	check_title("XPRETTY_NAME=a\nPRETTY_NAME=\n", "Linux");
	check_title("", "Linux");
}
