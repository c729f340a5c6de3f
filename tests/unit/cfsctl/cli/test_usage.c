/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/usage.h"

#include "tests/test.h"

struct options {
	bool flag;
	const char *file;
	struct cfs_opt_list list;
};

static const struct cfs_opt options[] = {
	{ .name = "flag",
	  .letter = 'f',
	  .help = "raise the flag",
	  CFS_OPT_SETS(struct options, flag) },
	{ .name = "a-name-that-is-long",
	  .value = "FILE",
	  .help = "a text that is longer than one line has room for, so that "
		  "it goes on in the next",
	  CFS_OPT_SETS(struct options, file) },
	{ 0 },
};

static const struct cfs_cmd cmd = {
	.name = "act",
	.alias = "do",
	.help = "act upon it",
	.needs = "--flag",
	.more = "That is all.\n",
	.options = options,
	.operands = { { "A", .many = true }, { "B", .optional = true } },
};
static const struct cfs_cmd *const subs[] = { &cmd, NULL };
static const struct cfs_cmd group = { .name = "group",
				      .help = "several",
				      .sub = subs };
static const struct cfs_cmd *const all[] = { &cmd, &group, NULL };

static char printed[2000];

static FILE *begin(void)
{
	memset(printed, 0, sizeof(printed));
	return fmemopen(printed, sizeof(printed) - 1, "w");
}

static bool is(FILE *to, const char *text)
{
	fclose(to);
	if (strcmp(printed, text) == 0)
		return true;
	printf("# got:\n%s\n", printed);
	return false;
}

TEST(text_is_wrapped_beside_its_column)
{
	FILE *to = begin();

	cmd_usage_line(to, "ab", 4, "c");
	cmd_usage_line(to, "abc", 4, "d");
	cmd_usage_line(to, "", 60, "one two three four five six");
	cmd_usage_line(to, "", 76, "unbreakable it");
	cmd_usage_line(to, "", 2, "");
	CHECK(is(to,
		 "ab  c\n"
		 "abc\n    d\n"
		 "                                                          "
		 "  one two three four\n"
		 "                                                          "
		 "  five six\n"
		 "                                                          "
		 "                  unbreakable\n"
		 "                                                          "
		 "                  it\n"
		 "  \n"));
}

TEST(options_stand_with_their_values)
{
	FILE *to = begin();

	cmd_usage_options(to, options);
	CHECK(is(to, "  -f, --flag            raise the flag\n"
		     "  --a-name-that-is-long FILE\n"
		     "                        a text that is longer than one "
		     "line has room for, so\n"
		     "                        that it goes on in the next\n"));
}

TEST(commands_of_a_group_stand_with_its_name)
{
	FILE *to = begin();

	cmd_usage_commands(to, all, "");
	CHECK(is(to, "  act A... [B] --flag                   act upon it\n"
		     "  group act A... [B] --flag             act upon it\n"));
}

TEST(a_command_is_told_with_all_that_it_takes)
{
	FILE *to = begin();

	cmd_usage(to, &cmd, "group ");
	CHECK(is(to,
		 "usage: cfsctl [OPTION...] group act A... [B] --flag\n"
		 "\n"
		 "act upon it\n"
		 "\n"
		 "Also called group do.\n"
		 "\n"
		 "  -f, --flag            raise the flag\n"
		 "  --a-name-that-is-long FILE\n"
		 "                        a text that is longer than one line "
		 "has room for, so\n"
		 "                        that it goes on in the next\n"
		 "\n"
		 "That is all.\n"));
}

TEST(a_group_is_told_by_its_commands)
{
	FILE *to = begin();

	cmd_usage(to, &group, "");
	CHECK(is(to, "usage: cfsctl [OPTION...] group act A... [B] --flag\n"
		     "\n"
		     "several\n"
		     "\n"
		     "  group act A... [B] --flag             act upon it\n"));
}
