/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/options.h"

#include "cfsctl/cfsctl.h"
#include "tests/test.h"

static struct cfs_err err;
static bool flag, other;
static const char *text;
static struct cfs_opt_list list;
static const struct cfs_opt opts[] = {
	{ .name = "flag", .letter = 'f', .flag = &flag },
	{ .name = "other", .letter = 'o', .flag = &other },
	{ .name = "text", .letter = 't', .text = &text },
	{ .name = "list", .list = &list },
	{ 0 },
};
static char *args[8];

/* The words of @line are the arguments. */
static int split(const char *line)
{
	static char copy[128];
	int n = 0;

	flag = other = false;
	text = NULL;
	list.n = 0;
	strcpy(copy, line);
	for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
		args[n++] = w;
	args[n] = NULL;
	return n;
}

static int read_line(const char *line)
{
	int argc = split(line), r = cmd_options(opts, &argc, args, &err);

	return r < 0 ? r : argc;
}

TEST(every_spelling_is_read)
{
	CHECK(read_line("x --flag --text v") == 1 && flag &&
	      !strcmp(text, "v"));
	CHECK(read_line("x --text=v=w") == 1 && !strcmp(text, "v=w"));
	CHECK(read_line("x -f -t v") == 1 && flag && !strcmp(text, "v"));
	CHECK(read_line("x -foty") == 1 && flag && other && !strcmp(text, "y"));
	CHECK(read_line("x --text=") == 1 && !strcmp(text, ""));
	CHECK(read_line("x --text --flag") == 1 && !strcmp(text, "--flag"));
	CHECK(read_line("x --list a --list=b") == 1 && list.n == 2 &&
	      !strcmp(list.v[1], "b"));
}

TEST(operands_may_stand_anywhere)
{
	CHECK(read_line("x a --flag - b") == 4);
	CHECK(!strcmp(args[1], "a") && !strcmp(args[2], "-") &&
	      !strcmp(args[3], "b") && !args[4]);
	CHECK(read_line("x -- --flag -f") == 3 && !flag);
	CHECK(!strcmp(args[1], "--flag"));
}

TEST(what_is_wrong_is_named)
{
	CHECK(read_line("x --fla") == -CFS_EUSAGE);
	CHECK(strstr(err.msg, "--fla"));
	CHECK(read_line("x --flags") == -CFS_EUSAGE);
	CHECK(read_line("x --flag=1") == -CFS_EUSAGE);
	CHECK(read_line("x --text") == -CFS_EUSAGE);
	CHECK(strstr(err.msg, "--text"));
	CHECK(read_line("x --text a --text b") == -CFS_EUSAGE);
	CHECK(read_line("x -z") == -CFS_EUSAGE);
	CHECK(read_line("x -fz") == -CFS_EUSAGE);
}

TEST(options_in_front_end_with_the_first_operand)
{
	int argc = split("x --flag cmd --unknown");

	CHECK(cmd_options_front(opts, argc, args, &err) == 2 && flag);
	argc = split("x --flag");
	CHECK(cmd_options_front(opts, argc, args, &err) == 2);
	argc = split("x --flag -- --cmd");
	CHECK(cmd_options_front(opts, argc, args, &err) == 3);
	argc = split("x --bad cmd");
	CHECK(cmd_options_front(opts, argc, args, &err) == -CFS_EUSAGE);
}

TEST(operands_are_counted)
{
	CHECK(cmd_operands(2, 1, 1, &err) == 0);
	CHECK(cmd_operands(1, 1, 1, &err) == -CFS_EUSAGE);
	CHECK(cmd_operands(3, 1, 1, &err) == -CFS_EUSAGE);
}

TEST(formats_are_single_digits)
{
	int format;

	CHECK(cmd_parse_format(NULL, &format, &err) == 0 && format == -1);
	CHECK(cmd_parse_format("2", &format, &err) == 0 && format == 2);
	CHECK(cmd_parse_format("3", &format, &err) == -CFS_EUSAGE);
	CHECK(cmd_parse_format("01", &format, &err) == -CFS_EUSAGE);
	CHECK(cmd_parse_format("", &format, &err) == -CFS_EUSAGE);
}
