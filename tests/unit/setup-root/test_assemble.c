/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/assemble.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/io.h"
#include "tests/fake/mount.h"
#include "tests/test.h"
#include "tests/unit/setup-root/boot.h"

#define A32    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DEPLOY "disk/state/deploy/" A32 A32

static struct cfs_err err;
static struct cfs_boot boot;
static char base[2048], disk[3072], overlay[3072], scratch[3072];
static char erofs[3072], memory[3072];

static void path_of(char to[static 3072], const char *name)
{
	snprintf(to, 3072, "%s/%s", base, name);
}

static int open_path(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

/* An image that is vouched for, and a disk with a repository and its state. */
static void fresh(void)
{
	static const char *const dirs[] = {
		"disk/composefs/objects",
		DEPLOY "/etc",
		DEPLOY "/var",
		"overlay/etc",
		"overlay/var",
		"overlay/sysroot",
		"erofs/etc",
		"memory",
	};

	snprintf(base, sizeof(base), "%s/assemble.XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(base));
	path_of(disk, "disk");
	path_of(overlay, "overlay");
	path_of(erofs, "erofs");
	path_of(memory, "memory");
	path_of(scratch, "scratch");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(dirs); i++) {
		CFS_AUTOFD int top = open_path(base);
		CFS_AUTOFD int made = cfs_make_dirs(top, dirs[i], 0755);

		CHECK(made >= 0);
	}
	end_boot(&boot);
	boot = (struct cfs_boot){ 0 };
	cfs_boot_init(&boot);
	fake_mount_reset();
	fake_mount_is("erofs", erofs);
	fake_mount_is("overlay", overlay);
	fake_mount_is("tmpfs", memory);
	cfs_config_init(&boot.config);
	cfs_log_init(&boot.log, -1, false);
	boot.config.probe.enable = false;
	boot.options.sysroot = "/sysroot";
	boot.sysroot.mounted = true;
	boot.sysroot_fd = fake_name(open_path(disk), "disk");
	boot.repo.fd = openat(boot.sysroot_fd, "composefs",
			      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	boot.choice.fd = memfd_create("image", MFD_CLOEXEC);
	boot.choice.verity = true;
	boot.scratch_dir = scratch;
	CHECK(boot.repo.fd >= 0 && boot.choice.fd >= 0);
	boot.candidates[0].karg.digest.alg = CFS_ALG_SHA256;
	memset(boot.candidates[0].karg.digest.bytes, 0xaa, 32);
	cfs_digest_to_hex(&boot.candidates[0].karg.digest,
			  boot.candidates[0].hex);
	err = (struct cfs_err){ 0 };
}

TEST(the_root_is_the_image_with_its_state)
{
	fresh();
	CHECK(cfs_assemble(&boot, &err) == 0);
	CHECK(boot.root.fd >= 0 && boot.root.kind == CFS_ROOT_IMAGE);
	CHECK(boot.root.etc == CFS_DIR_OVERLAY);
	CHECK(boot.root.var == CFS_DIR_BIND);
	CHECK(fake_called("fsconfig overlay SET_FD datadir+=*") == 1);
	CHECK(fake_called("move_mount * /sysroot*") == 0);
}

TEST(a_repository_without_objects_fails_the_repository)
{
	fresh();
	CHECK(unlinkat(boot.repo.fd, "objects", AT_REMOVEDIR) == 0);
	CHECK(cfs_assemble(&boot, &err) == -ENOENT);
	CHECK(boot.step == CFS_EXIT_REPO && !*fake_calls());
}

TEST(a_damaged_image_fails_the_verification_if_there_is_one)
{
	fresh();
	fake_when("fsconfig erofs CREATE", -EIO, FAKE_ALWAYS);
	CHECK(cfs_assemble(&boot, &err) == -EIO);
	CHECK(boot.step == CFS_EXIT_VERITY);
	fresh();
	boot.choice.verity = false;
	fake_when("fsconfig erofs CREATE", -EIO, FAKE_ALWAYS);
	CHECK(cfs_assemble(&boot, &err) == -EIO);
	CHECK(boot.step == CFS_EXIT_MOUNT);
}

TEST(a_root_that_init_cannot_run_from_fails_the_preflight)
{
	fresh();
	boot.config.probe.enable = true;
	CHECK(cfs_assemble(&boot, &err) == -ENOENT);
	CHECK(boot.step == CFS_EXIT_PREFLIGHT && strstr(err.msg, "os-release"));
}

TEST(a_missing_state_directory_fails_the_state)
{
	fresh();
	CHECK(unlinkat(boot.sysroot_fd, "state/deploy/" A32 A32 "/etc",
		       AT_REMOVEDIR) == 0);
	CHECK(unlinkat(boot.sysroot_fd, "state/deploy/" A32 A32 "/var",
		       AT_REMOVEDIR) == 0);
	CHECK(unlinkat(boot.sysroot_fd, "state/deploy/" A32 A32,
		       AT_REMOVEDIR) == 0);
	CHECK(cfs_assemble(&boot, &err) == -ENOENT);
	CHECK(boot.step == CFS_EXIT_STATE);
	CHECK(fake_called("fsopen erofs") == 1);
}

/* The first overlay is the root, the second /etc, the third /etc once more over
 * the image's own directory. */
TEST(an_image_that_counts_as_a_layer_is_tried_through_a_loop_device_once)
{
	fresh();
	fake_when("fsconfig overlay SET_STRING composefs_no_such*", -EINVAL,
		  FAKE_ALWAYS);
	fake_when("fsconfig overlay CREATE", 0, 1);
	fake_when("fsconfig overlay CREATE", -EINVAL, 2);
	CHECK(cfs_assemble(&boot, &err) == 0);
	CHECK(boot.force_loop);
	CHECK(boot.root.image.backend == CFS_BACKEND_LOOP);
	CHECK(fake_called("loop_configure *") == 1);

	fresh();
	fake_when("fsconfig overlay SET_STRING composefs_no_such*", -EINVAL,
		  FAKE_ALWAYS);
	fake_when("fsconfig overlay CREATE", 0, 1);
	fake_when("fsconfig overlay CREATE", -EINVAL, 2);
	fake_when("fsconfig overlay CREATE", 0, 1);
	fake_when("fsconfig overlay CREATE", -EINVAL, FAKE_ALWAYS);
	CHECK(cfs_assemble(&boot, &err) == -EINVAL);
	CHECK(boot.step == CFS_EXIT_STATE);
	CHECK(fake_called("fsconfig overlay CREATE") == 6);
}

TEST(another_failure_is_not_tried_through_a_loop_device)
{
	fresh();
	fake_when("fsconfig overlay CREATE", -EINVAL, FAKE_ALWAYS);
	CHECK(cfs_assemble(&boot, &err) < 0 && !boot.force_loop);
	CHECK(boot.step == CFS_EXIT_MOUNT && fake_called("loop_*") == 0);
}

TEST(a_directory_takes_the_place_of_the_image)
{
	fresh();
	boot.options.root_fs = overlay;
	cfs_closep(&boot.choice.fd);
	CHECK(cfs_assemble(&boot, &err) == 0);
	CHECK(boot.root.kind == CFS_ROOT_DIRECTORY);
	CHECK(fake_called("fsopen erofs") == 0);
	fresh();
	boot.options.root_fs = "/nonexistent";
	CHECK(cfs_assemble(&boot, &err) == -ENOENT);
	CHECK(boot.step == CFS_EXIT_MOUNT);
}

TEST(the_root_takes_the_place_of_the_physical_one)
{
	fresh();
	CHECK(cfs_assemble(&boot, &err) == 0);
	CHECK(cfs_assemble_attach(&boot, &err) == 0);
	CHECK(fake_called("detach /sysroot") == 1);
	/* Nothing is taken away from a directory that is no mount point. */
	fresh();
	boot.sysroot.mounted = false;
	CHECK(cfs_assemble(&boot, &err) == 0);
	CHECK(cfs_assemble_attach(&boot, &err) == 0);
	CHECK(fake_called("detach /sysroot") == 0);
}

TEST(elsewhere_it_is_attached_over_the_directory)
{
	fresh();
	boot.options.target = "/target";
	CHECK(cfs_assemble(&boot, &err) == 0);
	fake_when("move_mount * /target*", -EBUSY, 1);
	CHECK(cfs_assemble_attach(&boot, &err) == -EBUSY);
	CHECK(boot.step == CFS_EXIT_MOUNT);
	CHECK(cfs_assemble_attach(&boot, &err) == 0);
	CHECK(fake_called("detach /target") == 0);
	CHECK(fake_called("* /sysroot*") == 0);
}
