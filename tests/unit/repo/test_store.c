/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/store.h"

#include "repo/lock.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static char root[4096];

static void start(void)
{
	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 1000,
				     .enable_result = -ENOTTY };
}

static int open_store(struct cfs_store *store)
{
	struct cfs_repo repo = CFS_REPO_INIT;

	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &err), 1);
	return cfs_store_open(&repo, 0, NULL, store, &err);
}

TEST(a_store_is_opened_with_its_objects)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	start();
	CHECK_EQ(open_store(&store), 0);
	CHECK(!store.secure && store.sync);
	CHECK_EQ(count(root, ".", "objects"), 1);
	CHECK(cfs_store_shard(&store, 0xab, &err) >= 0);
	CHECK_EQ(cfs_store_shard(&store, 0xab, &err),
		 cfs_store_shard(&store, 0xab, &err));
	CHECK_EQ(count(root, "objects", "ab"), 1);
	cfs_store_close(&store);
	cfs_store_close(&store);
}

TEST(metadata_under_verity_makes_it_secure)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_repo repo = CFS_REPO_INIT;

	start();
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256 };
	CHECK_EQ(open_store(&store), 0);
	CHECK(store.secure);
	cfs_store_close(&store);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, CFS_STORE_INSECURE, NULL, &store, &err),
		 0);
	CHECK(!store.secure);
	CHECK_EQ(repo.fd, -EBADF);
}

TEST(an_unknown_feature_forbids_writing)
{
	struct cfs_store store = CFS_STORE_INIT;

	start();
	put(root, "meta.json",
	    "{\"version\":1,\"algorithm\":\"fsverity-sha256-12\",\"features\":"
	    "{\"read-only-compatible\":[\"x\"]}}");
	CHECK_EQ(open_store(&store), -EOPNOTSUPP);
	CHECK_EQ(count(root, ".", "objects"), 0);
}

TEST(links_are_made_replaced_and_left)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	start();
	CHECK_EQ(open_store(&store), 0);
	CHECK_EQ(cfs_store_link(&store, "images/refs/a/b", "../../x", &err), 0);
	CHECK(is_link(root, "images/refs/a/b", "../../x"));
	CHECK_EQ(cfs_store_link(&store, "images/refs/a/b", "../../y", &err), 0);
	CHECK(is_link(root, "images/refs/a/b", "../../y"));
	CHECK_EQ(cfs_store_link(&store, "images/refs/a/b", "../../y", &err), 0);
	CHECK_EQ(cfs_store_link(&store, "images/refs/a", "../z", &err),
		 -EISDIR);
	CHECK(cfs_store_link(&store, "images/refs/a/b/c", "z", &err) < 0);
	CHECK_EQ(count(root, "images/refs/a", ""), 1);
}

TEST(a_planted_link_does_not_lead_writes_out)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char other[4096];

	strcpy(other, fresh_dir());
	start();
	make_dir(root, "objects");
	make_link(root, "objects/ab", other);
	make_link(root, "images", other);
	CHECK_EQ(open_store(&store), 0);
	CHECK_EQ(cfs_store_shard(&store, 0xab, &err), -ELOOP);
	CHECK_EQ(cfs_store_link(&store, "images/x", "y", &err), -ELOOP);
	CHECK_EQ(count(other, ".", ""), 0);
}

TEST(files_are_written_whole)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_bytes data = { (const uint8_t *)"one", 3 };

	start();
	CHECK_EQ(open_store(&store), 0);
	CHECK_EQ(cfs_store_write_file(&store, "signatures/x.p7s", data, &err),
		 0);
	CHECK(holds(root, "signatures/x.p7s", "one"));
	data.len = 2;
	CHECK_EQ(cfs_store_write_file(&store, "signatures/x.p7s", data, &err),
		 0);
	CHECK(holds(root, "signatures/x.p7s", "on"));
	CHECK_EQ(count(root, "signatures", ""), 1);
}

TEST(leftovers_are_swept_when_nobody_is_at_work)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOSTORE struct cfs_store other = CFS_STORE_INIT;

	start();
	make_dir(root, "objects");
	make_dir(root, "images");
	make_dir(root, "images/refs");
	make_dir(root, "images/refs/a");
	CHECK_EQ(open_store(&other), 0);
	put(root, "objects/.tmp-1", "");
	make_link(root, "images/.tmp-1", "x");
	make_link(root, "images/refs/a/.tmp-1", "x");
	put(root, ".tmp-1", "");
	CHECK_EQ(open_store(&store), 0);
	CHECK_EQ(count(root, "objects", ".tmp-"), 1);
	cfs_store_close(&other);
	cfs_store_close(&store);
	CHECK_EQ(open_store(&store), 0);
	CHECK_EQ(count(root, "objects", ".tmp-"), 0);
	CHECK_EQ(count(root, "images", ".tmp-"), 0);
	CHECK_EQ(count(root, "images/refs/a", ".tmp-"), 0);
	CHECK_EQ(count(root, ".", ".tmp-"), 0);
}
