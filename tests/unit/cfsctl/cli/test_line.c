/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/line.h"

#include "tests/test.h"

/* What cmd_line() writes of @name, between brackets. */
static const char *line_of(const char *name)
{
	static char have[65536];
	CFS_AUTOFILE FILE *f = tmpfile();

	CHECK(f);
	cmd_line(f, "[%s]", name);
	rewind(f);
	have[fread(have, 1, sizeof(have) - 1, f)] = '\0';
	return have;
}

TEST(a_line_ends_with_its_only_newline)
{
	CHECK_STR(line_of("plain"), "[plain]\n");
	CHECK_STR(line_of("gr\xc3\xbc\xc3\x9f"), "[gr\xc3\xbc\xc3\x9f]\n");
	CHECK_STR(line_of("two\nlines\r"), "[two?lines?]\n");
}

TEST(nothing_of_a_name_reaches_a_terminal)
{
	CHECK_STR(line_of("\x1b[2J"), "[?[2J]\n");
	CHECK_STR(line_of("\xc2\x9b"
			  "2J"),
		  "[?2J]\n");
	CHECK_STR(line_of("\x9b"
			  "2J"),
		  "[?2J]\n");
	CHECK_STR(line_of("a\xe2\x80\xae"
			  "b"),
		  "[a?b]\n");
}

TEST(a_line_may_be_long)
{
	char name[60001];
	const char *have;

	memset(name, 'x', 60000);
	name[60000] = '\0';
	have = line_of(name);
	CHECK_EQ(strlen(have), 60003);
}
