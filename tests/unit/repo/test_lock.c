/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/lock.h"

#include <sys/wait.h>

#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static int waits;
static int release[2];

static void open_locked(const char *dir, struct cfs_repo *repo,
			enum cfs_lock how)
{
	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(repo, how, NULL, &err), 1);
}

/* The holder goes on only once another process was told to wait for it. */
static void waiting(const struct cfs_repo *repo)
{
	CHECK(repo->fd >= 0);
	waits++;
	CHECK_EQ(write(release[1], "x", 1), 1);
}

TEST(shared_locks_go_together)
{
	CFS_AUTOREPO struct cfs_repo a = CFS_REPO_INIT, b = CFS_REPO_INIT;
	const char *dir = fresh_dir();

	make_dir(dir, "objects");
	open_locked(dir, &a, CFS_LOCK_SHARED);
	open_locked(dir, &b, CFS_LOCK_SHARED);
	CHECK(!cfs_repo_trylock(&b, CFS_LOCK_EXCLUSIVE));
	cfs_repo_close(&a);
	CHECK(cfs_repo_trylock(&b, CFS_LOCK_EXCLUSIVE));
}

TEST(who_must_wait_is_told_once)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const char *dir = fresh_dir();
	int ready[2];
	char c;
	pid_t pid;

	make_dir(dir, "objects");
	CHECK_EQ(pipe(ready), 0);
	CHECK_EQ(pipe(release), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		struct cfs_repo holder = CFS_REPO_INIT;

		open_locked(dir, &holder, CFS_LOCK_EXCLUSIVE);
		CHECK_EQ(write(ready[1], "x", 1), 1);
		CHECK_EQ(read(release[0], &c, 1), 1);
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, &repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(&repo, CFS_LOCK_SHARED, waiting, &err), 1);
	CHECK_EQ(waits, 1);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

TEST(a_lock_that_is_released_keeps_no_other_process_waiting)
{
	CFS_AUTOREPO struct cfs_repo a = CFS_REPO_INIT, b = CFS_REPO_INIT;
	const char *dir = fresh_dir();

	make_dir(dir, "objects");
	open_locked(dir, &a, CFS_LOCK_EXCLUSIVE);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, &b, &err), 1);
	CHECK(!cfs_repo_trylock(&b, CFS_LOCK_SHARED));
	cfs_repo_unlock(&a);
	CHECK(cfs_repo_trylock(&b, CFS_LOCK_EXCLUSIVE));
	cfs_repo_unlock(&a);
	CHECK(!cfs_repo_trylock(&a, CFS_LOCK_SHARED));
}
