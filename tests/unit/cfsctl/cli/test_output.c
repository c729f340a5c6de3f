/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/output.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "tests/test.h"

static struct cfs_err err;
static char dir[4200];

/* A fresh directory, which is the current one. */
static void enter(const char *name)
{
	snprintf(dir, sizeof(dir), "%s/%s", getenv("TMPDIR"), name);
	CHECK_EQ(mkdir(dir, 0700), 0);
	CHECK_EQ(chdir(dir), 0);
	(void)umask(022);
}

static int put(struct cfs_output *out, const char *text)
{
	return cmd_output_write(out, text, strlen(text), &err);
}

static int write_out(const char *path, const char *text)
{
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;

	if (cmd_output_open(path, &out, &err) < 0 || put(&out, text) < 0)
		return -err.code;
	return cmd_output_commit(&out, &err);
}

static bool holds(const char *path, const char *text)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	return cfs_read_file(AT_FDCWD, path, 4096, &buf, &err) == 1 &&
	       buf.len == strlen(text) && memcmp(buf.data, text, buf.len) == 0;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

/* Entries of the current directory. */
static int entries(void)
{
	CFS_AUTODIR DIR *d = opendir(".");
	int n = -2; /* . and .. */

	while (d && readdir(d))
		n++;
	return n;
}

TEST(a_file_has_its_name_once_it_is_complete)
{
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;

	enter("complete");
	CHECK_EQ(cmd_output_open("image", &out, &err), 0);
	CHECK_EQ(put(&out, "one "), 0);
	CHECK(access("image", F_OK) < 0);
	CHECK_EQ(put(&out, "two"), 0);
	CHECK_EQ(cmd_output_commit(&out, &err), 0);
	CHECK(holds("image", "one two"));
	CHECK_EQ(entries(), 1);
}

TEST(what_is_not_committed_leaves_nothing)
{
	struct cfs_output out = CFS_OUTPUT_INIT;

	enter("dropped");
	CHECK_EQ(cmd_output_open("image", &out, &err), 0);
	CHECK_EQ(put(&out, "text"), 0);
	cmd_output_close(&out);
	CHECK_EQ(entries(), 0);
	cmd_output_close(&out);
}

TEST(a_file_that_is_there_is_replaced_and_keeps_its_mode)
{
	enter("replaced");
	CHECK_EQ(write_out("image", "old and long"), 0);
	CHECK_EQ(mode_of("image"), 0644);
	CHECK_EQ(chmod("image", 0751), 0);
	CHECK_EQ(link("image", "other"), 0);
	CHECK_EQ(write_out("image", "new"), 0);
	CHECK(holds("image", "new"));
	CHECK_EQ(mode_of("image"), 0751);
	CHECK(holds("other", "old and long"));
}

TEST(a_new_file_has_the_mode_that_the_umask_leaves)
{
	enter("mode");
	(void)umask(0027);
	CHECK_EQ(write_out("image", "x"), 0);
	CHECK_EQ(mode_of("image"), 0640);
	CHECK_EQ(umask(0), 0027);
	CHECK_EQ(write_out("other", "x"), 0);
	CHECK_EQ(mode_of("other"), 0666);
}

TEST(a_symbolic_link_is_followed_and_stays)
{
	struct stat st;

	enter("links");
	CHECK_EQ(mkdir("sub", 0700), 0);
	CHECK_EQ(write_out("sub/image", "old"), 0);
	CHECK_EQ(symlink("sub/image", "link"), 0);
	CHECK_EQ(write_out("link", "new"), 0);
	CHECK_EQ(lstat("link", &st), 0);
	CHECK(S_ISLNK(st.st_mode));
	CHECK(holds("sub/image", "new"));
}

TEST(a_pipe_is_written_to_directly)
{
	CFS_AUTOFD int fd = -EBADF;
	char text[8] = { 0 };

	enter("pipe");
	CHECK_EQ(mkfifo("pipe", 0600), 0);
	fd = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(write_out("pipe", "text"), 0);
	CHECK_EQ(cfs_read_full(fd, text, 4), 4);
	CHECK_STR(text, "text");
	CHECK_EQ(entries(), 1);
}

TEST(a_file_without_a_name_is_written_to_directly)
{
	CFS_AUTOFD int fd = -EBADF;
	char path[64];

	enter("nameless");
	fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return; /* the file system has none */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_EQ(write_out(path, "text"), 0);
	CHECK(holds(path, "text"));
}

TEST(a_place_that_cannot_be_written_to_is_an_error)
{
	enter("refused");
	CHECK_EQ(write_out("nowhere/image", "x"), -ENOENT);
	CHECK_EQ(write_out("image/", "x"), -EISDIR);
	CHECK_EQ(write_out("", "x"), -ENOENT);
	CHECK_EQ(write_out(".", "x"), -EISDIR);
	CHECK_EQ(write_out("/dev/full", "x"), -ENOSPC);
	CHECK_STR(err.msg, "No space left on device");
	CHECK_EQ(entries(), 0);
}

static int write_file(const char *path, bool replace, const char *meanwhile)
{
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;

	if (cmd_output_open_file(path, replace ? CFS_OUTPUT_REPLACE : 0, &out,
				 &err) < 0 ||
	    put(&out, "new") < 0)
		return -err.code;
	if (meanwhile)
		CHECK_EQ(write_out(path, meanwhile), 0);
	return cmd_output_commit(&out, &err);
}

TEST(a_file_is_replaced_only_when_that_is_wanted)
{
	enter("wanted");
	CHECK_EQ(write_file("new", false, NULL), 0);
	CHECK(holds("new", "new"));
	CHECK_EQ(mode_of("new"), 0644);
	CHECK_EQ(write_out("old", "old"), 0);
	CHECK_EQ(chmod("old", 0600), 0);
	CHECK_EQ(write_file("old", false, NULL), -EEXIST);
	CHECK(strstr(err.msg, "--force") && holds("old", "old"));
	CHECK_EQ(write_file("old", true, NULL), 0);
	CHECK(holds("old", "new"));
	CHECK_EQ(mode_of("old"), 0600);
	CHECK_EQ(write_file("race", false, "first"), -EEXIST);
	CHECK(holds("race", "first"));
	CHECK_EQ(write_file("race.too", true, "first"), 0);
	CHECK(holds("race.too", "new"));
	CHECK_EQ(entries(), 4);
}

TEST(what_is_no_file_is_never_written_to)
{
	enter("no-files");
	CHECK_EQ(mkfifo("fifo", 0644), 0);
	CHECK_EQ(mkdir("dir", 0755), 0);
	CHECK_EQ(symlink("missing", "dangling"), 0);
	CHECK_EQ(write_out("file", "old"), 0);
	CHECK_EQ(symlink("file", "link"), 0);
	for (int replace = 0; replace < 2; replace++) {
		CHECK_EQ(write_file("fifo", replace, NULL), -EEXIST);
		CHECK_EQ(write_file("dir", replace, NULL), -EEXIST);
		CHECK_EQ(write_file("/dev/null", replace, NULL), -EEXIST);
		CHECK_EQ(write_file("dangling", replace, NULL), -EEXIST);
		CHECK_EQ(write_file("new/", replace, NULL), -EISDIR);
		CHECK_EQ(write_file("", replace, NULL), -EISDIR);
		CHECK_EQ(write_file("none/new", replace, NULL), -ENOENT);
		CHECK_EQ(write_file("file/new", replace, NULL), -ENOTDIR);
	}
	CHECK_EQ(write_file("link", true, NULL), 0);
	CHECK(holds("file", "new") && holds("link", "new"));
	CHECK_EQ(entries(), 5);
}
