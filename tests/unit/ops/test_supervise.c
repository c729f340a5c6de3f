/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/supervise.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

/* Runs @test in a process of its own, whose signals it changes, and returns
 * what it returns, 0 to 255. */
static int apart(int (*test)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(test());
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static pid_t start(void (*child)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		child();
		_exit(0);
	}
	return pid;
}

static void exit_with_7(void)
{
	_exit(7);
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

static void be_killed(void)
{
	(void)kill(getpid(), SIGKILL);
}

static void answer_usr1(void)
{
	sigset_t set;
	int number;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	_exit(sigwait(&set, &number) == 0 && number == SIGUSR1 ? 21 : 1);
}

static int supervise(void (*child)(void), void (*other)(void), int sent)
{
	sigset_t before;
	pid_t pid, needed = -1;
	int r;

	cfs_supervise_begin(&before);
	pid = start(child);
	if (other)
		needed = start(other);
	if (sent)
		(void)kill(getpid(), sent);
	r = cfs_supervise(pid, needed);
	(void)kill(pid, SIGKILL);
	if (needed > 0)
		(void)kill(needed, SIGKILL);
	return r == -ECHILD ? 200 : r;
}

static int of_an_exit(void)
{
	return supervise(exit_with_7, wait_for_ever, 0);
}

static int of_a_signal(void)
{
	return supervise(be_killed, NULL, 0);
}

static int of_one_that_is_needed(void)
{
	return supervise(wait_for_ever, exit_with_7, 0);
}

static int of_a_signal_that_is_sent(void)
{
	return supervise(answer_usr1, NULL, SIGUSR1);
}

static int of_a_parent_that_ignores_children(void)
{
	(void)signal(SIGCHLD, SIG_IGN);
	return supervise(exit_with_7, NULL, 0);
}

static int of_the_mask(void)
{
	sigset_t before, now;

	cfs_supervise_begin(&before);
	cfs_supervise_undo(&before);
	if (sigprocmask(SIG_BLOCK, NULL, &now) < 0)
		return 1;
	return sigismember(&now, SIGTERM) || sigismember(&now, SIGCHLD);
}

TEST(the_end_of_the_child_is_the_answer)
{
	CHECK_EQ(apart(of_an_exit), 7);
	CHECK_EQ(apart(of_a_signal), 128 + SIGKILL);
	CHECK_EQ(apart(of_a_parent_that_ignores_children), 7);
}

TEST(the_end_of_one_that_is_needed_is_an_error)
{
	CHECK_EQ(apart(of_one_that_is_needed), 200);
}

TEST(signals_are_passed_on_also_those_that_came_before)
{
	CHECK_EQ(apart(of_a_signal_that_is_sent), 21);
}

TEST(programs_get_the_mask_that_was)
{
	CHECK_EQ(apart(of_the_mask), 0);
}
