/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/files.h"

#include "tests/tarball.h"
#include "tests/unit/oci/origin/layout.h"

static bool reads(const struct cfs_files *files, const char *name,
		  const char *content)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	CHECK_EQ(cfs_files_read(files, name, 100, &buf, &err), 1);
	return buf.len == strlen(content) &&
	       memcmp(buf.data, content, buf.len) == 0;
}

static int get(const struct cfs_files *files, const char *name)
{
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;

	return cfs_files_get(files, name, &blob, &err);
}

TEST(files_of_a_directory_are_opened_beneath_it)
{
	CFS_AUTOFILES struct cfs_files files = CFS_FILES_INIT;
	char *dir = new_dir("beneath");

	put_file(text("%s/beneath.txt", getenv("TMPDIR")), "outside");
	put_file(text("%s/file", dir), "inside");
	CHECK_EQ(mkdir(text("%s/sub", dir), 0755), 0);
	CHECK_EQ(symlink("file", text("%s/link", dir)), 0);
	CHECK_EQ(symlink("../beneath.txt", text("%s/out", dir)), 0);
	CHECK_EQ(symlink("/etc/passwd", text("%s/abs", dir)), 0);
	CHECK_EQ(symlink("..", text("%s/up", dir)), 0);
	CHECK_EQ(symlink("nowhere", text("%s/dangling", dir)), 0);
	CHECK_EQ(mkfifo(text("%s/fifo", dir), 0644), 0);
	CHECK_EQ(cfs_files_open_dir(dir, &files, &err), 0);
	CHECK(reads(&files, "file", "inside"));
	CHECK(reads(&files, "link", "inside"));
	CHECK_EQ(get(&files, "none"), 0);
	CHECK_EQ(get(&files, "dangling"), 0);
	CHECK_EQ(get(&files, "out"), -EXDEV);
	CHECK(said("leads out of"));
	CHECK_EQ(get(&files, "abs"), -EXDEV);
	CHECK_EQ(get(&files, "up/beneath.txt"), -EXDEV);
	CHECK_EQ(get(&files, "fifo"), -EINVAL);
	CHECK(said("not a regular file"));
	CHECK_EQ(get(&files, "sub"), -EINVAL);
}

TEST(files_of_an_archive_are_ranges_of_it)
{
	CFS_AUTOFILES struct cfs_files files = CFS_FILES_INIT;
	char *path = text("%s/ranges.tar", getenv("TMPDIR"));
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	tar_file(&tar, "index.json", "one");
	tar_file(&tar, "blobs/a", "two");
	tar_link(&tar, '2', "blobs/b", "a");
	tar_dir(&tar, "blobs/c", 0755);
	CHECK_EQ(cfs_write_full(fd, tar.data, tar.len), 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(cfs_files_open_archive(path, &files, &err), 0);
	CHECK(reads(&files, "index.json", "one"));
	CHECK(reads(&files, "blobs/a", "two"));
	CHECK(reads(&files, "blobs/a", "two"));
	CHECK_EQ(get(&files, "oci-layout"), 0);
	CHECK_EQ(get(&files, "blobs/b"), -EINVAL);
	CHECK(said("not a regular file"));
	CHECK_EQ(get(&files, "blobs/c"), -EINVAL);
	/* What is gone by the time it is read is no end of the file. */
	CHECK_EQ(truncate(path, 512 + 1), 0);
	CHECK_EQ(cfs_files_read(&files, "blobs/a", 100, &tar, &err), -EIO);
	CHECK(said("became shorter"));
}

TEST(long_files_are_not_read)
{
	CFS_AUTOFILES struct cfs_files files = CFS_FILES_INIT;
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	char *dir = new_dir("long");

	put_file(text("%s/file", dir), "0123456789");
	CHECK_EQ(cfs_files_open_dir(dir, &files, &err), 0);
	CHECK_EQ(cfs_files_read(&files, "file", 10, &buf, &err), 1);
	CHECK_EQ(cfs_files_read(&files, "file", 9, &buf, &err), -EFBIG);
	CHECK(said("the maximum is 9"));
	CHECK_EQ(buf.len, 10);
}

TEST(what_is_no_directory_or_archive_is_refused)
{
	struct cfs_files files = CFS_FILES_INIT;
	char *dir = new_dir("none");
	char *file = text("%s/file", dir), *fifo = text("%s/fifo", dir);

	put_file(file, "");
	CHECK_EQ(mkfifo(fifo, 0644), 0);
	CHECK_EQ(cfs_files_open_dir(file, &files, &err), -ENOTDIR);
	CHECK_EQ(cfs_files_open_dir(text("%s/x", dir), &files, &err), -ENOENT);
	CHECK_EQ(cfs_files_open_archive(dir, &files, &err), -EISDIR);
	CHECK(said("write oci:"));
	CHECK_EQ(cfs_files_open_archive(fifo, &files, &err), -EINVAL);
	CHECK(said("save it in a file first"));
	CHECK_EQ(cfs_files_open_archive(file, &files, &err), -EINVAL);
	CHECK(said("the archive is empty") && files.fd < 0);
}
