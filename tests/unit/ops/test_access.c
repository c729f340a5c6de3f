/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/access.h"

#include "tests/unit/ops/image.h"

static int try_read(struct cfs_access access)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	return cfs_access_read(&access, &repo, &err);
}

static int try_write(struct cfs_access access)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	return cfs_access_write(&access, &store, &err);
}

/* As it was before there was meta.json, with an object to tell it by. */
static void make_old(void)
{
	CFS_AUTOFREE char *meta = below(root, "meta.json");

	(void)add_image("a", "a");
	CHECK_EQ(unlink(meta), 0);
}

TEST(no_repository_is_an_error_that_names_the_way_out)
{
	start_empty();
	CHECK_EQ(try_read((struct cfs_access){ .path = "/nonexistent" }),
		 -ENOENT);
	CHECK(strstr(err.msg, "cfsctl init"));
}

TEST(another_algorithm_is_refused)
{
	start_empty();
	CHECK_EQ(try_read((struct cfs_access){ .path = root,
					       .alg = CFS_ALG_SHA256 }),
		 0);
	CHECK_EQ(try_read((struct cfs_access){ .path = root,
					       .alg = CFS_ALG_SHA512 }),
		 -EINVAL);
}

TEST(verity_can_be_demanded)
{
	start_empty();
	CHECK_EQ(try_read((struct cfs_access){
			 .path = root, .flags = CFS_ACCESS_REQUIRE_VERITY }),
		 -EPERM);
}

TEST(an_old_repository_is_read_and_upgraded_only_for_writing)
{
	start_empty();
	make_old();
	CHECK_EQ(try_read(access_of_root), 0);
	CHECK_EQ(count(root, ".", "meta.json"), 0);
	CHECK_EQ(try_read((struct cfs_access){
			 .path = root, .flags = CFS_ACCESS_NO_UPGRADE }),
		 -ENOENT);
	CHECK_EQ(try_write((struct cfs_access){
			 .path = root, .flags = CFS_ACCESS_NO_UPGRADE }),
		 -ENOENT);
	CHECK_EQ(count(root, ".", "meta.json"), 0);
	CHECK_EQ(try_write(access_of_root), 0);
	CHECK_EQ(count(root, ".", "meta.json"), 1);
}

TEST(only_a_check_opens_a_repository_with_a_broken_meta_json)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_err why;

	start_empty();
	(void)add_image("a", "a");
	put(root, "meta.json", "{");
	CHECK(try_read(access_of_root) < 0);
	CHECK_EQ(cfs_access_damaged(&access_of_root, &repo, &why, &err), 0);
	CHECK(why.code != 0);
	CHECK_EQ(repo.meta.alg, CFS_ALG_SHA256);
}

TEST(what_is_tried_is_opened_with_its_algorithm_and_not_locked)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOREPO struct cfs_repo other = CFS_REPO_INIT;

	start_empty();
	make_old();
	CHECK_EQ(cfs_access_try(root, &repo), 1);
	CHECK(!repo.has_meta);
	CHECK_EQ(repo.meta.alg, CFS_ALG_SHA256);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &other, &err), 1);
	CHECK(cfs_repo_trylock(&other, CFS_LOCK_EXCLUSIVE));
}

TEST(what_is_tried_and_is_no_repository_is_no_error)
{
	struct cfs_repo repo = CFS_REPO_INIT;

	CHECK_EQ(cfs_access_try("/nonexistent", &repo), 0);
	CHECK_EQ(cfs_access_try(fresh_dir(), &repo), 0);
	start_empty();
	put(root, "meta.json", "{");
	CHECK_EQ(cfs_access_try(root, &repo), 0);
	CHECK_EQ(repo.fd, -EBADF);
}

TEST(a_repository_that_is_open_is_read_with_another_lock)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOREPO struct cfs_repo other = CFS_REPO_INIT;

	start_empty();
	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	CHECK_EQ(cfs_access_read_opened(&access_of_root, &repo, &other, &err),
		 0);
	CHECK_EQ(other.meta.alg, repo.meta.alg);
	cfs_repo_unlock(&repo);
	CHECK_EQ(cfs_repo_trylock(&repo, CFS_LOCK_EXCLUSIVE), 0);
	cfs_repo_unlock(&other);
	CHECK_EQ(cfs_repo_trylock(&repo, CFS_LOCK_EXCLUSIVE), 1);
}

TEST(a_repository_that_is_open_is_written_to_wherever_it_is_by_now)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFREE char *moved = NULL;
	struct stat opened, written;

	start_empty();
	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	moved = below(root, "");
	moved[strlen(moved) - 1] = 'x';
	CHECK_EQ(rename(root, moved), 0);
	CHECK_EQ(mkdir(root, 0700), 0);
	CHECK_EQ(cfs_access_write_opened(&access_of_root, &repo, &store, &err),
		 0);
	CHECK(fstat(repo.fd, &opened) == 0 &&
	      fstat(store.repo.fd, &written) == 0);
	CHECK_EQ(opened.st_ino, written.st_ino);
	/* Each has a lock of its own. */
	cfs_repo_unlock(&repo);
	CHECK_EQ(cfs_repo_trylock(&repo, CFS_LOCK_EXCLUSIVE), 0);
}
