/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/supervise.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "base/auto.h"

static const int passed_on[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
				 SIGUSR1, SIGUSR2, SIGWINCH };

static void set_of_signals(sigset_t *ret)
{
	(void)sigemptyset(ret);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(passed_on); i++)
		(void)sigaddset(ret, passed_on[i]);
	(void)sigaddset(ret, SIGCHLD);
}

void cfs_supervise_begin(sigset_t *before)
{
	sigset_t set;

	set_of_signals(&set);
	/* Where SIGCHLD is ignored, children have no exit status. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigprocmask(SIG_BLOCK, &set, before);
}

void cfs_supervise_undo(const sigset_t *before)
{
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, before, NULL);
}

/* Reaps children that have ended.  Returns 1 with the answer of cfs_supervise()
 * in *@ret, or 0 if @pid still runs. */
static int reap(pid_t pid, pid_t needed, int *ret)
{
	bool lost = false;
	int status;
	pid_t child;

	while ((child = waitpid(-1, &status, WNOHANG)) > 0) {
		if (child == pid) {
			*ret = WIFEXITED(status) ? WEXITSTATUS(status)
						 : 128 + WTERMSIG(status);
			return 1;
		}
		lost |= child == needed;
	}
	*ret = -ECHILD;
	return lost || (child < 0 && errno == ECHILD);
}

int cfs_supervise(pid_t pid, pid_t needed)
{
	sigset_t set;
	int ret;

	set_of_signals(&set);
	/* Signals of the same number that arrive together are one. */
	while (!reap(pid, needed, &ret)) {
		siginfo_t info;
		int number = sigwaitinfo(&set, &info);

		if (number > 0 && number != SIGCHLD)
			(void)kill(pid, number);
	}
	return ret;
}
