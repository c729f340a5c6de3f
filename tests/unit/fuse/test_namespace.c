/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/namespace.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

/* The answer in a new user namespace, with or without users in it; -1: this
 * process may make none. */
static int answer_in_new_namespace(const char *map)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		FILE *f;

		if (unshare(CLONE_NEWUSER) < 0)
			_exit(2);
		f = map ? fopen("/proc/self/uid_map", "we") : NULL;
		if (map && (!f || fputs(map, f) < 0 || fclose(f) != 0))
			_exit(2);
		_exit(cfs_fuse_has_root());
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status) == 2 ? -1 : WEXITSTATUS(status);
}

TEST(a_user_namespace_has_no_root)
{
	char map[64];

	snprintf(map, sizeof(map), "0 %u 1", getuid());
	CHECK(answer_in_new_namespace(NULL) <= 0);
	CHECK(answer_in_new_namespace(map) <= 0);
	snprintf(map, sizeof(map), "%u %u 1", getuid(), getuid());
	CHECK(answer_in_new_namespace(map) <= 0);
}

TEST(the_first_one_has)
{
	char line[64] = { 0 };
	FILE *f = fopen("/proc/self/uid_map", "re");
	unsigned inside, outside, n;

	CHECK(f && fgets(line, sizeof(line), f));
	fclose(f);
	CHECK_EQ(sscanf(line, "%u %u %u", &inside, &outside, &n), 3);
	CHECK_EQ(cfs_fuse_has_root(),
		 inside == 0 && outside == 0 && n == UINT32_MAX);
}
