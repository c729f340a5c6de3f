/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/serve.h"

#include <signal.h>
#include <sys/stat.h>

#include "tests/fake/mount.h"
#include "tests/unit/fuse/session.h"

static const char dump[] = "/ 4096 40755 2 0 0 0 1.5 - - -\n";

static struct cfs_err err;

TEST(modes_have_the_names_of_the_command_line)
{
	CHECK_STR(cfs_fuse_mode_name(CFS_FUSE_AUTO), "auto");
	CHECK_STR(cfs_fuse_mode_name(CFS_FUSE_PASSTHROUGH), "passthrough");
	CHECK_STR(cfs_fuse_mode_name(CFS_FUSE_OVERLAY), "overlay");
	CHECK_STR(cfs_fuse_mode_name(CFS_FUSE_PLAIN), "plain");
}

static bool was_ready;

static void note_ready(void *ctx, enum cfs_fuse_mode mode)
{
	(void)ctx;
	(void)mode;
	was_ready = true;
}

/* Serves an image that can be mounted only as @p says. */
static int serve(struct kernel *k)
{
	k->params.image = cfs_buf_bytes(&k->image);
	k->params.source = "composefs:ab";
	k->params.mountpoint = "/nowhere";
	k->params.ready = note_ready;
	was_ready = false;
	err = (struct cfs_err){ 0 };
	return cfs_fuse_serve(&k->params, &err);
}

static void drop(struct kernel *k)
{
	cfs_closep(&k->params.objects_fd);
	cfs_buf_free(&k->image);
	free(k);
}

TEST(what_is_no_image_is_not_mounted)
{
	struct kernel *k = new_kernel(dump, 1);

	fake_mount_reset();
	memset(k->image.data, 7, k->image.len);
	CHECK_EQ(serve(k), -EBADMSG);
	CHECK_EQ(fake_called("*"), 0);
	CHECK(!was_ready);
	drop(k);
}

/* What follows needs a device, which the kernel's mount is faked for. */
static bool has_device(void)
{
	CFS_AUTOFD int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	return fd >= 0;
}

TEST(modes_that_the_helper_cannot_mount_are_refused)
{
	struct kernel *k = new_kernel(dump, 1);

	for (enum cfs_fuse_mode mode = CFS_FUSE_PASSTHROUGH;
	     has_device() && mode <= CFS_FUSE_OVERLAY; mode++) {
		fake_mount_reset();
		fake_when("fsopen fuse", -EPERM, 1);
		k->params.mode = mode;
		CHECK_EQ(serve(k), -EPERM);
		CHECK(strstr(err.msg, "unshare -rm"));
		CHECK(!was_ready);
	}
	drop(k);
}

TEST(a_refused_mount_leaves_nothing_behind)
{
	struct kernel *k = new_kernel(dump, 1);
	struct sigaction before, after;
	int open_before;

	CHECK_EQ(sigaction(SIGBUS, NULL, &before), 0);
	fake_mount_reset();
	fake_when("fsconfig fuse CREATE", -EINVAL, FAKE_ALWAYS);
	open_before = fake_open_fds();
	CHECK(serve(k) < 0);
	CHECK(!was_ready);
	CHECK_EQ(fake_open_fds(), open_before);
	CHECK_EQ(fake_attached(), 0);
	CHECK_EQ(sigaction(SIGBUS, NULL, &after), 0);
	CHECK(before.sa_handler == after.sa_handler);
	drop(k);
}
