/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/tmpdir.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/io.h"
#include "tests/test.h"

static struct cfs_err err;

/* How many directories of the name "tmpdir" there are in $TMPDIR. */
static int count(void)
{
	DIR *dir = opendir(getenv("TMPDIR"));
	const struct dirent *entry;
	int n = 0;

	CHECK(dir);
	while ((entry = readdir(dir)))
		n += strncmp(entry->d_name, "tmpdir-", 7) == 0;
	(void)closedir(dir);
	return n;
}

static void fill(const struct cfs_tmpdir *s)
{
	CHECK_EQ(cfs_replace_file(s->fd, "file", "text", 4), 0);
	CHECK_EQ(mkdirat(s->fd, "dir", 0700), 0);
	CHECK_EQ(cfs_replace_file(s->fd, "dir/file", "text", 4), 0);
}

static void make(struct cfs_tmpdir *s)
{
	CHECK_EQ(cfs_tmpdir_make(s, "/nowhere", "tmpdir", &err), 0);
	fill(s);
}

TEST(it_is_this_users_and_goes_with_its_contents)
{
	CFS_AUTOTMPDIR struct cfs_tmpdir s = CFS_TMPDIR_INIT;
	struct stat st;

	make(&s);
	CHECK_EQ(stat(s.path, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0700);
	CHECK_EQ(count(), 1);
	CHECK_EQ(cfs_tmpdir_remove(&s, &err), 0);
	CHECK_EQ(count(), 0);
	CHECK_EQ(cfs_tmpdir_remove(&s, &err), 0);
}

TEST(two_are_two)
{
	CFS_AUTOTMPDIR struct cfs_tmpdir a = CFS_TMPDIR_INIT;
	CFS_AUTOTMPDIR struct cfs_tmpdir b = CFS_TMPDIR_INIT;

	make(&a);
	make(&b);
	CHECK_EQ(cfs_tmpdir_remove(&a, &err), 0);
	CHECK_EQ(count(), 1);
}

TEST(it_goes_with_a_process_that_is_killed)
{
	const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
	pid_t pid = fork();

	if (pid == 0) {
		struct cfs_tmpdir s = CFS_TMPDIR_INIT;

		make(&s);
		_exit(count() == 1 ? kill(getpid(), SIGKILL) : 1);
	}
	CHECK_EQ(waitpid(pid, &(int){ 0 }, 0), pid);
	/* Patience for a shell that many others keep waiting. */
	for (int i = 0; i < 10000 && count() > 0; i++)
		(void)nanosleep(&moment, NULL);
	CHECK_EQ(count(), 0);
}

TEST(without_a_shell_it_is_made_and_removed)
{
	CFS_AUTOTMPDIR struct cfs_tmpdir s = CFS_TMPDIR_INIT;
	CFS_AUTOFREE char *path = strdup(getenv("PATH"));

	CHECK_EQ(setenv("PATH", "/nowhere", 1), 0);
	make(&s);
	CHECK_EQ(setenv("PATH", path, 1), 0);
	CHECK_EQ(s.alive, -EBADF);
	CHECK_EQ(cfs_tmpdir_remove(&s, &err), 0);
	CHECK_EQ(count(), 0);
}

TEST(where_it_goes)
{
	CFS_AUTOTMPDIR struct cfs_tmpdir s = CFS_TMPDIR_INIT;
	CFS_AUTOFREE char *top = strdup(getenv("TMPDIR"));
	int made;

	CHECK_EQ(setenv("TMPDIR", "", 1), 0);
	CHECK_EQ(cfs_tmpdir_make(&s, "/nowhere", "tmpdir", &err), -ENOENT);
	CHECK(strstr(err.msg, "open directory /nowhere"));
	made = cfs_tmpdir_make(&s, top, "tmpdir", &err);
	CHECK_EQ(setenv("TMPDIR", top, 1), 0);
	CHECK_EQ(made, 0);
	CHECK_EQ(strncmp(s.path, top, strlen(top)), 0);
}

TEST(what_cannot_be_removed_is_named)
{
	CFS_AUTOTMPDIR struct cfs_tmpdir s = CFS_TMPDIR_INIT;

	make(&s);
	cfs_closep(&s.top);
	CHECK(cfs_tmpdir_remove(&s, &err) < 0);
	CHECK(strstr(err.msg, "remove ") && strstr(err.msg, "/tmpdir-"));
	CHECK_EQ(s.path, NULL);
	/* The shell has done it. */
	CHECK_EQ(count(), 0);
}
