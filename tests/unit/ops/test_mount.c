/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/mount.h"

#include "tests/fake/mount.h"
#include "tests/unit/ops/image.h"

static int mount_image(const struct cfs_mount_params *params, int *ret_fd)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	fake_mount_reset();
	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	return cfs_mount_image(&repo, params, ret_fd, &err);
}

static struct cfs_mount_params params_of(const struct cfs_digest *id)
{
	return (struct cfs_mount_params){ .id = *id,
					  .upper_fd = -EBADF,
					  .work_fd = -EBADF };
}

TEST(an_image_is_mounted_read_only_under_its_digest)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_mount_params params;
	char source[200] = "fsconfig overlay SET_STRING source=composefs:";
	struct cfs_digest id;

	start_empty();
	id = add_image("name", "a");
	params = params_of(&id);
	CHECK_EQ(mount_image(&params, &fd), 0);
	CHECK(fd >= 0);
	cfs_digest_to_hex(&id, source + strlen(source));
	CHECK_EQ(fake_called(source), 1);
	CHECK_EQ(fake_called("fsmount overlay RDONLY"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING verity=*"), 0);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD upperdir*"), 0);
	/* It is the caller who attaches it. */
	CHECK_EQ(fake_attached(), 0);
}

TEST(changes_go_to_the_directories_of_the_caller)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_mount_params params;
	struct cfs_digest id;

	start_empty();
	id = add_image("name", "a");
	params = params_of(&id);
	params.read_write = true;
	params.upper_fd = 100;
	params.work_fd = 101;
	CHECK_EQ(mount_image(&params, &fd), 0);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD upperdir=*"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD workdir=*"), 1);
	CHECK_EQ(fake_called("fsmount overlay RDONLY"), 0);
}

TEST(an_image_without_verity_is_not_mounted_where_that_is_demanded)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_mount_params params;
	struct cfs_digest id;

	start_empty();
	id = add_image("name", "a");
	params = params_of(&id);
	params.verity = true;
	CHECK(mount_image(&params, &fd) < 0);
	CHECK_STR(fake_calls(), "");
	CHECK(fd < 0);
}

TEST(an_image_without_its_objects_is_not_mounted_if_it_has_to_be_whole)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_mount_params params;
	struct cfs_digest id;

	start_empty();
	id = add_image("name", "ab");
	lose('b');
	params = params_of(&id);
	params.whole = "name";
	CHECK_EQ(mount_image(&params, &fd), -ENOENT);
	CHECK(strstr(err.msg, "image name is not whole"));
	CHECK_STR(fake_calls(), "");
	params.whole = NULL;
	CHECK_EQ(mount_image(&params, &fd), 0);
}

TEST(what_is_not_in_the_repository_is_not_mounted)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_mount_params params;
	struct cfs_digest id = { .alg = CFS_ALG_SHA256, .bytes = { 1 } };

	start_empty();
	params = params_of(&id);
	CHECK_EQ(mount_image(&params, &fd), -ENOENT);
	CHECK_STR(fake_calls(), "");
}

TEST(a_kernel_that_permits_nothing_leaves_nothing_open)
{
	CFS_AUTOFD int fd = -EBADF;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_mount_params params;
	struct cfs_digest id;
	int before;

	start_empty();
	id = add_image("name", "a");
	params = params_of(&id);
	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	before = fake_open_fds();
	fake_mount_reset();
	fake_when("fsopen *", -EPERM, FAKE_ALWAYS);
	CHECK_EQ(cfs_mount_image(&repo, &params, &fd, &err), -EPERM);
	CHECK_EQ(fake_open_fds(), before);
}
