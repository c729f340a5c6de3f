/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/bls.h"

#include "base/buf.h"
#include "tests/test.h"

/* Checks that the entry @text has the lines @want, "key=value;...". */
static void check_lines(const char *text, const char *want)
{
	struct cfs_bytes rest = { (const uint8_t *)text, strlen(text) };
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	struct cfs_bls_line line;

	while (cfs_bls_next(&rest, &line))
		cfs_buf_addf(&got, "%.*s=%.*s;", (int)line.key.len,
			     line.key.data, (int)line.value.len,
			     line.value.data);
	cfs_buf_adds(&got, "");
	CHECK_STR(cfs_buf_text(&got), want);
}

TEST(a_line_is_a_key_and_the_rest)
{
	check_lines("title Fedora Linux 40\nlinux /vmlinuz\noptions quiet rw\n",
		    "title=Fedora Linux 40;linux=/vmlinuz;options=quiet rw;");
	check_lines("initrd\t /a \t", "initrd=/a;");
	check_lines("options", "options=;");
}

TEST(the_last_line_needs_no_newline_and_lines_may_end_as_on_windows)
{
	check_lines("linux /a\r\noptions b c\r\n\r\ninitrd /d",
		    "linux=/a;options=b c;initrd=/d;");
}

TEST(comments_and_blank_lines_are_left_out)
{
	check_lines("", "");
	check_lines("\n \n\t\n", "");
	check_lines("# options x\n  # y\n#\n options z\n", "options=z;");
	check_lines("linux #1", "linux=#1;");
}

TEST(keys_are_compared_as_a_whole)
{
	const char *text = "option a\noptions b\noptions-x c\n";
	struct cfs_bytes rest = { (const uint8_t *)text, strlen(text) };
	struct cfs_bls_line line;

	CHECK(cfs_bls_next(&rest, &line) && !cfs_bls_is(&line, "options"));
	CHECK(cfs_bls_next(&rest, &line) && cfs_bls_is(&line, "options"));
	CHECK(cfs_bls_next(&rest, &line) && !cfs_bls_is(&line, "options"));
	CHECK(!cfs_bls_next(&rest, &line));
}

TEST(a_value_has_no_control_characters)
{
	CHECK(cfs_bls_is_value(NULL) && cfs_bls_is_value(""));
	CHECK(cfs_bls_is_value("Debian \xc3\xa4 1.0"));
	CHECK(!cfs_bls_is_value("a\nb") && !cfs_bls_is_value("a\tb"));
	CHECK(!cfs_bls_is_value("a\x7f"));
}
