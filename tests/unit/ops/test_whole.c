/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/whole.h"

#include "tests/unit/ops/image.h"

static int require(const struct cfs_digest *id)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	return cfs_require_whole(&repo, id, "name", &err);
}

TEST(an_image_with_all_of_its_objects_is_whole)
{
	struct cfs_digest id;

	start_empty();
	id = add_image("name", "ab");
	CHECK_EQ(require(&id), 0);
}

TEST(an_image_without_objects_is_refused_with_the_files_that_need_them)
{
	struct cfs_digest id;

	start_empty();
	id = add_image("name", "abcdef");
	for (char letter = 'b'; letter <= 'f'; letter++)
		lose(letter);
	CHECK_EQ(require(&id), -ENOENT);
	CHECK(strstr(err.msg, "5 objects are missing"));
	CHECK(strstr(err.msg, "and 2 more") && !strstr(err.msg, "/a"));
}

TEST(what_is_no_image_of_the_repository_is_refused)
{
	struct cfs_digest id;

	start_empty();
	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, content_of('a'), &id,
					 &err),
		 0);
	CHECK_EQ(require(&id), -EBADMSG);
}
