/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/fetching.h"

#include "tests/unit/ops/served.h"

static void image_path(const struct cfs_digest *id,
		       char path[static CFS_EXPORT_PATH_MAX])
{
	cfs_export_image_path(id, ".image.zst", path);
}

/* Publishes two images of one name, of which the second is then one of
 * patches. */
static void publish_two(struct cfs_digest *first, struct cfs_digest *second)
{
	const char *letters = "abcdefghijklmnopqrstuvwxyz";

	*first = publish_letters(letters);
	*second = add_image("name", letters + 1);
	CHECK_EQ(publish_to(web, second, "name"), 0);
	CHECK(count(web, "images", "") == 5);
}

TEST(another_image_is_refused)
{
	struct cfs_digest id = publish_letters("a"), other;
	char path[CFS_EXPORT_PATH_MAX];

	image_path(&id, path);
	spoil(path, "this is no zstd frame");
	fetch_fails(&id, -EBADMSG, path);
	spoil(path, NULL);
	fetch_fails(&id, -ENOENT, "has no image");
	other = id;
	other.bytes[0] ^= 1;
	fetch_fails(&other, -ENOENT, "has no image");
}

TEST(the_digest_decides_which_image_it_is)
{
	struct cfs_digest one, two;
	char path[CFS_EXPORT_PATH_MAX], second[CFS_EXPORT_PATH_MAX];
	CFS_AUTOFREE char *from = NULL, *to = NULL;

	one = publish_letters("a");
	two = add_image("other", "b");
	CHECK_EQ(publish_to(web, &two, "other"), 0);
	image_path(&one, path);
	image_path(&two, second);
	from = below(web, second);
	to = below(web, path);
	CHECK_EQ(rename(from, to), 0);
	fetch_fails(&one, -EBADMSG, "another image");
}

TEST(what_is_no_image_is_not_taken_for_one)
{
	struct cfs_digest object;
	struct fetch f;

	/* A repository serves any object. */
	(void)publish_letters("a");
	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, content_of('a'),
					 &object, &err),
		 0);
	new_web();
	CHECK_EQ(symlink(root, web), 0);
	begin(&f);
	CHECK(cfs_fetch_image(f.fetching, &object, "mine", &err) < 0);
	CHECK_EQ(count(root, ".", "images"), 0);
	end(&f);
}

TEST(a_patch_is_taken_if_it_is_right)
{
	struct cfs_digest first, second;
	char path[CFS_EXPORT_PATH_MAX], whole[CFS_EXPORT_PATH_MAX];
	struct fetch f;

	for (int wrong = 0; wrong < 2; wrong++) {
		publish_two(&first, &second);
		cfs_export_patch_path(&second, &first, path);
		image_path(&second, whole);
		begin(&f);
		CHECK_EQ(cfs_fetch_image(f.fetching, &first, NULL, &err), 0);
		if (wrong)
			spoil(path, "this is no patch");
		CHECK_EQ(cfs_fetch_image(f.fetching, &second, "mine", &err), 0);
		CHECK_EQ(requests(&f.server, path), 1);
		CHECK_EQ(requests(&f.server, whole), wrong);
		end(&f);
	}
}

TEST(what_is_no_image_is_not_patched)
{
	struct cfs_digest first, second, object;
	char path[CFS_EXPORT_PATH_MAX];
	struct cfs_export_catalogue names = { .alg = CFS_ALG_SHA256 };
	CFS_AUTOBUF struct cfs_buf json = { 0 };
	struct fetch f;

	publish_two(&first, &second);
	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, content_of('b'),
					 &object, &err),
		 0);
	cfs_export_patch_path(&second, &object, path);
	put(web, path, "a patch");
	CHECK_EQ(cfs_export_catalogue_set(&names, "name", &second, &err), 0);
	CHECK_EQ(cfs_export_catalogue_add_patch(&names, &second, &object, &err),
		 0);
	CHECK_EQ(cfs_export_catalogue_write(&names, &json, &err), 0);
	cfs_buf_add(&json, "", 1);
	spoil(CFS_EXPORT_JSON, (const char *)json.data);
	begin(&f);
	CHECK_EQ(cfs_fetch_image(f.fetching, &first, NULL, &err), 0);
	CHECK_EQ(cfs_fetch_image(f.fetching, &second, "mine", &err), 0);
	CHECK_EQ(requests(&f.server, path), 0);
	end(&f);
	cfs_export_catalogue_free(&names);
}
