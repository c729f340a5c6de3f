/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/lock_holder.h"

#include <sys/wait.h>

#include "repo/lock.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static int ready[2], release[2];

/* A process that holds the lock of @dir until release[1] is closed. */
static pid_t start_holder(const char *dir)
{
	struct cfs_repo repo = CFS_REPO_INIT;
	pid_t pid = fork();
	char c;

	CHECK(pid >= 0);
	if (pid > 0) {
		CHECK_EQ(read(ready[0], &c, 1), 1);
		return pid;
	}
	(void)close(release[1]);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, &repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &err), 1);
	CHECK_EQ(write(ready[1], "x", 1), 1);
	CHECK_EQ(read(release[0], &c, 1), 0);
	_exit(0);
}

TEST(processes_that_hold_a_lock_are_named)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOBUF struct cfs_buf names = { 0 };
	const char *dir = fresh_dir();
	char want[40];
	pid_t pid[6];

	make_dir(dir, "objects");
	CHECK_EQ(pipe(ready), 0);
	CHECK_EQ(pipe(release), 0);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, &repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &err), 1);
	/* Its own lock is not another process's. */
	CHECK_EQ(cfs_lock_holders(&repo, &names), 0);
	CHECK_EQ(names.len, 0);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(pid); i++)
		pid[i] = start_holder(dir);
	/* On file systems with device numbers of their own none is found. */
	if (cfs_lock_holders(&repo, &names) > 0) {
		const char *text = cfs_buf_text(&names);
		unsigned left_out = 0;

		for (size_t i = 0; i < CFS_ARRAY_SIZE(pid); i++) {
			snprintf(want, sizeof(want), "holde (process %d)",
				 (int)pid[i]);
			left_out += !strstr(text, want);
		}
		CHECK_EQ(left_out, 2);
		CHECK(strstr(text, ", ..."));
	}
	(void)close(release[1]);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(pid); i++)
		CHECK_EQ(waitpid(pid[i], NULL, 0), pid[i]);
}
