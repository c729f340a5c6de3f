/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/composefs.h"

#include <linux/mount.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fake/mount.h"
#include "tests/test.h"

enum {
	OBJECTS = 100,
	UPPER,
	WORK,
	TMPFS
};

static struct cfs_err err;
static char dir[4096];

static struct cfs_composefs_params reset(void)
{
	static int image = -EBADF;

	if (image < 0)
		image = memfd_create("image", MFD_CLOEXEC);
	CHECK(image >= 0);
	fake_mount_reset();
	fake_name(image, "image");
	fake_name(OBJECTS, "objects");
	fake_name(UPPER, "upper");
	fake_name(WORK, "work");
	fake_name(TMPFS, "memory");
	err = (struct cfs_err){ 0 };
	snprintf(dir, sizeof(dir), "%s/scratch", getenv("TMPDIR"));
	return (struct cfs_composefs_params){
		.image_fd = image,
		.name = "images/ab",
		.objects_fd = OBJECTS,
		.source = "composefs:ab",
		.verity = true,
		.upper_fd = -1,
		.work_fd = -1,
		.upper_mount = -1,
		.attr = MOUNT_ATTR_RDONLY,
	};
}

static void clean(struct cfs_scratch *scratch)
{
	char path[4200];

	for (int i = 0; i < CFS_SCRATCH_MAX; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir, i);
		(void)rmdir(path);
	}
	cfs_scratch_close(scratch);
	CHECK_EQ(fake_attached(), 0);
	CHECK(access(dir, F_OK) < 0);
}

TEST(an_image_over_its_objects)
{
	struct cfs_composefs_params p = reset();
	struct cfs_composefs_mount m = CFS_COMPOSEFS_INIT;
	struct cfs_scratch scratch = { .dir = dir };
	int before = fake_open_fds();

	CHECK_EQ(cfs_composefs_mount(&p, &scratch, &m, &err), 0);
	CHECK(m.fd >= 0 && m.erofs_fd >= 0 && m.fd != m.erofs_fd);
	CHECK_EQ(m.backend, CFS_BACKEND_FILE);
	CHECK_EQ(m.layer_api, CFS_LAYERS_FD);
	CHECK_EQ(m.loop[0], '\0');
	CHECK_EQ(fake_called("fsconfig erofs SET_STRING source=<image>"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING source=composefs:ab"),
		 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD lowerdir+=<erofs>"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD datadir+=<objects>"), 1);
	CHECK_EQ(fake_called("fsmount overlay RDONLY"), 1);
	/* Nothing of it is to be seen. */
	CHECK_EQ(fake_called("move_mount *"), 0);
	CHECK_EQ(fake_attached(), 0);
	cfs_composefs_close(&m);
	CHECK_EQ(m.fd, -EBADF);
	CHECK_EQ(m.erofs_fd, -EBADF);
	cfs_composefs_close(&m);
	CHECK_EQ(fake_open_fds(), before);
}

TEST(a_writable_one_has_its_upper_layer)
{
	struct cfs_composefs_params p = reset();
	CFS_AUTOCOMPOSEFS struct cfs_composefs_mount m = CFS_COMPOSEFS_INIT;
	struct cfs_scratch scratch = { .dir = dir };

	p.upper_fd = UPPER;
	p.work_fd = WORK;
	p.upper_mount = TMPFS;
	p.attr = 0;
	fake_when("fsconfig overlay SET_FD *", -EINVAL, FAKE_ALWAYS);
	CHECK_EQ(cfs_composefs_mount(&p, &scratch, &m, &err), 0);
	CHECK_EQ(m.layer_api, CFS_LAYERS_STRING);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING upperdir=<upper>"),
		 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING verity=require"), 2);
	CHECK_EQ(fake_called("move_mount <erofs> *"), 1);
	CHECK_EQ(fake_called("move_mount <memory> *"), 1);
	clean(&scratch);
}

TEST(the_loop_device_is_told)
{
	struct cfs_composefs_params p = reset();
	CFS_AUTOCOMPOSEFS struct cfs_composefs_mount m = CFS_COMPOSEFS_INIT;
	struct cfs_scratch scratch = { .dir = dir };

	p.flags = CFS_EROFS_LOOP;
	fake_when("loop_get_free", 9, 1);
	CHECK_EQ(cfs_composefs_mount(&p, &scratch, &m, &err), 0);
	CHECK_EQ(m.backend, CFS_BACKEND_LOOP);
	CHECK(!strcmp(m.loop, "/dev/loop9"));
	CHECK_EQ(fake_called("loop_configure * images/ab"), 1);
}

TEST(a_failure_leaves_nothing_behind)
{
	static const char *const calls[] = {
		"fsopen erofs",
		"fsconfig erofs CREATE",
		"fsmount erofs *",
		"fsopen overlay",
		"fsconfig overlay SET_STRING lowerdir+=*",
		"fsconfig overlay CREATE",
		"fsmount overlay *",
		"move_mount <tmpfs> *",
		"move_mount <erofs> *",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(calls); i++) {
		struct cfs_composefs_params p = reset();
		struct cfs_composefs_mount m = CFS_COMPOSEFS_INIT;
		struct cfs_scratch scratch = { .dir = dir };
		int before = fake_open_fds();

		fake_when("fsconfig overlay SET_FD *", -EBADF, FAKE_ALWAYS);
		fake_when(calls[i], -EPERM, FAKE_ALWAYS);
		CHECK_EQ(cfs_composefs_mount(&p, &scratch, &m, &err), -EPERM);
		CHECK(strstr(err.msg, "image images/ab"));
		CHECK_EQ(m.fd, -EBADF);
		CHECK_EQ(m.erofs_fd, -EBADF);
		CHECK_EQ(fake_open_fds(), before);
		clean(&scratch);
	}
}
