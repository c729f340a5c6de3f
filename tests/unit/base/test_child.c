/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/child.h"

#include <fcntl.h>
#include <signal.h>

#include "base/io.h"
#include "tests/test.h"

static struct cfs_err err;

/* Runs @script; its descriptor 1 is @out, 3 is @third.  Returns the status. */
static int run_with(const char *script, int out, int third,
		    struct cfs_buf *said)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	const struct cfs_child_spec spec = { .argv = argv,
					     .out = out,
					     .third = third };
	CFS_AUTOCHILD struct cfs_child child = CFS_CHILD_INIT;

	CHECK_EQ(cfs_child_start(&spec, &child, &err), 0);
	return cfs_child_wait(&child, said, &err);
}

static bool says(const char *script, int status, const char *text)
{
	CFS_AUTOBUF struct cfs_buf said = { 0 };

	CHECK_EQ(run_with(script, -EBADF, -EBADF, &said), status);
	return said.len == strlen(text) &&
	       memcmp(said.data, text, said.len) == 0;
}

TEST(a_program_ends_with_a_status_and_words)
{
	CHECK(says("exit 0", 0, ""));
	CHECK(says("echo one; echo two >&2; exit 3", 3, "one\ntwo\n"));
	CHECK(says("kill -TERM $$", 128 + SIGTERM, ""));
}

TEST(the_last_words_of_many_are_kept)
{
	CFS_AUTOBUF struct cfs_buf said = { 0 };

	CHECK_EQ(run_with("yes | head -c 200000; echo end", -EBADF, -EBADF,
			  &said),
		 0);
	CHECK_EQ(said.len, CFS_CHILD_SAID_MAX);
	CHECK_MEM(said.data + said.len - 4, "end\n", 4);
}

TEST(standard_output_can_go_elsewhere)
{
	CFS_AUTOBUF struct cfs_buf said = { 0 }, out = { 0 };
	int ends[2];

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EQ(run_with("echo out; echo err >&2", ends[1], -EBADF, &said), 0);
	CHECK_EQ(close(ends[1]), 0);
	CHECK_EQ(cfs_read_all(ends[0], 100, &out), 0);
	CHECK_EQ(out.len, 4);
	CHECK_MEM(out.data, "out\n", 4);
	CHECK_EQ(said.len, 4);
	CHECK_MEM(said.data, "err\n", 4);
	close(ends[0]);
}

TEST(standard_input_is_empty_and_one_descriptor_is_passed)
{
	int ends[2], other = open(".", O_RDONLY | O_CLOEXEC);
	char text[8] = "", script[64];

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK(other >= 0);
	CHECK(says("wc -c", 0, "0\n"));
	CHECK_EQ(run_with("echo three >&3", -EBADF, ends[1], NULL), 0);
	CHECK_EQ(read(ends[0], text, 6), 6);
	CHECK_STR(text, "three\n");
	snprintf(script, sizeof(script), "test -e /proc/self/fd/%d", other);
	CHECK(says(script, 1, ""));
	close(other);
	close(ends[0]);
	close(ends[1]);
}

TEST(signals_are_as_for_any_program)
{
	sigset_t all, before;

	CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	CHECK_EQ(sigfillset(&all), 0);
	CHECK_EQ(sigprocmask(SIG_BLOCK, &all, &before), 0);
	CHECK(says("kill -PIPE $$; echo alive", 128 + SIGPIPE, ""));
	CHECK_EQ(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
}

TEST(a_missing_program_is_reported)
{
	const char *const argv[] = { "there-is-no-such-program", NULL };
	const struct cfs_child_spec spec = { .argv = argv,
					     .out = -EBADF,
					     .third = -EBADF };
	struct cfs_child child = CFS_CHILD_INIT;

	CHECK_EQ(cfs_child_start(&spec, &child, &err), -ENOENT);
	CHECK_STR(err.msg, "run there-is-no-such-program: it is not "
			   "installed");
	CHECK(child.pid < 0);
	cfs_child_end(&child);
}

TEST(the_environment_is_the_callers_or_the_one_given)
{
	const char *const argv[] = { "sh", "-c", "echo $A$HOME", NULL };
	const char *const env[] = { "A=b", NULL };
	const struct cfs_child_spec spec = {
		.argv = argv, .env = env, .out = -EBADF, .third = -EBADF
	};
	struct cfs_child child = CFS_CHILD_INIT;
	CFS_AUTOBUF struct cfs_buf said = { 0 };

	CHECK_EQ(setenv("A", "a", 1), 0);
	CHECK(says("echo $A", 0, "a\n"));
	CHECK_EQ(cfs_child_start(&spec, &child, &err), 0);
	CHECK_EQ(cfs_child_wait(&child, &said, &err), 0);
	CHECK_EQ(said.len, 2);
	CHECK_MEM(said.data, "b\n", 2);
}

TEST(a_program_that_does_not_end_is_ended)
{
	const char *const argv[] = { "sleep", "100000", NULL };
	const struct cfs_child_spec spec = { .argv = argv,
					     .out = -EBADF,
					     .third = -EBADF };
	struct cfs_child child = CFS_CHILD_INIT;
	pid_t pid;

	CHECK_EQ(cfs_child_start(&spec, &child, &err), 0);
	pid = child.pid;
	cfs_child_end(&child);
	CHECK(child.pid < 0 && child.said < 0);
	CHECK(kill(pid, 0) < 0);
	CHECK_EQ(errno, ESRCH);
	cfs_child_end(&child);
}
