/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/register.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fake/mount.h"
#include "tests/test.h"

static struct cfs_varlink_registers registers;
static struct cfs_err err;

static uint64_t add(const struct cfs_varlink_register *shared, const char *path)
{
	struct cfs_varlink_place place = { .dev = 1, .ino = 2 };
	uint64_t id = 0;

	strcpy(place.path, path);
	CHECK_EQ(cfs_varlink_register_add(shared, &place, &id, &err), 0);
	return id;
}

/* Is @id that of @path? */
static bool knows(const struct cfs_varlink_register *shared, uint64_t id,
		  const char *path)
{
	struct cfs_varlink_place place;

	return cfs_varlink_register_find(shared, id, &place) &&
	       place.dev == 1 && place.ino == 2 &&
	       strcmp(place.path, path) == 0;
}

TEST(a_handle_is_known_until_it_is_removed)
{
	const struct cfs_varlink_register *shared =
		cfs_varlink_registers_of(&registers, 1000);

	CHECK(!knows(shared, 0, "/a"));
	CHECK(!knows(shared, 1, "/a"));
	CHECK_EQ(add(shared, "/a"), 1);
	CHECK_EQ(add(shared, "/b"), 2);
	CHECK(knows(shared, 1, "/a"));
	CHECK(knows(shared, 2, "/b"));
	CHECK(cfs_varlink_register_remove(shared, 1));
	CHECK(!cfs_varlink_register_remove(shared, 1));
	CHECK(!knows(shared, 1, "/a"));
	CHECK(knows(shared, 2, "/b"));
	CHECK_EQ(add(shared, "/a"), 3);
	cfs_varlink_registers_free(&registers);
}

TEST(each_user_has_a_register_and_sees_no_other)
{
	CHECK_EQ(add(cfs_varlink_registers_of(&registers, 1), "/a"), 1);
	CHECK(!knows(cfs_varlink_registers_of(&registers, 2), 1, "/a"));
	CHECK_EQ(add(cfs_varlink_registers_of(&registers, 2), "/b"), 1);
	CHECK(knows(cfs_varlink_registers_of(&registers, 1), 1, "/a"));
	CHECK(knows(cfs_varlink_registers_of(&registers, 2), 1, "/b"));
	cfs_varlink_registers_free(&registers);
}

TEST(the_oldest_handle_makes_room)
{
	const struct cfs_varlink_register *shared =
		cfs_varlink_registers_of(&registers, 1);
	uint64_t id = 0;

	for (unsigned i = 0; i <= CFS_VARLINK_REGISTER_MAX; i++)
		id = add(shared, i ? "/new" : "/old");
	CHECK_EQ(id, CFS_VARLINK_REGISTER_MAX + 1);
	CHECK(!knows(shared, 1, "/old"));
	CHECK(!cfs_varlink_register_remove(shared, 1));
	CHECK(knows(shared, 2, "/new"));
	CHECK(knows(shared, id, "/new"));
	CHECK(!knows(shared, id + 1, "/new"));
	CHECK(!knows(shared, UINT64_MAX, "/new"));
	cfs_varlink_registers_free(&registers);
}

TEST(the_register_of_the_oldest_user_makes_room)
{
	int before = fake_open_fds();

	for (uid_t uid = 0; uid <= CFS_VARLINK_USERS_MAX; uid++)
		CHECK_EQ(add(cfs_varlink_registers_of(&registers, uid), "/a"),
			 1);
	CHECK_EQ(fake_open_fds(), before + CFS_VARLINK_USERS_MAX);
	CHECK(knows(cfs_varlink_registers_of(&registers, 1), 1, "/a"));
	CHECK(!knows(cfs_varlink_registers_of(&registers, 0), 1, "/a"));
	cfs_varlink_registers_free(&registers);
	CHECK_EQ(fake_open_fds(), before);
}

/* A path that was there before is longer: it must not show. */
TEST(a_place_that_is_used_again_has_the_new_path)
{
	const struct cfs_varlink_register *shared =
		cfs_varlink_registers_of(&registers, 1);
	char path[PATH_MAX];
	uint64_t id;

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	id = add(shared, path);
	CHECK(knows(shared, id, path));
	for (unsigned i = 0; i < CFS_VARLINK_REGISTER_MAX; i++)
		id = add(shared, "/b");
	CHECK(knows(shared, id, "/b"));
	cfs_varlink_registers_free(&registers);
}

#define PROCESSES 4
#define EACH	  50

/* Several processes at once: no handle is given out twice. */
TEST(processes_share_a_register)
{
	const struct cfs_varlink_register *shared =
		cfs_varlink_registers_of(&registers, 1);
	int status;

	fflush(stdout);
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		for (int n = 0; pid == 0 && n < EACH; n++)
			(void)add(shared, "/a");
		if (pid == 0)
			_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		CHECK(wait(&status) > 0);
		CHECK_EQ(status, 0);
	}
	for (uint64_t id = 1; id <= PROCESSES * EACH; id++)
		CHECK(knows(shared, id, "/a"));
	CHECK_EQ(add(shared, "/b"), PROCESSES * EACH + 1);
	cfs_varlink_registers_free(&registers);
}
