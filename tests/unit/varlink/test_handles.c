/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/handles.h"

#include "tests/fake/mount.h"
#include "tests/unit/ops/image.h"

static struct cfs_varlink_handles handles;
static struct cfs_varlink_peer self;

static int open_root(const struct cfs_varlink_handle **ret)
{
	return cfs_varlink_handles_open(&handles, root, 0, &self, ret, &err);
}

TEST(a_repository_is_open_until_it_is_closed)
{
	const struct cfs_varlink_handle *handle = NULL;
	int before;

	start_empty();
	self = (struct cfs_varlink_peer){ .uid = geteuid() };
	before = fake_open_fds();
	CHECK_EQ(open_root(&handle), 0);
	CHECK_EQ(handle->id, 1);
	CHECK_EQ(handle->repo.meta.alg, CFS_ALG_SHA256);
	CHECK_STR(handle->access.path, root);
	CHECK(cfs_varlink_handles_find(&handles, 1) == handle);
	CHECK(cfs_varlink_handles_close(&handles, 1));
	CHECK(!cfs_varlink_handles_find(&handles, 1));
	CHECK(!cfs_varlink_handles_close(&handles, 1));
	CHECK(!cfs_varlink_handles_find(&handles, 0));
	CHECK(!cfs_varlink_handles_close(&handles, 0));
	CHECK_EQ(fake_open_fds(), before);
}

TEST(no_handle_is_given_out_twice)
{
	const struct cfs_varlink_handle *handle = NULL;

	CHECK_EQ(open_root(&handle), 0);
	CHECK_EQ(handle->id, 2);
	cfs_varlink_handles_free(&handles);
}

TEST(an_open_repository_is_not_locked)
{
	CFS_AUTOREPO struct cfs_repo other = CFS_REPO_INIT;
	const struct cfs_varlink_handle *handle;

	CHECK_EQ(open_root(&handle), 0);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &other, &err), 1);
	CHECK(cfs_repo_trylock(&other, CFS_LOCK_EXCLUSIVE));
	cfs_varlink_handles_free(&handles);
}

TEST(as_many_repositories_as_the_maximum_are_open_and_no_more)
{
	const struct cfs_varlink_handle *handle;

	for (unsigned i = 0; i < CFS_VARLINK_HANDLES_MAX; i++)
		CHECK_EQ(open_root(&handle), 0);
	CHECK_EQ(open_root(&handle), -EMFILE);
	CHECK(cfs_varlink_handles_close(&handles, handle->id - 1));
	CHECK_EQ(open_root(&handle), 0);
	cfs_varlink_handles_free(&handles);
}

TEST(the_repository_of_another_user_stays_closed)
{
	const struct cfs_varlink_peer other = { .uid = geteuid() + 1 };
	const struct cfs_varlink_handle *handle = NULL;
	int before = fake_open_fds();

	CHECK_EQ(cfs_varlink_handles_open(&handles, root, 0, &other, &handle,
					  &err),
		 -EACCES);
	CHECK(!handle);
	CHECK_EQ(fake_open_fds(), before);
}

TEST(what_is_no_repository_is_an_error)
{
	const struct cfs_varlink_handle *handle = NULL;

	CHECK_EQ(cfs_varlink_handles_open(&handles, "/nonexistent", 0, &self,
					  &handle, &err),
		 -ENOENT);
	CHECK(!handle);
}
