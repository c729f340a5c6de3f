/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/user_namespace.h"

#include <errno.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

enum {
	REFUSED = 100
};

/* In a process of its own. */
static int enter(int flags)
{
	struct cfs_err err = { 0 };
	uint32_t ids = 0;
	int r = cfs_user_namespace_enter(flags, &ids, &err);

	if (r == -EINVAL)
		return 3;
	if (r < 0)
		return REFUSED;
	return geteuid() == 0 && getegid() == 0 && ids >= 1 ? 0 : 1;
}

static int apart(int flags)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(enter(flags));
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

TEST(the_caller_is_root_where_a_namespace_may_be_made)
{
	int r = apart(CLONE_NEWNS);

	CHECK(r == 0 || r == REFUSED);
}

TEST(flags_that_unshare_does_not_know_are_refused)
{
	int r = apart(CLONE_PARENT);

	CHECK(r == 3 || r == REFUSED);
}
