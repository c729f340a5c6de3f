/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/scratch.h"

#include <limits.h>
#include <sys/stat.h>

#include "tests/fake/mount.h"
#include "tests/test.h"

static struct cfs_err err;
static char dir[4096];

/* A place two levels below what is there, as /run/composefs/.scratch is. */
static struct cfs_scratch reset(void)
{
	static unsigned n;
	char real[PATH_MAX];

	fake_mount_reset();
	err = (struct cfs_err){ 0 };
	CHECK(realpath(getenv("TMPDIR"), real) && strlen(real) < 4000);
	snprintf(dir, sizeof(dir), "%.4000s/scratch-%u/x", real, n++);
	for (int fd = 100; fd < 116; fd++)
		fake_name(fd, "mount");
	return (struct cfs_scratch){ .dir = dir };
}

static const char *in_dir(const char *name)
{
	static char path[4200];

	snprintf(path, sizeof(path), "%s%s", dir, name);
	return path;
}

static bool is_dir(const char *name)
{
	struct stat st;

	return stat(in_dir(name), &st) == 0 && S_ISDIR(st.st_mode);
}

TEST(a_mount_is_attached_once_and_taken_away)
{
	struct cfs_scratch s = reset();
	struct stat st;

	CHECK_EQ(cfs_scratch_attach(&s, 103, &err), 0);
	CHECK_EQ(cfs_scratch_attach(&s, 103, &err), 0);
	CHECK_EQ(cfs_scratch_attach(&s, 104, &err), 0);
	CHECK_EQ(fake_called("move_mount <mount> */x/0"), 1);
	CHECK_EQ(fake_called("move_mount <mount> */x/1"), 1);
	CHECK_EQ(fake_called("move_mount <mount> *"), 2);
	CHECK_EQ(fake_attached(), 3);
	CHECK_EQ(stat(dir, &st), 0);
	CHECK_EQ((st.st_mode & 0777), 0700);
	CHECK(is_dir("/0") && is_dir("/1"));
	/* What is in the mount point is not in the file system on it, but here
	 * no file system is on it. */
	CHECK_EQ(rmdir(in_dir("/0")), 0);
	CHECK_EQ(rmdir(in_dir("/1")), 0);
	cfs_scratch_close(&s);
	CHECK_EQ(fake_attached(), 0);
	CHECK(!is_dir(""));
	cfs_scratch_close(&s);
	CHECK_EQ(fake_called("detach *"), 1);
}

TEST(the_place_is_private_before_anything_is_attached_to_it)
{
	struct cfs_scratch s = reset();
	const char *place, *private, *mount;

	CHECK_EQ(cfs_scratch_attach(&s, 103, &err), 0);
	CHECK_EQ(fake_called("fsconfig tmpfs SET_STRING mode=0700"), 1);
	CHECK_EQ(fake_called("fsmount tmpfs NOSUID|NODEV"), 1);
	place = strstr(fake_calls(), "move_mount <tmpfs>");
	private = strstr(fake_calls(), "mount_setattr <tmpfs> set= clear= "
				       "propagation=0x40000");
	mount = strstr(fake_calls(), "move_mount <mount>");
	CHECK(place && private > place && mount > private);
}

TEST(without_a_private_place_nothing_is_attached)
{
	static const char *const calls[] = {
		"fsopen tmpfs",	   "fsconfig tmpfs CREATE",
		"fsmount tmpfs *", "move_mount <tmpfs> *",
		"mount_setattr *",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(calls); i++) {
		struct cfs_scratch s = reset();
		int before = fake_open_fds();

		fake_when(calls[i], -EPERM, 1);
		CHECK_EQ(cfs_scratch_attach(&s, 103, &err), -EPERM);
		CHECK_EQ(fake_attached(), 0);
		CHECK(!is_dir(""));
		CHECK_EQ(fake_open_fds(), before);
		cfs_scratch_close(&s);
		CHECK_EQ(fake_called("move_mount <mount> *"), 0);
		/* And it can be tried again. */
		CHECK_EQ(cfs_scratch_attach(&s, 103, &err), 0);
		cfs_scratch_close(&s);
	}
}

TEST(no_mount_needs_no_place)
{
	struct cfs_scratch s = reset();

	CHECK_EQ(cfs_scratch_attach(&s, -1, &err), 0);
	CHECK_EQ(cfs_scratch_attach(&s, -EBADF, &err), 0);
	CHECK_EQ(s.n, 0);
	CHECK(!is_dir(""));
	cfs_scratch_close(&s);
	CHECK(!*fake_calls());
}

TEST(a_refused_mount_leaves_nothing)
{
	struct cfs_scratch s = reset();

	fake_when("move_mount <mount> *", -EINVAL, 1);
	CHECK_EQ(cfs_scratch_attach(&s, 103, &err), -EINVAL);
	CHECK(strstr(err.msg, "attach a mount at") && strstr(err.msg, dir));
	CHECK_EQ(rmdir(in_dir("/0")), 0);
	cfs_scratch_close(&s);
	CHECK_EQ(fake_attached(), 0);
	CHECK(!is_dir(""));
}

TEST(what_an_earlier_run_left_is_used)
{
	struct cfs_scratch s = reset();
	char path[4200];

	snprintf(path, sizeof(path), "%s", dir);
	*strrchr(path, '/') = '\0';
	CHECK_EQ(mkdir(path, 0755), 0);
	CHECK_EQ(mkdir(dir, 0700), 0);
	CHECK_EQ(cfs_scratch_attach(&s, 103, &err), 0);
	CHECK_EQ(rmdir(in_dir("/0")), 0);
	cfs_scratch_close(&s);
	CHECK(!is_dir(""));
}

TEST(a_place_that_cannot_be_made_is_named)
{
	struct cfs_scratch s = reset();

	s.dir = "/proc/composefs/x";
	CHECK(cfs_scratch_attach(&s, 103, &err) < 0);
	CHECK(strstr(err.msg, "make /proc/composefs/x"));
	CHECK_EQ(s.n, 0);
	CHECK_EQ(fake_called("*"), 0);
}

TEST(a_place_behind_a_link_is_refused)
{
	struct cfs_scratch s = reset();
	char path[4200];

	snprintf(path, sizeof(path), "%s", dir);
	*strrchr(path, '/') = '\0';
	CHECK_EQ(symlink(getenv("TMPDIR"), path), 0);
	CHECK_EQ(cfs_scratch_attach(&s, 103, &err), -ELOOP);
	CHECK(!*fake_calls());
}

TEST(places_run_out)
{
	struct cfs_scratch s = reset();

	for (int i = 0; i < CFS_SCRATCH_MAX; i++)
		CHECK_EQ(cfs_scratch_attach(&s, 100 + i, &err), 0);
	CHECK_EQ(cfs_scratch_attach(&s, 100 + CFS_SCRATCH_MAX, &err), -EMFILE);
	cfs_scratch_close(&s);
	CHECK_EQ(fake_attached(), 0);
}
