/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/publish.h"

#include "tests/unit/ops/served.h"

TEST(what_is_there_is_not_published_again)
{
	struct cfs_digest id = publish_letters("ab");

	CHECK_EQ(added.objects, 2);
	CHECK_EQ(added.raw, 2 * LONG_FILE);
	CHECK(count(web, ".", "export.json") == 1);
	CHECK_EQ(publish_to(web, &id, "name"), 0);
	CHECK(added.objects == 0 && added.stored == 0);
	id = add_image("name", "abc");
	CHECK_EQ(publish_to(web, &id, "name"), 0);
	CHECK_EQ(added.objects, 1);
	CHECK(count(web, "packs", "00000001.pack") == 1);
	CHECK(count(web, ".", ".new") == 0);
}

TEST(an_image_that_is_not_whole_is_refused)
{
	struct cfs_digest id;

	new_web();
	start_empty();
	id = add_image("name", "ab");
	lose('b');
	CHECK_EQ(publish_to(web, &id, "name"), -ENOENT);
	CHECK(strstr(err.msg, "it: ") && strstr(err.msg, "not whole"));
	CHECK(count(web, ".", "export.json") == 0);
}

TEST(a_damaged_object_is_refused)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	struct cfs_digest id, object;
	uint8_t wrong[LONG_FILE + 1] = { 0 };

	new_web();
	start_empty();
	id = add_image("name", "a");
	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, content_of('a'),
					 &object, &err),
		 0);
	lose('a');
	memset(wrong, 'w', LONG_FILE);
	cfs_digest_to_path(&object, path + strlen(path));
	put(root, path, (const char *)wrong);
	CHECK_EQ(publish_to(web, &id, "name"), -EBADMSG);
	CHECK(strstr(err.msg, path));
	CHECK(count(web, ".", "export.json") == 0);
}

TEST(the_repository_is_no_place_to_publish_in)
{
	CFS_AUTOFREE char *inside = NULL;
	struct cfs_digest id;

	new_web();
	start_empty();
	id = add_image("name", "a");
	inside = below(root, "web");
	CHECK_EQ(publish_to(inside, &id, "name"), -EINVAL);
	CHECK(strstr(err.msg, "in the repository"));
}
