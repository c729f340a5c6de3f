/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/fsck_run.h"

#include "tests/unit/repo/fsck.h"

TEST(images_of_every_format_find_their_objects)
{
	const struct claim claims[] = {
		{ "one", 1, ONE_PATH, ONE },
		{ "another", 1, ONE_PATH, ONE },
		{ "zeros", 4096, NULL, NULL },
	};
	struct cfs_fsck count;

	start();
	for (unsigned version = 0; version <= 2; version++)
		commit(version, claims, version < 2 ? 3 : 2);
	count = look(false, false);
	CHECK(count.findings == 0 && count.images_checked == 3);
	CHECK_EQ(count.objects_checked, 4);
	spoil_object();
	count = look(false, true);
	CHECK(count.findings == 3 && count.missing_objects == 3);
	CHECK_EQ(count.images_corrupted, 0);
	CHECK(strstr(said, " wants " ONE " hits /another hits /one\n"));
}

TEST(an_image_has_the_size_of_its_objects)
{
	const struct claim claims[] = {
		{ "long", 2, ONE_PATH, ONE },
		{ "longer", 3, ONE_PATH, ONE },
		{ "right", 1, ONE_PATH, ONE },
		{ "wrong", 3, ONE_PATH, ONE },
	};
	struct cfs_fsck count;

	for (unsigned version = 0; version <= 2; version++) {
		start();
		commit(version, claims, 4);
		count = look(false, false);
		CHECK(count.findings == 3 && count.images_corrupted == 1);
		CHECK(strstr(said, ": /long: it has 2 bytes, its object " ONE
				   " 1\n"));
		CHECK(strstr(said, "r: it has 3 bytes") ||
		      strstr(said, "g: it has 3 bytes"));
		/* A damaged object is no fault of the image. */
		put(root, OBJECT, "damaged");
		count = look(false, false);
		CHECK(count.findings == 2 && count.objects_corrupted == 1);
		CHECK_EQ(count.images_corrupted, 0);
		CHECK(strstr(said, "image-damaged-object: images/"));
		CHECK(strstr(said, " wants " ONE " hits /long hits /longer "
				   "hits /right and more\n"));
		CHECK_EQ(look(false, true).findings, 0);
	}
}

TEST(an_image_names_objects_by_their_digests)
{
	const struct claim none = { "x", 1, "some/file", ONE };
	const struct claim other = {
		"x", 1,
		"b8/13429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c"
		"0551",
		ONE
	};
	const struct claim alone = { "x", 1, ONE_PATH, NULL };

	start();
	commit(1, &none, 1);
	CHECK_EQ(look(false, false).images_corrupted, 1);
	CHECK(strstr(said, ": /x: its content is some/file, no object\n"));
	start();
	commit(0, &other, 1);
	CHECK_EQ(look(false, false).images_corrupted, 1);
	CHECK(strstr(said, ": /x: its content is b8/1342"));
	CHECK(strstr(said, ", not its digest\n"));
	start();
	commit(1, &alone, 1);
	CHECK_EQ(look(false, false).findings, 0);
	spoil_object();
	CHECK_EQ(look(false, true).missing_objects, 1);
}

TEST(an_image_has_objects_of_the_repositorys_algorithm)
{
	char hex[CFS_DIGEST_HEX_MAX];
	const struct claim claim = { "x", 1, NULL, hex };

	start();
	memset(hex, 'a', 128);
	hex[128] = '\0';
	commit(1, &claim, 1);
	CHECK_EQ(look(false, false).images_corrupted, 1);
	CHECK(strstr(said, ": /x: its object is of sha512, not sha256\n"));
}

/* Without objects/ every object is missing, and the image is sane. */
TEST(files_miss_their_objects_where_there_are_none)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	const struct claim claim = { "x", 1, ONE_PATH, ONE };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_fsck_params params = { .found = note };
	struct cfs_fsck_run run = { .params = &params, .objects = -EBADF };
	bool sane = false;

	start();
	said[0] = '\0';
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	run.repo = &repo;
	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	add_claim(tree, &claim);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK_EQ(cfs_fsck_needs(&run, "images/x", tree, &sane, &err), 0);
	CHECK(sane);
	CHECK_EQ(run.count.missing_objects, 1);
	CHECK_STR(said,
		  "image-missing-object: images/x wants " ONE " hits /x\n");
}

TEST(what_has_the_name_of_an_object_is_a_file)
{
	const struct claim claim = { "x", 1, ONE_PATH, ONE };
	CFS_AUTOFREE char *path = NULL;

	start();
	commit(1, &claim, 1);
	path = below(root, OBJECT);
	spoil_object();
	CHECK_EQ(mkdir(path, 0755), 0);
	CHECK_EQ(look(false, true).missing_objects, 1);
	CHECK(strstr(said, "not a regular file hits /x\n"));
}
