/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/io.h"

#include <fcntl.h>
#include <stdbool.h>

#include "tests/test.h"

static struct cfs_err err;

/* A fresh folder with a file, a FIFO, a folder and links. */
static int make_dir(void)
{
	char dir[4096];
	int fd, file;

	snprintf(dir, sizeof(dir), "%s/io-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	file = openat(fd, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	CHECK(file >= 0);
	CHECK_EQ(cfs_write_full(file, "0123456789", 10), 0);
	close(file);
	CHECK_EQ(mkfifoat(fd, "fifo", 0644), 0);
	CHECK_EQ(mkdirat(fd, "folder", 0755), 0);
	CHECK_EQ(symlinkat("../file", fd, "folder/back"), 0);
	CHECK_EQ(symlinkat("/etc/passwd", fd, "absolute"), 0);
	CHECK_EQ(symlinkat("../..", fd, "folder/out"), 0);
	return fd;
}

TEST(links_may_stay_inside_and_not_lead_out)
{
	CFS_AUTOFD int dir = make_dir();
	CFS_AUTOFD int fd = cfs_open_beneath(dir, "folder/back", O_RDONLY);

	CHECK(fd >= 0);
	CHECK_EQ(cfs_open_beneath(dir, "absolute", O_RDONLY), -EXDEV);
	CHECK_EQ(cfs_open_beneath(dir, "folder/out/x", O_RDONLY), -EXDEV);
	CHECK_EQ(cfs_open_beneath(dir, "../x", O_RDONLY), -EXDEV);
	CHECK_EQ(cfs_open_beneath(dir, "/etc", O_RDONLY), -EXDEV);
}

TEST(only_regular_files_are_opened_and_nothing_hangs)
{
	CFS_AUTOFD int dir = make_dir();
	struct stat st;
	CFS_AUTOFD int fd = cfs_open_regular(dir, "file", &st);

	CHECK(fd >= 0);
	CHECK_EQ(st.st_size, 10);
	CHECK_EQ(cfs_open_regular(dir, "fifo", NULL), -EINVAL);
	CHECK_EQ(cfs_open_regular(dir, "folder", NULL), -EISDIR);
	CHECK_EQ(cfs_open_regular(dir, "nothing", NULL), -ENOENT);
}

TEST(files_are_read_whole_or_refused)
{
	CFS_AUTOFD int dir = make_dir();
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	CHECK_EQ(cfs_read_file(dir, "file", 10, &buf, &err), 1);
	CHECK_EQ(buf.len, 10);
	CHECK_MEM(buf.data, "0123456789", 10);
	CHECK_EQ(cfs_read_file(dir, "file", 9, &buf, &err), -EFBIG);
	CHECK(strstr(err.msg, "file is longer than 9 bytes"));
	CHECK_EQ(cfs_read_file(dir, "nothing", 9, &buf, &err), 0);
	CHECK_EQ(cfs_read_file(dir, "fifo", 9, &buf, &err), -EINVAL);
	CHECK_EQ(cfs_read_file(dir, "absolute", 9, &buf, &err), -EXDEV);
}

TEST(reading_stops_at_the_end_of_file)
{
	CFS_AUTOFD int dir = make_dir();
	CFS_AUTOFD int fd = cfs_open_regular(dir, "file", NULL);
	char data[16];

	CHECK_EQ(cfs_read_full(fd, data, sizeof(data)), 10);
	CHECK_EQ(cfs_pread_full(fd, data, 4, 8), 2);
	CHECK_EQ(data[0], '8');
	CHECK_EQ(cfs_pread_full(fd, data, 4, 100), 0);
}

TEST(an_opened_inode_can_be_opened_again_without_its_name)
{
	CFS_AUTOFD int dir = make_dir();
	CFS_AUTOFD int look = cfs_open_beneath(dir, "file", O_PATH);
	CFS_AUTOFD int fd = -EBADF;
	char c;

	CHECK_EQ(unlinkat(dir, "file", 0), 0);
	fd = cfs_reopen(look, O_RDONLY);
	CHECK(fd >= 0);
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(c, '0');
	CHECK(cfs_reopen(-1, O_RDONLY) < 0);
}

TEST(a_dangling_name_exists_and_a_missing_one_does_not)
{
	CFS_AUTOFD int dir = make_dir();

	CHECK_EQ(symlinkat("nowhere", dir, "dangling"), 0);
	CHECK_EQ(cfs_name_exists(dir, "dangling"), 1);
	CHECK_EQ(cfs_name_exists(dir, "nothing"), 0);
	CHECK_EQ(cfs_name_exists(dir, "file/below"), 0);
}

TEST(a_new_name_never_replaces_one_that_is_there)
{
	CFS_AUTOFD int dir = make_dir();

	CHECK_EQ(cfs_rename_new(dir, "file", "folder"), -EEXIST);
	CHECK_EQ(cfs_rename_new(dir, "file", "other"), 0);
	CHECK_EQ(cfs_name_exists(dir, "file"), 0);
	CHECK_EQ(cfs_name_exists(dir, "other"), 1);
}

TEST(missing_directories_are_created_and_no_link_is_followed)
{
	CFS_AUTOFD int dir = make_dir();
	CFS_AUTOFD int made = cfs_make_dirs(dir, "a/b/c", 0700);
	CFS_AUTOFD int again = cfs_make_dirs(dir, "a/b/c", 0755);
	struct stat st, st2;

	CHECK(made >= 0);
	CHECK_EQ(fstat(made, &st), 0);
	CHECK(again >= 0);
	CHECK_EQ(fstatat(dir, "a/b/c", &st2, 0), 0);
	CHECK_EQ(st.st_ino, st2.st_ino);
	CHECK_EQ((st2.st_mode & 07777), 0700);
	CHECK_EQ(fstatat(dir, "a/b", &st2, 0), 0);
	CHECK_EQ((st2.st_mode & 07777), 0755);
	CHECK_EQ(cfs_make_dirs(dir, "file", 0755), -ENOTDIR);
	CHECK_EQ(cfs_make_dirs(dir, "fifo/x", 0755), -ENOTDIR);
	CHECK_EQ(cfs_make_dirs(dir, "../x", 0755), -EXDEV);
	CHECK_EQ(symlinkat("folder", dir, "inside"), 0);
	CHECK_EQ(symlinkat("nowhere", dir, "dangling"), 0);
	CHECK_EQ(cfs_make_dirs(dir, "inside", 0755), -ELOOP);
	CHECK_EQ(cfs_make_dirs(dir, "inside/x", 0755), -ELOOP);
	CHECK_EQ(cfs_make_dirs(dir, "dangling", 0755), -ELOOP);
	CHECK_EQ(cfs_name_exists(dir, "nowhere"), 0);
	CHECK_EQ(cfs_name_exists(dir, "folder/x"), 0);
}

static bool holds(int dir, const char *path, const char *text)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	return cfs_read_file(dir, path, 100, &buf, &err) == 1 &&
	       strcmp(cfs_buf_text(&buf), text) == 0;
}

/* @name stands for the file itself or for its temporary name. */
static void replace_over(int dir, const char *name)
{
	CHECK_EQ(mkfifoat(dir, name, 0644), 0);
	CHECK_EQ(cfs_replace_file(dir, "n/f", "fifo", 4), 0);
	CHECK(holds(dir, "n/f", "fifo"));
	(void)unlinkat(dir, name, 0);
	CHECK_EQ(symlinkat("../file", dir, name), 0);
	CHECK_EQ(cfs_replace_file(dir, "n/f", "link", 4), 0);
	CHECK(holds(dir, "n/f", "link") && holds(dir, "file", "0123456789"));
	(void)unlinkat(dir, name, 0);
	CHECK_EQ(mkdirat(dir, name, 0755), 0);
	CHECK_EQ(cfs_replace_file(dir, "n/f", "new", 3), -EISDIR);
	CHECK_EQ(unlinkat(dir, name, AT_REMOVEDIR), 0);
}

TEST(a_file_is_replaced_whole_whatever_is_in_its_place)
{
	CFS_AUTOFD int dir = make_dir();
	struct stat st;

	CHECK_EQ(cfs_replace_file(dir, "n/f", "one", 3), 0);
	CHECK_EQ(cfs_replace_file(dir, "n/f", "two", 3), 0);
	CHECK(holds(dir, "n/f", "two"));
	CHECK_EQ(fstatat(dir, "n/f", &st, 0), 0);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(unlinkat(dir, "n/f", 0), 0);
	replace_over(dir, "n/f");
	replace_over(dir, "n/.f.new");
	CHECK_EQ(cfs_name_exists(dir, "n/.f.new"), 0);
	CHECK_EQ(cfs_replace_file(dir, "file/f", "x", 1), -ENOTDIR);
}
