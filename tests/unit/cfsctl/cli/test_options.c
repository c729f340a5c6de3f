/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/options.h"

#include "tests/test.h"

struct values {
	bool flag, other, no;
	const char *text, *choice;
	struct cfs_opt_list list;
	unsigned threads;
	const char *bare;
};

static const char *const colours[] = { "red", "green", "blue", NULL };

static int parse_bare(const char *text, void *to, struct cfs_err *err)
{
	if (text && strcmp(text, "bad") == 0)
		return cfs_fail(err, CFS_EUSAGE, "no good");
	*(const char **)to = text ? text : "none";
	return 0;
}

static const struct cfs_opt rows[] = {
	{ .name = "flag", .letter = 'f', CFS_OPT_SETS(struct values, flag) },
	{ .name = "other", .letter = 'o', CFS_OPT_SETS(struct values, other) },
	{ .name = "text",
	  .alias = "words",
	  .letter = 't',
	  .value = "TEXT",
	  CFS_OPT_SETS(struct values, text) },
	{ .name = "choice",
	  .value = "COLOUR",
	  .choices = colours,
	  CFS_OPT_SETS(struct values, choice) },
	{ .name = "list", .value = "X", CFS_OPT_SETS(struct values, list) },
	{ .name = "ask",
	  .value = "yes|no",
	  .choices = cmd_yes_no,
	  CFS_OPT_PARSES(struct values, no, cmd_parse_no) },
	CFS_OPT_THREADS(struct values, threads),
	{ .name = "bare",
	  .value = "X",
	  .bare = true,
	  CFS_OPT_PARSES(struct values, bare, parse_bare) },
	{ .name = "hue",
	  .value = "COLOUR",
	  .bare = true,
	  .choices = colours,
	  CFS_OPT_PARSES(struct values, bare, parse_bare) },
	{ 0 },
};

/* Options that are read together with those. */
struct more {
	bool flag, more;
};

static const struct cfs_opt more_rows[] = {
	{ .name = "flag", CFS_OPT_SETS(struct more, flag) },
	{ .name = "more", CFS_OPT_SETS(struct more, more) },
	{ 0 },
};

static struct cfs_err err;
static struct values got;
static struct more got_more;
static struct cfs_opts opts;
static char *args[80];

/* The words of @line are the arguments. */
static int split(const char *line)
{
	static char copy[512];
	int n = 0;

	got = (struct values){ 0 };
	got_more = (struct more){ 0 };
	opts = (struct cfs_opts){
		.n = 2,
		.table = { { rows, &got, 0 }, { more_rows, &got_more, 0 } },
	};
	strcpy(copy, line);
	for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
		args[n++] = w;
	args[n] = NULL;
	return n;
}

static int read_line(const char *line)
{
	int argc = split(line), r = cmd_options(&opts, &argc, args, &err);

	return r < 0 ? r : argc;
}

/* Is @line refused with @words in the message? */
static bool refused(const char *line, const char *words)
{
	int r = read_line(line);

	if (r == -CFS_EUSAGE && strstr(err.msg, words))
		return true;
	printf("# %s: %d %s\n", line, r, r < 0 ? err.msg : "");
	return false;
}

TEST(every_spelling_is_read)
{
	CHECK(read_line("x --flag --text v") == 1 && got.flag);
	CHECK(strcmp(got.text, "v") == 0);
	CHECK(read_line("x --text=v=w") == 1 && !strcmp(got.text, "v=w"));
	CHECK(read_line("x -f -t v") == 1 && got.flag);
	CHECK(strcmp(got.text, "v") == 0);
	CHECK(read_line("x -foty") == 1 && got.flag && got.other);
	CHECK(strcmp(got.text, "y") == 0);
	CHECK(read_line("x --text=") == 1 && !strcmp(got.text, ""));
	CHECK(read_line("x --text --flag") == 1 && !strcmp(got.text, "--flag"));
	CHECK(read_line("x --list a --list=b") == 1 && got.list.n == 2);
	CHECK(strcmp(got.list.v[1], "b") == 0);
	CHECK(read_line("x --choice green") == 1);
	CHECK(strcmp(got.choice, "green") == 0);
}

TEST(an_option_may_have_another_name)
{
	CHECK(read_line("x --words v") == 1 && !strcmp(got.text, "v"));
	CHECK(read_line("x --words=v") == 1 && !strcmp(got.text, "v"));
	CHECK(cmd_option_given(&opts.table[0], "text"));
	CHECK(refused("x --text v --words v", "'--text' is given twice"));
	CHECK(refused("x --word v", "unknown option '--word'"));
}

TEST(operands_may_stand_anywhere)
{
	CHECK(read_line("x a --flag - b") == 4);
	CHECK(!strcmp(args[1], "a") && !strcmp(args[2], "-") &&
	      !strcmp(args[3], "b") && !args[4]);
	CHECK(read_line("x -- --flag -f") == 3 && !got.flag);
	CHECK(!strcmp(args[1], "--flag"));
}

TEST(a_row_reads_its_value_itself)
{
	CHECK(read_line("x --threads 3") == 1 && got.threads == 3);
	CHECK(read_line("x --ask yes") == 1 && !got.no);
	CHECK(read_line("x --ask no") == 1 && got.no);
	CHECK(refused("x --ask maybe", "--ask 'maybe': expected yes or no"));
	CHECK(refused("x --threads 0", "--threads '0': expected a number"));
	CHECK(refused("x --threads 3x", "--threads '3x'"));
	CHECK(refused("x --threads=", "--threads ''"));
	CHECK(refused("x --threads 99999999999", "--threads"));
}

TEST(a_value_that_may_be_missing_is_attached)
{
	CHECK(read_line("x --bare y") == 2 && !strcmp(got.bare, "none"));
	CHECK(read_line("x --bare=y z") == 2 && !strcmp(got.bare, "y"));
	CHECK(read_line("x --bare=") == 1 && !strcmp(got.bare, ""));
	CHECK(read_line("x --bare --flag") == 1 && got.flag);
	CHECK(refused("x --bare=bad", "--bare 'bad': no good"));
	CHECK(read_line("x --hue y") == 2 && !strcmp(got.bare, "none"));
	CHECK(refused("x --hue=loud", "--hue 'loud': expected"));
	CHECK(refused("x --bare --bare=1", "given twice"));
}

TEST(a_value_that_is_no_choice_is_answered_with_the_choices)
{
	CHECK(refused("x --choice mauve",
		      "--choice 'mauve': expected red, green or blue"));
}

TEST(a_name_in_two_tables_belongs_to_the_first)
{
	CHECK(read_line("x --flag --more") == 1);
	CHECK(got.flag && got_more.more && !got_more.flag);
	CHECK(cmd_option_given(&opts.table[0], "flag"));
	CHECK(cmd_option_given(&opts.table[1], "more"));
	CHECK(!cmd_option_given(&opts.table[1], "flag"));
	CHECK(!cmd_option_given(&opts.table[0], "none"));
}

TEST(what_is_wrong_is_named)
{
	CHECK(refused("x --fla", "unknown option '--fla'"));
	CHECK(refused("x --flags", "unknown option '--flags'"));
	CHECK(refused("x --flag=1", "option '--flag' takes no value"));
	CHECK(refused("x --text",
		      "option '--text' needs a value: --text TEXT"));
	CHECK(refused("x --text a --text b", "'--text' is given twice"));
	CHECK(refused("x --threads 1 --threads 1", "given twice"));
	CHECK(refused("x -z", "unknown option '-z'"));
	CHECK(refused("x -fz", "unknown option '-fz'"));
	CHECK(read_line("x --flag --flag") == 1);
}

TEST(a_mistyped_option_is_answered_with_the_nearest)
{
	CHECK(refused("x --flga=1", "unknown option '--flga'; did you mean "
				    "'--flag'?"));
	CHECK(refused("x -flag", "unknown option '-flag'; did you mean "
				 "'--flag'?"));
	CHECK(refused("x --moer", "did you mean '--more'?"));
	CHECK(refused("x --thread 1", "did you mean '--threads'?"));
	CHECK(refused("x --zzz", "unknown option '--zzz'"));
	CHECK(!strstr(err.msg, "mean"));
}

TEST(a_list_has_room_for_so_many_and_no_more)
{
	int argc = split("x"), most = CFS_OPT_LIST_MAX;
	static char option[] = "--list=a";

	while (argc <= most)
		args[argc++] = option;
	CHECK(cmd_options(&opts, &argc, args, &err) == 0);
	CHECK(argc == 1 && got.list.n == CFS_OPT_LIST_MAX);
	argc = split("x");
	while (argc <= most + 1)
		args[argc++] = option;
	CHECK(cmd_options(&opts, &argc, args, &err) == -CFS_EUSAGE);
	CHECK(strstr(err.msg, "--list"));
}

TEST(options_in_front_end_with_the_first_operand)
{
	int argc = split("x --flag cmd --unknown");

	CHECK(cmd_options_front(&opts, argc, args, &err) == 2 && got.flag);
	argc = split("x --flag");
	CHECK(cmd_options_front(&opts, argc, args, &err) == 2);
	argc = split("x --flag -- --cmd");
	CHECK(cmd_options_front(&opts, argc, args, &err) == 3);
	argc = split("x --flag --bad cmd");
	CHECK(cmd_options_front(&opts, argc, args, &err) == -CFS_EUSAGE);
	CHECK(opts.at == 2);
}
