/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/fetch.h"

#include "tests/unit/ops/served.h"

TEST(an_image_comes_with_what_is_missing)
{
	struct cfs_digest id = publish_letters("abc");
	struct cfs_fetch_result result;
	struct fetch f;

	begin(&f);
	CHECK_EQ(cfs_fetch_image(f.fetching, &id, "mine", &err), 0);
	result = cfs_fetch_result(f.fetching);
	CHECK_EQ(result.fetched, 3);
	CHECK_EQ(result.fetched_raw, 3 * LONG_FILE);
	CHECK_EQ(count(root, "images/refs", "mine"), 1);
	/* Everything is there now. */
	CHECK_EQ(cfs_fetch_image(f.fetching, &id, NULL, &err), 0);
	result = cfs_fetch_result(f.fetching);
	CHECK(result.fetched == 3 && result.present == 3);
	end(&f);
}

TEST(only_a_digest_means_an_image_by_itself)
{
	struct cfs_digest id = publish_letters("a"), found;
	char hex[CFS_DIGEST_HEX_MAX], text[CFS_DIGEST_HEX_MAX + 8];
	const char *name = "";
	struct fetch f;

	begin(&f);
	cfs_digest_to_hex(&id, hex);
	CHECK_EQ(cfs_fetch_find(f.fetching, hex, &found, &name, &err), 0);
	CHECK(!name && cfs_digest_equal(&found, &id));
	(void)snprintf(text, sizeof(text), "sha256:%s", hex);
	CHECK_EQ(cfs_fetch_find(f.fetching, text, &found, &name, &err), 0);
	(void)snprintf(text, sizeof(text), "sha512:%s", hex);
	CHECK_EQ(cfs_fetch_find(f.fetching, text, &found, &name, &err),
		 -EINVAL);
	CHECK_EQ(cfs_fetch_find(f.fetching, "name", &found, &name, &err),
		 -EPERM);
	CHECK(strstr(err.msg, "--cert"));
	end(&f);
}

TEST(a_name_is_looked_up_where_a_signature_decides)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	struct cfs_certs certs = cert_of(key);
	struct cfs_digest id = publish_letters("a"), found;
	const char *name;
	struct fetch f;

	begin_with(&f, &certs);
	CHECK_EQ(cfs_fetch_begin(&f.store, &f.params, &f.fetching, &err), 0);
	CHECK_EQ(cfs_fetch_find(f.fetching, "name", &found, &name, &err), 0);
	CHECK(strcmp(name, "name") == 0 && cfs_digest_equal(&found, &id));
	CHECK_EQ(cfs_fetch_find(f.fetching, "other", &found, &name, &err),
		 -ENOENT);
	end(&f);
}

TEST(a_server_without_an_export_is_no_use)
{
	struct fetch f;

	new_web();
	begin_with(&f, NULL);
	CHECK_EQ(cfs_fetch_begin(&f.store, &f.params, &f.fetching, &err),
		 -ENOENT);
	CHECK(strstr(err.msg, "cfsctl publish"));
	CHECK_EQ(mkdir(web, 0755), 0);
	put(web, "export.json", "{");
	CHECK_EQ(cfs_fetch_begin(&f.store, &f.params, &f.fetching, &err),
		 -EBADMSG);
	CHECK(strstr(err.msg, f.url) && strstr(err.msg, "export.json"));
	end(&f);
}

TEST(a_repository_is_served_as_it_is)
{
	struct cfs_digest id = publish_letters("ab");
	CFS_AUTOFREE char *link = NULL;
	struct fetch f;

	new_web();
	link = realpath(root, NULL);
	CHECK(link && symlink(link, web) == 0);
	begin(&f);
	CHECK(f.fetching->is_repository);
	CHECK_EQ(cfs_fetch_image(f.fetching, &id, "mine", &err), 0);
	CHECK_EQ(cfs_fetch_result(f.fetching).fetched, 2);
	end(&f);
}
