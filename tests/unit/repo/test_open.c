/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/open.h"

#include "tests/unit/repo/repo.h"

static struct cfs_err err;

TEST(a_missing_directory_is_an_answer)
{
	struct cfs_repo repo = CFS_REPO_INIT;

	CHECK_EQ(cfs_repo_open(AT_FDCWD, "/nonexistent/repo", &repo, &err), 0);
	CHECK_EQ(repo.fd, -EBADF);
}

TEST(a_repository_is_opened_with_its_metadata)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const char *dir = fresh_dir();

	put(dir, "meta.json", SHA256_META);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, &repo, &err), 1);
	CHECK(repo.has_meta);
	CHECK_EQ(repo.meta.alg, CFS_ALG_SHA256);
	CHECK(fcntl(repo.fd, F_GETFD) & FD_CLOEXEC);
	cfs_repo_close(&repo);
	cfs_repo_close(&repo);
}

TEST(objects_alone_are_an_old_repository)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const char *dir = fresh_dir();

	make_dir(dir, "objects");
	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, &repo, &err), 1);
	CHECK(!repo.has_meta);
}

TEST(any_other_directory_is_refused)
{
	struct cfs_repo repo = CFS_REPO_INIT;
	const char *dir = fresh_dir();

	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, &repo, &err), -ENOENT);
	CHECK(strstr(err.msg, "must be initialized"));
	put(dir, "file", "");
	CHECK_EQ(cfs_repo_open(AT_FDCWD, "/dev/null", &repo, &err), -ENOTDIR);
	CHECK_EQ(repo.fd, -EBADF);
}

TEST(malformed_metadata_is_refused_with_its_place)
{
	struct cfs_repo repo = CFS_REPO_INIT;
	const char *dir = fresh_dir();

	put(dir, "meta.json", "{");
	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, &repo, &err), -EINVAL);
	CHECK(strstr(err.msg, "meta.json: JSON line 1"));
}

TEST(metadata_that_is_no_file_or_too_long_is_refused)
{
	static char text[CFS_META_MAX + 2];
	struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOFREE char *path = NULL;
	const char *dir = fresh_dir();

	path = below(dir, "meta.json");
	CHECK_EQ(mkfifo(path, 0644), 0);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, &repo, &err), -EINVAL);
	CHECK_EQ(unlink(path), 0);
	make_link(dir, "meta.json", "/etc/hostname");
	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, &repo, &err), -EXDEV);
	CHECK_EQ(unlink(path), 0);
	memset(text, ' ', sizeof(text) - 1);
	put(dir, "meta.json", text);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, &repo, &err), -EFBIG);
}

TEST(below_a_descriptor_nothing_leads_out)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOFD int dirfd = -EBADF;
	const char *dir = fresh_dir();

	make_dir(dir, "r");
	put(dir, "r/meta.json", SHA256_META);
	make_link(dir, "inside", "r");
	make_link(dir, "outside", "/etc");
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(dirfd >= 0);
	CHECK_EQ(cfs_repo_open(dirfd, "outside", &repo, &err), -EXDEV);
	CHECK_EQ(cfs_repo_open(dirfd, "../x", &repo, &err), -EXDEV);
	CHECK_EQ(cfs_repo_open(dirfd, "absent", &repo, &err), 0);
	CHECK_EQ(cfs_repo_open(dirfd, "inside", &repo, &err), 1);
}

TEST(objects_are_opened_as_a_directory_of_the_repository)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOFD int fd = -EBADF;
	CFS_AUTOFREE char *path = NULL;
	const char *dir = fresh_dir();

	make_dir(dir, "objects");
	CHECK_EQ(cfs_repo_open(AT_FDCWD, dir, &repo, &err), 1);
	fd = cfs_repo_open_objects(&repo, &err);
	CHECK(fd >= 0);
	path = below(dir, "objects");
	CHECK_EQ(rmdir(path), 0);
	CHECK_EQ(cfs_repo_open_objects(&repo, &err), -ENOENT);
	make_link(dir, "objects", ".");
	CHECK_EQ(cfs_repo_open_objects(&repo, &err), -ELOOP);
}
