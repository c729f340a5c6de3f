/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/command.h"

#include "tests/test.h"

struct options {
	const char *from;
};

static const struct cfs_opt options[] = {
	{ .name = "from", .value = "FILE", CFS_OPT_SETS(struct options, from) },
	{ 0 },
};

static const struct cfs_cmd none = { .name = "none" };
static const struct cfs_cmd two = { .name = "two",
				    .alias = "deux",
				    .operands = { { "A" }, { "B" } } };
static const struct cfs_cmd maybe = {
	.name = "maybe", .operands = { { "A" }, { "B", .optional = true } }
};
static const struct cfs_cmd some = {
	.name = "some", .operands = { { "A" }, { "B", .many = true } }
};
static const struct cfs_cmd other = {
	.name = "other",
	.options = options,
	.operands = { { "A", .unless = "from" }, { "B", .optional = true } }
};
static const struct cfs_cmd *const list[] = { &none, &two, &maybe, NULL };

TEST(a_command_is_found_by_its_name_and_by_its_alias)
{
	CHECK_EQ(cmd_command_find(list, "none"), &none);
	CHECK_EQ(cmd_command_find(list, "two"), &two);
	CHECK_EQ(cmd_command_find(list, "deux"), &two);
	CHECK(!cmd_command_find(list, "some"));
	CHECK(!cmd_command_find(list, ""));
}

static struct cfs_err err;

/* What is said of @n operands. */
static const char *count(const struct cfs_cmd *cmd, uint64_t seen, int n)
{
	static char first[] = "1st", second[] = "2nd", third[] = "3rd",
		    fourth[] = "4th";
	char *const words[] = { first, second, third, fourth };
	const struct cfs_opt_table given = { cmd->options, NULL, seen };
	int r = cmd_command_count(cmd, &given, n, words, &err);

	CHECK(r == 0 || r == -CFS_EUSAGE);
	return r == 0 ? "" : err.msg;
}

static bool says(const struct cfs_cmd *cmd, uint64_t seen, int n,
		 const char *text)
{
	return strcmp(count(cmd, seen, n), text) == 0;
}

TEST(operands_are_counted)
{
	CHECK(says(&none, 0, 0, ""));
	CHECK(says(&none, 0, 1, "unexpected operand '1st'"));
	CHECK(says(&two, 0, 0, "A is missing"));
	CHECK(says(&two, 0, 1, "B is missing"));
	CHECK(says(&two, 0, 2, ""));
	CHECK(says(&two, 0, 3, "unexpected operand '3rd'"));
	CHECK(says(&maybe, 0, 0, "A is missing"));
	CHECK(says(&maybe, 0, 1, ""));
	CHECK(says(&maybe, 0, 2, ""));
	CHECK(says(&maybe, 0, 3, "unexpected operand '3rd'"));
}

TEST(an_operand_that_may_be_repeated_is_needed_once)
{
	CHECK(says(&some, 0, 1, "B is missing"));
	CHECK(says(&some, 0, 2, ""));
	CHECK(says(&some, 0, 4, ""));
}

TEST(an_option_takes_the_place_of_an_operand)
{
	CHECK(says(&other, 0, 0, "A is missing"));
	CHECK(says(&other, 0, 2, ""));
	CHECK(says(&other, 1, 0, ""));
	CHECK(says(&other, 1, 1, ""));
	CHECK(says(&other, 1, 2, "unexpected operand '2nd'"));
}
