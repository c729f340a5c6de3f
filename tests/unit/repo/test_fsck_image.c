/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/fsck_run.h"

#include "tests/unit/repo/fsck.h"

TEST(what_is_no_image_is_said_to_be_none)
{
	start();
	make_dir(root, "images");
	make_link(root,
		  "images/b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526"
		  "582e685c0551",
		  "../" OBJECT);
	CHECK_EQ(look(false, false).images_corrupted, 1);
	CHECK(strstr(said, "image-invalid: images/b803"));
}

TEST(one_image_is_looked_at_by_itself)
{
	const struct claim claims[] = {
		{ "one", 1, ONE_PATH, ONE },
		{ "another", 1, ONE_PATH, ONE },
	};
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_fsck_params params = { .metadata_only = true,
						.found = note };
	struct cfs_fsck count;
	struct cfs_digest id;

	start();
	id = commit(1, claims, 2);
	make_link(root, "images/other", "nowhere");
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_fsck_image(&repo, &id, &params, &count, &err), 0);
	CHECK(count.findings == 0 && count.images_checked == 1);
	/* Another size tells that it is damaged. */
	put(root, OBJECT, "damaged");
	said[0] = '\0';
	CHECK_EQ(cfs_repo_fsck_image(&repo, &id, &params, &count, &err), 0);
	CHECK(count.findings == 1 && count.images_corrupted == 0);
	CHECK(strstr(said, ": it has 7 bytes hits /another hits /one\n"));
	put(root, OBJECT, "x");
	CHECK_EQ(cfs_repo_fsck_image(&repo, &id, &params, &count, &err), 0);
	CHECK_EQ(count.findings, 0);
	spoil_object();
	said[0] = '\0';
	CHECK_EQ(cfs_repo_fsck_image(&repo, &id, &params, &count, &err), 0);
	CHECK(count.findings == 1 && count.missing_objects == 1);
	CHECK(strstr(said, "image-missing-object: images/"));
	id.bytes[0] ^= 1;
	CHECK_EQ(cfs_repo_fsck_image(&repo, &id, &params, &count, &err), 0);
	CHECK(count.findings == 1 && count.images_corrupted == 1);
}

/* Checks what stands at images/@name. */
static struct cfs_fsck look_at_image(const char *name, bool secure)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_fsck_params params = { .secure = secure,
						.metadata_only = true,
						.found = note };
	struct cfs_fsck_run run = { .params = &params };
	CFS_AUTOFREE char *where = below("images", name);

	said[0] = '\0';
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	run.repo = &repo;
	run.objects = cfs_dir_open(repo.fd, "objects");
	CHECK_EQ(cfs_fsck_image(&run, where, name, &err), 0);
	cfs_closep(&run.objects);
	CHECK_EQ(run.count.images_checked, 1);
	return run.count;
}

/* The name of an image of the one object. */
static const char *commit_one(void)
{
	static char hex[CFS_DIGEST_HEX_MAX];
	const struct claim claim = { "x", 1, ONE_PATH, ONE };
	struct cfs_digest id = commit(1, &claim, 1);

	cfs_digest_to_hex(&id, hex);
	return hex;
}

TEST(a_sane_image_has_no_findings)
{
	start();
	CHECK_EQ(look_at_image(commit_one(), false).findings, 0);
}

TEST(the_name_of_an_image_is_a_digest_of_the_repositorys_algorithm)
{
	static const char *const names[] = { "x", ONE ONE, "B" ONE };

	start();
	make_dir(root, "images");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++) {
		CHECK_EQ(look_at_image(names[i], false).images_corrupted, 1);
		CHECK(strstr(said, "its name is not a sha256 digest\n"));
	}
}

TEST(an_image_is_what_its_name_says)
{
	CFS_AUTOFREE char *link = NULL, *target = NULL;
	const char *name;

	start();
	name = commit_one();
	link = below("images", ONE);
	CHECK(asprintf(&target, "../objects/%.2s/%s", name, name + 2) > 0);
	make_link(root, link, target);
	CHECK_EQ(look_at_image(ONE, false).images_corrupted, 1);
	CHECK(strstr(said, "image-open-failed: images/" ONE));
}

TEST(a_link_to_an_object_that_is_gone_is_broken)
{
	start();
	make_dir(root, "images");
	make_link(root, "images/" ONE, "../" OBJECT);
	spoil_object();
	CHECK_EQ(look_at_image(ONE, false).broken_links, 1);
	CHECK(strstr(said, "broken-symlink: images/" ONE " wants " ONE
			   ": its object is missing\n"));
}

TEST(a_secure_repository_has_no_image_without_fs_verity)
{
	start();
	CHECK_EQ(look_at_image(commit_one(), true).images_corrupted, 1);
	CHECK(strstr(said, "it has no fs-verity"));
}

TEST(an_image_that_was_cut_or_changed_is_not_read)
{
	CFS_AUTOFREE char *link = NULL;
	const char *name;
	struct stat st;

	start();
	name = commit_one();
	link = below(root, "images");
	{
		CFS_AUTOFREE char *path = below(link, name);

		CHECK_EQ(stat(path, &st), 0);
		CHECK_EQ(truncate(path, st.st_size - 4096), 0);
	}
	CHECK_EQ(look_at_image(name, false).images_corrupted, 1);
	CHECK(strstr(said, "image-open-failed: images/"));
	CHECK(strstr(said, ": its digest is "));
}
