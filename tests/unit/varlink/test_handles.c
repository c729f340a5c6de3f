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

/* The repository that is called @id, or NULL. */
static const struct cfs_varlink_handle *found(struct cfs_varlink_handles *in,
					      uint64_t id)
{
	const struct cfs_varlink_handle *handle = NULL;

	CHECK_EQ(cfs_varlink_handles_find(in, id, 0, &self, &handle, &err),
		 handle != NULL);
	return handle;
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
	CHECK(found(&handles, 1) == handle);
	CHECK(cfs_varlink_handles_close(&handles, 1));
	CHECK(!found(&handles, 1));
	CHECK(!cfs_varlink_handles_close(&handles, 1));
	CHECK(!found(&handles, 0));
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

/* Two connections of a user; opens the test's repository on the first. */
struct two {
	struct cfs_varlink_registers registers;
	struct cfs_varlink_handles first, second;
	uint64_t id;
};

static void start_two(struct two *two)
{
	const struct cfs_varlink_handle *handle;

	*two = (struct two){ 0 };
	two->first.shared = cfs_varlink_registers_of(&two->registers, self.uid);
	two->second.shared = two->first.shared;
	CHECK_EQ(cfs_varlink_handles_open(&two->first, root, 0, &self, &handle,
					  &err),
		 0);
	two->id = handle->id;
}

static void end_two(struct two *two)
{
	cfs_varlink_handles_free(&two->first);
	cfs_varlink_handles_free(&two->second);
	cfs_varlink_registers_free(&two->registers);
}

TEST(a_handle_of_another_connection_is_opened_anew)
{
	const struct cfs_varlink_handle *handle;
	int before = fake_open_fds();
	struct two two;

	start_two(&two);
	handle = found(&two.second, two.id);
	CHECK(handle);
	CHECK_STR(handle->access.path, root);
	CHECK(handle->repo.fd != found(&two.first, two.id)->repo.fd);
	CHECK(found(&two.second, two.id) == handle);
	CHECK(!found(&two.second, two.id + 1));
	/* The first connection ends, and the handle does not. */
	cfs_varlink_handles_free(&two.first);
	CHECK(found(&two.first, two.id));
	CHECK_EQ(cfs_varlink_handles_open(&two.second, root, 0, &self, &handle,
					  &err),
		 0);
	CHECK_EQ(handle->id, two.id + 1);
	end_two(&two);
	CHECK_EQ(fake_open_fds(), before);
}

TEST(a_handle_that_is_closed_is_closed_for_connections_to_come)
{
	struct two two;

	start_two(&two);
	CHECK(cfs_varlink_handles_close(&two.second, two.id));
	CHECK(!found(&two.second, two.id));
	CHECK(!cfs_varlink_handles_close(&two.second, two.id));
	end_two(&two);
}

TEST(a_handle_of_another_connection_grants_nothing)
{
	const struct cfs_varlink_peer other = { .uid = self.uid + 1 };
	const struct cfs_varlink_handle *handle = NULL;
	struct two two;

	start_two(&two);
	CHECK_EQ(cfs_varlink_handles_find(&two.second, two.id, 0, &other,
					  &handle, &err),
		 -EACCES);
	CHECK(!handle);
	end_two(&two);
}

TEST(a_handle_is_of_one_directory_and_not_of_its_path)
{
	char path[sizeof(root)], away[sizeof(root) + 5];
	struct two two;

	start_two(&two);
	strcpy(path, root);
	snprintf(away, sizeof(away), "%s.away", path);
	CHECK_EQ(rename(path, away), 0);
	start_empty();
	CHECK_EQ(rename(root, path), 0);
	CHECK(!found(&two.second, two.id));
	CHECK(found(&two.first, two.id));
	end_two(&two);
}
