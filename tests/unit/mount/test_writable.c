/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/writable.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/fake/mount.h"
#include "tests/test.h"

/* What the process in new namespaces ends with instead of an answer. */
#define NO_NAMESPACES 10
#define FAILED	      11

static char dir[4096];

static const char *in_dir(const char *name)
{
	static char path[2][4200];
	static unsigned n;

	n = !n;
	snprintf(path[n], sizeof(path[n]), "%s%s", dir, name);
	return path[n];
}

static void set_up(void)
{
	CHECK(realpath(getenv("TMPDIR"), dir) && strlen(dir) < 4000);
	(void)mkdir(in_dir("/mnt"), 0755);
	(void)mkdir(in_dir("/mnt/below"), 0755);
	(void)mkdir(in_dir("/beside"), 0755);
	fake_mount_reset();
}

static bool map_root(unsigned uid)
{
	FILE *f = fopen("/proc/self/uid_map", "we");

	return f && fprintf(f, "0 %u 1", uid) > 0 && fclose(f) == 0;
}

/* Mounts the directory "mnt" on itself. */
static bool mount_it(unsigned long flags)
{
	const char *mnt = in_dir("/mnt");

	return mount(mnt, mnt, NULL, MS_BIND, NULL) == 0 &&
	       mount(NULL, mnt, NULL, MS_REMOUNT | MS_BIND | flags, NULL) == 0;
}

/* What cfs_mount_make_writable() makes of @path, where "mnt" is mounted with
 * @flags: its answer, and 2 if the read-only flag was taken away from it; -1:
 * this process may make no namespaces. */
static int answer(const char *path, unsigned long flags)
{
	unsigned uid = getuid();
	int status;
	pid_t pid;

	set_up();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct cfs_err err;
		int r;

		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || !map_root(uid))
			_exit(NO_NAMESPACES);
		if (!mount_it(flags))
			_exit(NO_NAMESPACES);
		r = cfs_mount_make_writable(in_dir(path), in_dir("/mnt"), &err);
		if (r < 0)
			_exit(FAILED);
		_exit(r + 2 * fake_called("mount_setattr * clear=RDONLY *"));
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status) == NO_NAMESPACES ? -1 : WEXITSTATUS(status);
}

static bool answers(const char *path, unsigned long flags, int want)
{
	int got = answer(path, flags);

	return got == -1 || got == want;
}

TEST(a_read_only_mount_is_made_writable)
{
	CHECK(answers("/mnt", MS_RDONLY, 3));
	CHECK(answers("/mnt/below", MS_RDONLY, 3));
}

TEST(a_mount_that_is_writable_is_left_alone)
{
	CHECK(answers("/mnt/below", 0, 0));
}

TEST(another_mount_is_left_alone)
{
	CHECK(answers("/beside", MS_RDONLY, 0));
}

TEST(a_directory_that_is_missing_is_no_error)
{
	CHECK(answers("/mnt/none", MS_RDONLY, 0));
	CHECK(answers("/none/none", MS_RDONLY, 0));
}

TEST(a_directory_that_is_no_mount_is_left_alone)
{
	struct cfs_err err;

	set_up();
	CHECK_EQ(cfs_mount_make_writable(in_dir("/mnt/below"), in_dir("/mnt"),
					 &err),
		 0);
	CHECK_STR(fake_calls(), "");
}
