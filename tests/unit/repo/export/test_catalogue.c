/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/catalogue.h"

#include "tests/test.h"

static struct cfs_err err;

#define HEX  "0000000000000000000000000000000000000000000000000000000000000001"
#define HEAD "{\"version\": 1, \"algorithm\": \"fsverity-sha256-12\", "

static int read_text(const char *text)
{
	CFS_AUTOCATALOGUE struct cfs_export_catalogue c = { 0 };
	struct cfs_bytes bytes = { (const uint8_t *)text, strlen(text) };

	return cfs_export_catalogue_read(bytes, &c, &err);
}

TEST(what_was_written_is_read)
{
	CFS_AUTOCATALOGUE struct cfs_export_catalogue c = {
		.alg = CFS_ALG_SHA256
	};
	CFS_AUTOCATALOGUE struct cfs_export_catalogue got = { 0 };
	const struct cfs_digest one = { CFS_ALG_SHA256, { 1 } };
	const struct cfs_digest two = { CFS_ALG_SHA256, { 2 } };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	CHECK_EQ(cfs_export_catalogue_set(&c, "os/b", &one, &err), 0);
	CHECK_EQ(cfs_export_catalogue_set(&c, "os/\"a\\\xc3\xa4", &one, &err),
		 0);
	CHECK_EQ(cfs_export_catalogue_set(&c, "a", &one, &err), 0);
	CHECK_EQ(cfs_export_catalogue_set(&c, "os/b", &two, &err), 0);
	CHECK_EQ(c.n, 3);
	CHECK_EQ(cfs_export_catalogue_write(&c, &buf, &err), 0);
	CHECK_EQ(cfs_export_catalogue_read(cfs_buf_bytes(&buf), &got, &err), 0);
	CHECK_EQ(got.alg, CFS_ALG_SHA256);
	CHECK_EQ(got.n, 3);
	CHECK_EQ(cfs_export_catalogue_find(&got, "os/b")->bytes[0], 2);
	CHECK_EQ(cfs_export_catalogue_find(&got, "a")->bytes[0], 1);
	CHECK(cfs_export_catalogue_find(&got, "os/\"a\\\xc3\xa4"));
	CHECK(!cfs_export_catalogue_find(&got, "os"));
	CHECK(!cfs_export_catalogue_find(&got, ""));
}

TEST(names_that_an_image_cannot_have_are_refused)
{
	static const char *const names[] = { "",   "..", "a/../b", "/a",
					     "a/", HEX,	 "refs/a", "\xff" };
	CFS_AUTOCATALOGUE struct cfs_export_catalogue c = {
		.alg = CFS_ALG_SHA256
	};
	const struct cfs_digest id = { CFS_ALG_SHA256, { 1 } };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++)
		CHECK_EQ(cfs_export_catalogue_set(&c, names[i], &id, &err),
			 -EINVAL);
	CHECK_EQ(c.n, 0);
	CHECK_EQ(read_text(HEAD "\"images\": {\"../a\": \"" HEX "\"}}"),
		 -EBADMSG);
}

TEST(other_documents_are_refused)
{
	CHECK_EQ(read_text(HEAD "\"images\": {}}"), 0);
	CHECK_EQ(read_text(HEAD "\"images\": {\"a\": \"" HEX "\"}, \"x\": 1}"),
		 0);
	CHECK_EQ(read_text(""), -EBADMSG);
	CHECK_EQ(read_text("[]"), -EBADMSG);
	CHECK_EQ(read_text("<html>404</html>"), -EBADMSG);
	CHECK_EQ(read_text("{\"version\": 2}"), -EOPNOTSUPP);
	CHECK_EQ(read_text("{\"version\": 1}"), -EBADMSG);
	CHECK_EQ(read_text("{\"version\": 1, \"algorithm\": \"md5\", "
			   "\"images\": {}}"),
		 -EBADMSG);
	CHECK_EQ(read_text(HEAD "\"images\": []}"), -EBADMSG);
	CHECK_EQ(read_text(HEAD "\"images\": {\"a\": 1}}"), -EBADMSG);
	CHECK_EQ(read_text(HEAD "\"images\": {\"a\": \"" HEX HEX "\"}}"),
		 -EBADMSG);
	CHECK_EQ(read_text(HEAD "\"images\": {\"a\": \"" HEX "\", \"a\": \"" HEX
				"\"}}"),
		 -EBADMSG);
}

TEST(patches_of_named_images_are_kept)
{
	CFS_AUTOCATALOGUE struct cfs_export_catalogue c = {
		.alg = CFS_ALG_SHA256
	};
	CFS_AUTOCATALOGUE struct cfs_export_catalogue got = { 0 };
	struct cfs_digest id[7] = { 0 };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	size_t at = 0;

	for (uint8_t i = 0; i < 7; i++)
		id[i] = (struct cfs_digest){ CFS_ALG_SHA256, { i } };
	CHECK_EQ(cfs_export_catalogue_set(&c, "a", &id[0], &err), 0);
	CHECK_EQ(cfs_export_catalogue_set(&c, "b", &id[0], &err), 0);
	for (unsigned i = 0; i < 7; i++)
		CHECK_EQ(cfs_export_catalogue_add_patch(&c, &id[0], &id[i],
							&err),
			 0);
	CHECK_EQ(cfs_export_catalogue_add_patch(&c, &id[0], &id[1], &err), 0);
	CHECK_EQ(cfs_export_catalogue_add_patch(&c, &id[5], &id[6], &err), 0);
	CHECK_EQ(cfs_export_catalogue_write(&c, &buf, &err), 0);
	CHECK_EQ(cfs_export_catalogue_read(cfs_buf_bytes(&buf), &got, &err), 0);
	CHECK_EQ(got.patches.n, CFS_EXPORT_PATCHES_MAX);
	for (unsigned i = 1; i <= CFS_EXPORT_PATCHES_MAX; i++)
		CHECK(cfs_digest_equal(
			cfs_export_catalogue_next_patch(&got, &id[0], &at),
			&id[i]));
	CHECK(!cfs_export_catalogue_next_patch(&got, &id[0], &at));
	at = 0;
	CHECK(!cfs_export_catalogue_next_patch(&got, &id[5], &at));
	CHECK_EQ(read_text(HEAD "\"images\": {}, \"patches\": {\"x\": []}}"),
		 -EBADMSG);
	CHECK_EQ(read_text(HEAD "\"images\": {}, \"patches\": {\"" HEX
				"\": [1]}}"),
		 -EBADMSG);
	CHECK_EQ(read_text(HEAD "\"images\": {}, \"patches\": {\"" HEX
				"\": {}}}"),
		 -EBADMSG);
}

TEST(there_is_a_maximum_of_names)
{
	CFS_AUTOCATALOGUE struct cfs_export_catalogue c = {
		.alg = CFS_ALG_SHA256
	};
	const struct cfs_digest id = { CFS_ALG_SHA256, { 1 } };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	char name[16];

	for (unsigned i = 0; i < CFS_EXPORT_NAMES_MAX; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		CHECK_EQ(cfs_export_catalogue_set(&c, name, &id, &err), 0);
	}
	CHECK_EQ(cfs_export_catalogue_set(&c, "one more", &id, &err), -E2BIG);
	CHECK_EQ(cfs_export_catalogue_write(&c, &buf, &err), 0);
	CHECK_EQ(read_text(cfs_buf_text(&buf)), 0);
}
