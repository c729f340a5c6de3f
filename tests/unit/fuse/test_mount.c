/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse/namespace.h"
#include "tests/fake/mount.h"
#include "tests/test.h"

static struct cfs_err err;
static int lower = -EBADF;

enum {
	OBJECTS = 100,
	UPPER,
	WORK,
	DEVICE
};

static struct cfs_fuse_params reset(void)
{
	fake_mount_reset();
	cfs_closep(&lower);
	lower = open("/", O_PATH | O_CLOEXEC);
	fake_name(lower, "fuse");
	fake_name(OBJECTS, "objects");
	fake_name(UPPER, "upper");
	fake_name(WORK, "work");
	err = (struct cfs_err){ 0 };
	return (struct cfs_fuse_params){
		.source = "composefs:ab",
		.mountpoint = "/mnt",
		.objects_fd = OBJECTS,
		.verify = CFS_FUSE_VERIFY_KERNEL,
		.upper_fd = -EBADF,
		.work_fd = -EBADF,
	};
}

static int overlay(const struct cfs_fuse_params *p, int data)
{
	CFS_AUTOFD int fd = cfs_fuse_overlay_new(p, lower, data, &err);

	return fd < 0 ? fd : 0;
}

TEST(a_fuse_mount_says_what_it_is_and_cannot_be_changed)
{
	struct cfs_fuse_params p = reset();
	char want[1024];
	int fd = cfs_fuse_mount_new(&p, DEVICE, &err);

	CHECK(fd >= 0);
	cfs_closep(&fd);
	snprintf(want, sizeof(want),
		 "fsopen fuse\n"
		 "fsconfig fuse SET_STRING source=composefs:ab\n"
		 "fsconfig fuse SET_STRING subtype=composefs\n"
		 "fsconfig fuse SET_STRING fd=%d\n"
		 "fsconfig fuse SET_STRING rootmode=40000\n"
		 "fsconfig fuse SET_STRING user_id=%u\n"
		 "fsconfig fuse SET_STRING group_id=%u\n"
		 "fsconfig fuse SET_FLAG default_permissions\n"
		 "fsconfig fuse SET_FLAG allow_other\n"
		 "fsconfig fuse SET_FLAG ro\n"
		 "fsconfig fuse CREATE\n",
		 DEVICE, geteuid(), getegid());
	CHECK(strncmp(fake_calls(), want, strlen(want)) == 0);
	CHECK_EQ(fake_called("fsmount fuse *RDONLY*"), 1);
	CHECK_EQ(fake_called("fsmount fuse *NOSUID*"), 1);
	CHECK_EQ(fake_called("fsmount fuse *NODEV*"), 1);
}

TEST(what_a_mount_is_to_be_beside_that_is_added)
{
	struct cfs_fuse_params p = reset();
	CFS_AUTOFD int fd = -EBADF;

	p.attr = MOUNT_ATTR_NOEXEC;
	fd = cfs_fuse_mount_new(&p, DEVICE, &err);
	CHECK(fd >= 0);
	CHECK_EQ(fake_called("fsmount fuse *NOEXEC*"), 1);
	CHECK_EQ(fake_called("fsmount fuse *NOSUID*"), 1);
	CHECK_EQ(overlay(&p, OBJECTS), 0);
	CHECK_EQ(fake_called("fsmount overlay *NOEXEC*"), 1);
}

TEST(a_process_that_may_not_mount_learns_so)
{
	struct cfs_fuse_params p = reset();

	fake_when("fsopen fuse", -EPERM, 1);
	CHECK_EQ(cfs_fuse_mount_new(&p, DEVICE, &err), -EPERM);
}

TEST(an_overlay_takes_objects_only_if_they_are_verified)
{
	struct cfs_fuse_params p = reset();

	CHECK_EQ(overlay(&p, OBJECTS), 0);
	CHECK_EQ(fake_called("fsconfig overlay SET_FLAG userxattr"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD lowerdir+=<fuse>"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD datadir+=<objects>"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING verity=require"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD upperdir=*"), 0);
	CHECK_EQ(fake_called("fsmount overlay *RDONLY*"), 1);
	p = reset();
	p.verify = CFS_FUSE_VERIFY_NOT;
	CHECK_EQ(overlay(&p, OBJECTS), 0);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING verity=*"), 0);
}

TEST(a_layer_for_changes_goes_on_top)
{
	struct cfs_fuse_params p = reset();

	p.upper_fd = UPPER;
	p.work_fd = WORK;
	CHECK_EQ(overlay(&p, -EBADF), 0);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD upperdir=<upper>"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD workdir=<work>"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD datadir+=*"), 0);
	CHECK_EQ(fake_called("fsconfig overlay SET_FLAG userxattr"),
		 !cfs_fuse_has_root());
	CHECK_EQ(fake_called("fsmount overlay *RDONLY*"), 1);
	p.read_write = true;
	CHECK_EQ(overlay(&p, -EBADF), 0);
	CHECK_EQ(fake_called("fsmount overlay *RDONLY*"), 1);
}

TEST(an_overlay_that_this_kernel_lacks_is_an_error)
{
	struct cfs_fuse_params p = reset();

	fake_when("fsconfig overlay SET_FD datadir+=*", -EINVAL, 1);
	CHECK_EQ(overlay(&p, OBJECTS), -EINVAL);
	CHECK_EQ(fake_called("fsmount*"), 0);
}

TEST(a_mount_is_attached_under_its_number)
{
	struct cfs_fuse_params p = reset();
	uint64_t id = 0;

	CHECK_EQ(cfs_fuse_attach(&p, lower, &id, &err), 0);
	CHECK_EQ(fake_called("move_mount <fuse> /mnt"), 1);
	CHECK(id != 0);
	CHECK(!cfs_fuse_is_unique(0) && cfs_fuse_is_unique(UINT64_MAX));
	fake_when("move_mount *", -EBUSY, 1);
	CHECK_EQ(cfs_fuse_attach(&p, lower, &id, &err), -EBUSY);
	CHECK(strstr(err.msg, "/mnt"));
}

/* The root directory of this machine is no mount of ours. */
TEST(another_mount_is_not_removed)
{
	(void)reset();
	cfs_fuse_detach("/", UINT64_MAX);
	CHECK_EQ(access("/proc/self", F_OK), 0);
}
