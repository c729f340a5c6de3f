/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/compat/programs.h"

#include "cfsctl/cli/options.h"
#include "tests/test.h"

static const char *name_of(const char *argv0)
{
	const struct cfs_program *p = cmd_program_find(argv0);

	return p ? p->name : "";
}

TEST(a_program_is_found_by_its_name_wherever_it_is)
{
	CHECK_STR(name_of("mkcomposefs"), "mkcomposefs");
	CHECK_STR(name_of("/usr/bin/mkcomposefs"), "mkcomposefs");
	CHECK_STR(name_of("./x/composefs-info"), "composefs-info");
	CHECK_STR(name_of("composefs-dump"), "composefs-dump");
	CHECK_STR(name_of("/sbin/mount.composefs"), "mount.composefs");
	CHECK_STR(name_of("/sbin/mount.fuse.composefs"),
		  "mount.fuse.composefs");
}

TEST(other_names_are_cfsctl)
{
	CHECK(!cmd_program_find("cfsctl"));
	CHECK(!cmd_program_find(""));
	CHECK(!cmd_program_find("/"));
	CHECK(!cmd_program_find("mkcomposefs/"));
	CHECK(!cmd_program_find("mkcomposefs2"));
	CHECK(!cmd_program_find("composefs"));
}

static int result;
static const char *words;

static int run(int argc, char **argv, struct cfs_err *err)
{
	CHECK_EQ(argc, 1);
	CHECK_STR(argv[0], "name");
	return result == 0 ? 0 : cfs_fail(err, result, "%s", words);
}

static void usage(FILE *to)
{
	fputs("usage\n", to);
}

/* What it says on stderr, in @text, and the status. */
static int say(int code, const char *message, char *text, size_t size)
{
	const struct cfs_program program = { "name", "", usage, run };
	char name[] = "name", *argv[] = { name, NULL };
	FILE *kept = stderr, *to = fmemopen(text, size, "w");
	int status;

	CHECK(to);
	result = code;
	words = message;
	memset(text, 0, size);
	stderr = to;
	status = cmd_program_run(&program, 1, argv);
	stderr = kept;
	CHECK_EQ(fclose(to), 0);
	return status;
}

TEST(programs_end_with_0_or_1_and_say_why)
{
	char text[200];

	CHECK_EQ(say(0, "", text, sizeof(text)), 0);
	CHECK_EQ(text[0], '\0');
	CHECK_EQ(say(EIO, "it broke", text, sizeof(text)), 1);
	CHECK_STR(text, "name: it broke\n");
	CHECK_EQ(say(EIO, "", text, sizeof(text)), 1);
	CHECK_EQ(text[0], '\0');
	CHECK_EQ(say(CFS_EUSAGE, "Too many", text, sizeof(text)), 1);
	CHECK_STR(text, "Too many\nusage\n");
	CHECK_EQ(say(CFS_EUSAGE, "", text, sizeof(text)), 1);
	CHECK_STR(text, "usage\n");
}
