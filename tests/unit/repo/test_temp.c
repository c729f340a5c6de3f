/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/temp.h"

#include "tests/unit/repo/repo.h"

static struct cfs_err err;

/* Each behaviour holds with and without names. */
static void both(void (*test)(int fd, const char *dir, bool unnamed))
{
	for (int unnamed = 0; unnamed < 2; unnamed++) {
		const char *dir = fresh_dir();
		CFS_AUTOFD int fd = open_dir(dir);

		if (!unnamed || cfs_temp_unnamed_work(fd))
			test(fd, dir, unnamed);
		CHECK(count(dir, ".", CFS_TEMP_PREFIX) == 0);
	}
}

static void publish(int fd, const char *dir, bool unnamed)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	struct stat st;

	CHECK(cfs_temp_open(fd, unnamed, &temp, &err) == 0);
	CHECK(!unnamed == !!temp.name[0]);
	CHECK(write(temp.fd, "x", 1) == 1);
	CHECK(!holds(dir, "name", "x"));
	CHECK(cfs_temp_publish(&temp, fd, "name", &err) == 1);
	CHECK(holds(dir, "name", "x"));
	CHECK(fstatat(fd, "name", &st, 0) == 0 && st.st_nlink == 1);
	CHECK((st.st_mode & 07133) == 0);
}

TEST(a_file_appears_complete)
{
	both(publish);
}

static void taken(int fd, const char *dir, bool unnamed)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;

	put(dir, "name", "old");
	CHECK(cfs_temp_open(fd, unnamed, &temp, &err) == 0);
	CHECK(write(temp.fd, "new", 3) == 3);
	CHECK(cfs_temp_publish(&temp, fd, "name", &err) == 0);
	CHECK(holds(dir, "name", "old"));
	CHECK(cfs_temp_replace(&temp, fd, "name", &err) == 0);
	CHECK(holds(dir, "name", "new"));
}

TEST(a_taken_name_is_an_answer_and_can_be_replaced)
{
	both(taken);
}

static void dropped(int fd, const char *dir, bool unnamed)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;

	(void)dir;
	CHECK(cfs_temp_open(fd, unnamed, &temp, &err) == 0);
	cfs_temp_close(&temp);
	cfs_temp_close(&temp);
}

TEST(a_file_that_is_given_up_leaves_nothing)
{
	both(dropped);
}

static void sealed(int fd, const char *dir, bool unnamed)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;

	CHECK(cfs_temp_open(fd, unnamed, &temp, &err) == 0);
	CHECK(write(temp.fd, "x", 1) == 1);
	CHECK(cfs_temp_seal(&temp, &err) == 0);
	CHECK((fcntl(temp.fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	CHECK(cfs_temp_publish(&temp, fd, "name", &err) == 1);
	CHECK(holds(dir, "name", "x"));
}

TEST(a_sealed_file_has_no_writer_and_keeps_its_content)
{
	both(sealed);
}

TEST(symbolic_links_are_replaced_at_once)
{
	const char *dir = fresh_dir();
	CFS_AUTOFD int fd = open_dir(dir);

	make_dir(dir, "d");
	CHECK(cfs_temp_symlink("one", fd, "d/link", &err) == 0);
	CHECK(is_link(dir, "d/link", "one"));
	CHECK(cfs_temp_symlink("two", fd, "d/link", &err) == 0);
	CHECK(is_link(dir, "d/link", "two"));
	make_dir(dir, "d/dir");
	CHECK(cfs_temp_symlink("x", fd, "d/dir", &err) == -EISDIR);
	CHECK(cfs_temp_symlink("x", fd, "absent/link", &err) == -ENOENT);
	CHECK(count(dir, "d", CFS_TEMP_PREFIX) == 0);
}

TEST(only_temporary_files_are_swept)
{
	const char *dir = fresh_dir();
	CFS_AUTOFD int fd = open_dir(dir);

	put(dir, ".tmp-0123456789abcdef", "");
	make_link(dir, ".tmp-1", "x");
	put(dir, ".tmpx", "");
	put(dir, "name", "");
	cfs_temp_sweep(fd);
	CHECK(count(dir, ".", ".tmp-") == 0);
	CHECK(count(dir, ".", "") == 2);
}

TEST(a_directory_that_cannot_hold_files_says_so)
{
	CFS_AUTOFD int fd = open_dir("/proc/self");
	struct cfs_temp temp = CFS_TEMP_INIT;

	CHECK(!cfs_temp_unnamed_work(fd));
	CHECK(cfs_temp_open(fd, false, &temp, &err) < 0);
	CHECK(temp.fd < 0);
}
