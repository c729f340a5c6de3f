/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/upper.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "tests/test.h"

#define ACL "system.posix_acl_default"

/* u::rwx, u:7:r-x, g::r-x, m::r-x, o::---.
 * Source: linux/posix_acl_xattr.h. */
static const uint8_t acl[] = {
	2,    0,    0,	  0,	0x01, 0,    7,	  0,	0xff, 0xff, 0xff,
	0xff, 0x02, 0,	  5,	0,    7,    0,	  0,	0,    4,    0,
	5,    0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,	5,    0,    0xff,
	0xff, 0xff, 0xff, 0x20, 0,    0,    0,	  0xff, 0xff, 0xff, 0xff,
};

static struct cfs_err err;
static char base[4096]; /* a folder of the test's own */
static int lower = -EBADF, dir = -EBADF;

static int open_at(const char *name)
{
	char path[4200];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", base, name);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

static void make(const char *name, mode_t mode)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	CHECK_EQ(mkdir(path, 0700), 0);
	CHECK_EQ(chmod(path, mode), 0);
}

/* A lower directory as an image may have it, and an empty one for layers. */
static void fresh(void)
{
	const struct timespec old[2] = { { 5, 6 }, { 88, 99 } };
	char path[4200];

	CHECK(getenv("TMPDIR"));
	snprintf(base, sizeof(base), "%s/upper.XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(base));
	make("lower", 02751);
	make("dir", 0755);
	snprintf(path, sizeof(path), "%s/lower", base);
	if (geteuid() == 0)
		CHECK(chown(path, 3, 4) == 0 && chmod(path, 02751) == 0);
	CHECK_EQ(utimensat(AT_FDCWD, path, old, 0), 0);
	cfs_closep(&lower);
	cfs_closep(&dir);
	lower = open_at("lower");
	dir = open_at("dir");
	err = (struct cfs_err){ 0 };
}

static ssize_t get(int fd, const char *name, void *value, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return getxattr(path, name, value, size);
}

static bool set(int fd, const char *name, const void *value, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return setxattr(path, name, value, size, 0) == 0;
}

static int refused(void)
{
	struct cfs_upper upper = { .upper_fd = -7, .work_fd = -8 };
	int r = cfs_upper_open(dir, lower, &upper, &err);

	CHECK(r < 0);
	CHECK_EQ(err.code, -r);
	CHECK_EQ(upper.upper_fd, -7);
	CHECK_EQ(upper.work_fd, -8);
	return r;
}

static mode_t mode_of(int fd)
{
	struct stat st;

	CHECK_EQ(fstat(fd, &st), 0);
	return st.st_mode & 07777;
}

TEST(a_new_upper_directory_has_owner_mode_and_time_of_the_lower)
{
	struct stat got, want;

	fresh();
	{
		CFS_AUTOUPPER struct cfs_upper upper = CFS_UPPER_INIT;

		CHECK_EQ(cfs_upper_open(dir, lower, &upper, &err), 0);
		CHECK_EQ(mode_of(upper.upper_fd), 02751);
	}
	CHECK_EQ(fstat(lower, &want), 0);
	CHECK_EQ(fstatat(dir, "upper", &got, 0), 0);
	CHECK_EQ(got.st_mode, want.st_mode);
	CHECK_EQ(got.st_uid, want.st_uid);
	CHECK_EQ(got.st_gid, want.st_gid);
	CHECK_EQ(got.st_mtim.tv_sec, 88);
	CHECK_EQ(got.st_mtim.tv_nsec, 99);
	CHECK_EQ(fstatat(dir, "work", &got, 0), 0);
	CHECK_EQ((got.st_mode & 07777), 0700);
	CHECK(faccessat(dir, CFS_UPPER_UNFINISHED, F_OK, 0) < 0);
}

TEST(a_new_upper_directory_has_xattrs_and_acls_of_the_lower)
{
	CFS_AUTOUPPER struct cfs_upper upper = CFS_UPPER_INIT;
	bool user, acls, overlay;
	char value[64];

	fresh();
	user = set(lower, "user.mark", "here", 4);
	acls = set(lower, ACL, acl, sizeof(acl));
	overlay = set(lower, "trusted.overlay.opaque", "y", 1);
	CHECK_EQ(cfs_upper_open(dir, lower, &upper, &err), 0);
	if (user)
		CHECK(get(upper.upper_fd, "user.mark", value, 64) == 4 &&
		      memcmp(value, "here", 4) == 0);
	if (acls)
		CHECK(get(upper.upper_fd, ACL, value, 64) == sizeof(acl) &&
		      memcmp(value, acl, sizeof(acl)) == 0);
	/* What overlay says about the lower is not true of the upper. */
	if (overlay)
		CHECK(get(upper.upper_fd, "trusted.overlay.opaque", value, 64) <
		      0);
}

TEST(an_upper_directory_that_is_there_is_left_as_it_is)
{
	CFS_AUTOUPPER struct cfs_upper upper = CFS_UPPER_INIT;
	struct stat st;

	fresh();
	make("dir/upper", 0711);
	make("dir/work", 0750);
	CHECK_EQ(cfs_upper_open(dir, lower, &upper, &err), 0);
	CHECK_EQ(fstat(upper.upper_fd, &st), 0);
	CHECK_EQ((st.st_mode & 07777), 0711);
	CHECK_EQ(st.st_uid, geteuid());
	CHECK_EQ(fstat(upper.work_fd, &st), 0);
	CHECK_EQ((st.st_mode & 07777), 0750);
}

TEST(an_upper_directory_that_was_left_unfinished_is_finished)
{
	CFS_AUTOUPPER struct cfs_upper upper = CFS_UPPER_INIT;

	fresh();
	make("dir/" CFS_UPPER_UNFINISHED, 0700);
	CHECK_EQ(cfs_upper_open(dir, lower, &upper, &err), 0);
	CHECK_EQ(mode_of(upper.upper_fd), 02751);
	CHECK(faccessat(dir, CFS_UPPER_UNFINISHED, F_OK, 0) < 0);
}

TEST(links_are_not_followed)
{
	struct stat st;

	fresh();
	make("outside", 0755);
	CHECK_EQ(symlinkat("../outside", dir, "upper"), 0);
	CHECK_EQ(refused(), -ELOOP);
	CHECK(strstr(err.msg, "upper"));
	fresh();
	make("outside", 0755);
	CHECK_EQ(symlinkat("../outside", dir, CFS_UPPER_UNFINISHED), 0);
	CHECK_EQ(refused(), -ELOOP);
	fresh();
	make("outside", 0755);
	make("dir/upper", 0755);
	CHECK_EQ(symlinkat("../outside", dir, "work"), 0);
	CHECK_EQ(refused(), -ELOOP);
	CHECK(strstr(err.msg, "work"));
	CHECK_EQ(fstatat(dir, "../outside", &st, 0), 0);
	CHECK_EQ(st.st_nlink, 2);
}

TEST(other_files_in_their_place_are_refused_at_once)
{
	static const char *const names[] = { "upper", CFS_UPPER_UNFINISHED,
					     "work" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++) {
		fresh();
		CHECK_EQ(mkfifoat(dir, names[i], 0600), 0);
		CHECK_EQ(refused(), -ENOTDIR);
	}
}

TEST(no_descriptor_is_left_open)
{
	int before, after;

	fresh();
	before = dup(0);
	(void)close(before);
	{
		CFS_AUTOUPPER struct cfs_upper upper = CFS_UPPER_INIT;

		CHECK_EQ(cfs_upper_open(dir, lower, &upper, &err), 0);
	}
	CHECK_EQ(unlinkat(dir, "work", AT_REMOVEDIR), 0);
	CHECK_EQ(symlinkat("nowhere", dir, "work"), 0);
	(void)refused();
	after = dup(0);
	(void)close(after);
	CHECK_EQ(before, after);
}
