/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/temp.h"

#include "tests/unit/repo/repo.h"

static struct cfs_err err;

/* Each behaviour holds with and without names. */
static void both(void (*test)(int fd, const char *dir, enum cfs_temp_kind kind))
{
	for (enum cfs_temp_kind kind = CFS_TEMP_NAMED; kind <= CFS_TEMP_UNNAMED;
	     kind++) {
		const char *dir = fresh_dir();
		CFS_AUTOFD int fd = open_dir(dir);

		if (kind <= cfs_temp_best_kind(fd))
			test(fd, dir, kind);
		CHECK_EQ(count(dir, ".", CFS_TEMP_PREFIX), 0);
	}
}

static void publish(int fd, const char *dir, enum cfs_temp_kind kind)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	struct stat st;

	CHECK_EQ(cfs_temp_open(fd, kind, &temp, &err), 0);
	CHECK_EQ((kind == CFS_TEMP_NAMED), !!temp.name[0]);
	CHECK_EQ(write(temp.fd, "x", 1), 1);
	CHECK(!holds(dir, "name", "x"));
	CHECK_EQ(cfs_temp_publish(&temp, fd, "name", &err), 1);
	CHECK(holds(dir, "name", "x"));
	CHECK_EQ(fstatat(fd, "name", &st, 0), 0);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ((st.st_mode & 07133), 0);
}

TEST(a_file_appears_complete)
{
	both(publish);
}

static void taken(int fd, const char *dir, enum cfs_temp_kind kind)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;

	put(dir, "name", "old");
	CHECK_EQ(cfs_temp_open(fd, kind, &temp, &err), 0);
	CHECK_EQ(write(temp.fd, "new", 3), 3);
	CHECK_EQ(cfs_temp_publish(&temp, fd, "name", &err), 0);
	CHECK(holds(dir, "name", "old"));
	CHECK_EQ(cfs_temp_replace(&temp, fd, "name", &err), 0);
	CHECK(holds(dir, "name", "new"));
}

TEST(a_taken_name_is_an_answer_and_can_be_replaced)
{
	both(taken);
}

static void dropped(int fd, const char *dir, enum cfs_temp_kind kind)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;

	(void)dir;
	CHECK_EQ(cfs_temp_open(fd, kind, &temp, &err), 0);
	cfs_temp_close(&temp);
	cfs_temp_close(&temp);
}

TEST(a_file_that_is_given_up_leaves_nothing)
{
	both(dropped);
}

static void sealed(int fd, const char *dir, enum cfs_temp_kind kind)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;

	CHECK_EQ(cfs_temp_open(fd, kind, &temp, &err), 0);
	CHECK_EQ(write(temp.fd, "x", 1), 1);
	CHECK_EQ(cfs_temp_seal(&temp, &err), 0);
	CHECK_EQ((fcntl(temp.fd, F_GETFL) & O_ACCMODE), O_RDONLY);
	CHECK_EQ(cfs_temp_publish(&temp, fd, "name", &err), 1);
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
	CHECK_EQ(cfs_temp_symlink("one", fd, "d/link", &err), 0);
	CHECK(is_link(dir, "d/link", "one"));
	CHECK_EQ(cfs_temp_symlink("two", fd, "d/link", &err), 0);
	CHECK(is_link(dir, "d/link", "two"));
	make_dir(dir, "d/dir");
	CHECK_EQ(cfs_temp_symlink("x", fd, "d/dir", &err), -EISDIR);
	CHECK_EQ(cfs_temp_symlink("x", fd, "absent/link", &err), -ENOENT);
	CHECK_EQ(count(dir, "d", CFS_TEMP_PREFIX), 0);
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
	CHECK_EQ(count(dir, ".", ".tmp-"), 0);
	CHECK_EQ(count(dir, ".", ""), 2);
}

#define KNOWN(n) ".image.cfsctl-tmp-" #n

static void write_for(int fd, const char *dir, enum cfs_temp_kind kind)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;

	put(dir, "image", "old");
	CHECK_EQ(cfs_temp_open_for(fd, "image", kind, &temp, &err), 0);
	CHECK_EQ((kind == CFS_TEMP_NAMED), !!temp.name[0]);
	CHECK(kind == CFS_TEMP_UNNAMED || holds(dir, KNOWN(0), ""));
	CHECK_EQ(write(temp.fd, "new", 3), 3);
	CHECK_EQ(cfs_temp_replace(&temp, fd, "image", &err), 0);
	CHECK(holds(dir, "image", "new"));
	CHECK_EQ(count(dir, ".", ""), 1);
}

TEST(a_file_for_a_target_has_a_name_made_of_that)
{
	both(write_for);
}

/* Files that begin with ".image". */
static int left(const char *dir)
{
	CFS_AUTODIR DIR *d = opendir(dir);
	struct dirent *entry;
	int n = 0;

	CHECK(d);
	while ((entry = readdir(d)))
		n += strncmp(entry->d_name, ".image", 6) == 0;
	return n;
}

static void after_a_kill(int fd, const char *dir, enum cfs_temp_kind kind)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;

	put(dir, KNOWN(0), "left");
	put(dir, KNOWN(1), "left");
	put(dir, ".other.cfsctl-tmp-0", "another's");
	CHECK_EQ(cfs_temp_open_for(fd, "image", kind, &temp, &err), 0);
	CHECK_EQ(left(dir), (kind == CFS_TEMP_NAMED));
	CHECK_EQ(cfs_temp_replace(&temp, fd, "image", &err), 0);
	CHECK_EQ(left(dir), 0);
	CHECK(holds(dir, "image", ""));
	CHECK(holds(dir, ".other.cfsctl-tmp-0", "another's"));
}

TEST(what_a_killed_program_left_is_removed_by_the_next)
{
	both(after_a_kill);
}

/* Two at once: each has a name, and neither takes the other's for stale. */
static void at_once(int fd, const char *dir, enum cfs_temp_kind kind)
{
	CFS_AUTOTEMP struct cfs_temp one = CFS_TEMP_INIT, two = CFS_TEMP_INIT;

	CHECK_EQ(cfs_temp_open_for(fd, "image", CFS_TEMP_NAMED, &one, &err), 0);
	CHECK_EQ(write(one.fd, "1", 1), 1);
	CHECK_EQ(cfs_temp_open_for(fd, "image", kind, &two, &err), 0);
	CHECK_EQ(write(two.fd, "2", 1), 1);
	CHECK_STR(one.name, KNOWN(0));
	CHECK(kind == CFS_TEMP_UNNAMED || strcmp(two.name, KNOWN(1)) == 0);
	CHECK_EQ(cfs_temp_replace(&two, fd, "image", &err), 0);
	CHECK(holds(dir, "image", "2"));
	CHECK_EQ(cfs_temp_replace(&one, fd, "image", &err), 0);
	CHECK(holds(dir, "image", "1"));
	CHECK_EQ(left(dir), 0);
}

TEST(programs_that_write_to_one_target_do_not_meet)
{
	both(at_once);
}

TEST(what_is_no_file_of_ours_is_left_alone)
{
	const char *dir = fresh_dir();
	CFS_AUTOFREE char *fifo = below(dir, KNOWN(0));
	CFS_AUTOFD int fd = open_dir(dir);
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;

	CHECK_EQ(mkfifo(fifo, 0644), 0);
	make_link(dir, KNOWN(1), "/etc/passwd");
	make_dir(dir, KNOWN(2));
	CHECK_EQ(cfs_temp_open_for(fd, "image", CFS_TEMP_NAMED, &temp, &err),
		 0);
	CHECK_STR(temp.name, KNOWN(3));
	CHECK_EQ(left(dir), 4);
	cfs_temp_close(&temp);
	CHECK_EQ(left(dir), 3);
}

TEST(when_all_known_names_are_taken_others_are_found)
{
	const char *dir = fresh_dir();
	CFS_AUTOFD int fd = open_dir(dir);
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;

	for (int i = 0; i < 8; i++) {
		char name[64];

		snprintf(name, sizeof(name), ".image.cfsctl-tmp-%d", i);
		make_dir(dir, name);
	}
	CHECK_EQ(cfs_temp_open_for(fd, "image", CFS_TEMP_NAMED, &temp, &err),
		 0);
	CHECK_EQ(strncmp(temp.name, CFS_TEMP_PREFIX, 5), 0);
}

TEST(a_target_may_have_the_longest_name)
{
	const char *dir = fresh_dir();
	CFS_AUTOFD int fd = open_dir(dir);
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	char name[256] = { 0 };

	memset(name, 'n', 255);
	CHECK_EQ(cfs_temp_open_for(fd, name, CFS_TEMP_NAMED, &temp, &err), 0);
	CHECK_EQ(cfs_temp_replace(&temp, fd, name, &err), 0);
	CHECK(holds(dir, name, ""));
}

TEST(a_directory_that_cannot_hold_files_says_so)
{
	CFS_AUTOFD int fd = open_dir("/proc/self");
	struct cfs_temp temp = CFS_TEMP_INIT;

	CHECK_EQ(cfs_temp_best_kind(fd), CFS_TEMP_NAMED);
	CHECK(cfs_temp_open(fd, CFS_TEMP_NAMED, &temp, &err) < 0);
	CHECK(temp.fd < 0);
}
