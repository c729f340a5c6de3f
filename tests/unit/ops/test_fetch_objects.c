/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/fetching.h"

#include "tests/unit/ops/served.h"

TEST(without_its_index_an_image_is_not_fetched)
{
	struct cfs_digest id = publish_letters("ab");
	char path[CFS_EXPORT_PATH_MAX];

	cfs_export_image_path(&id, ".index", path);
	spoil(path, "CFSIDX");
	fetch_fails(&id, -EBADMSG, path);
	spoil(path, NULL);
	fetch_fails(&id, -ENOENT, path);
}

TEST(other_repositories_come_first)
{
	struct cfs_digest id = publish_letters("abc");
	CFS_AUTOREPO struct cfs_repo from = CFS_REPO_INIT;
	struct cfs_fetch_result result;
	struct fetch f;

	CHECK(cfs_access_read(&access_of_root, &from, &err) >= 0);
	lose('c');
	begin(&f);
	f.params.from = &from;
	f.params.n_from = 1;
	CHECK_EQ(cfs_fetch_image(f.fetching, &id, NULL, &err), 0);
	result = cfs_fetch_result(f.fetching);
	CHECK(result.seeded == 2 && result.fetched == 1);
	end(&f);
}

TEST(what_is_there_is_not_asked_for)
{
	struct cfs_digest id = publish_letters("abc"), object;
	struct cfs_fetch_result result;
	struct fetch f;

	begin(&f);
	CHECK_EQ(cfs_object_add_bytes(&f.store, content_of('b'), &object, &err),
		 0);
	CHECK_EQ(cfs_fetch_image(f.fetching, &id, NULL, &err), 0);
	result = cfs_fetch_result(f.fetching);
	CHECK(result.present == 1 && result.fetched == 2);
	end(&f);
}
