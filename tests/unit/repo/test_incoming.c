/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/incoming.h"

#include "repo/lock.h"
#include "repo/object.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static char root[4096];
static const struct cfs_bytes data = { (const uint8_t *)"abcdef", 6 };

/* A store with an object whose bytes were damaged, which the kernel still
 * measures right. */
static struct cfs_digest start(struct cfs_store *store)
{
	struct cfs_repo repo = CFS_REPO_INIT;
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest id;
	CFS_AUTOFD int fd = -EBADF;

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100,
				     .enable_result = -ENOTTY };
	CHECK(cfs_repo_open(AT_FDCWD, root, &repo, &err) == 1);
	CHECK(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &err) == 1);
	CHECK(cfs_store_open(&repo, true, NULL, store, &err) == 0);
	CHECK(cfs_object_add_bytes(store, data, &id, &err) == 0);
	cfs_digest_to_path(&id, path);
	fd = openat(store->objects, path, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0 && pwrite(fd, "X", 1, 3) == 1);
	return id;
}

static bool is_mended(const struct cfs_store *store,
		      const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;
	char have[16];

	CHECK(cfs_object_open(store->objects, id, &fd, &err) == 1);
	return read(fd, have, sizeof(have)) == (ssize_t)data.len &&
	       memcmp(have, data.data, data.len) == 0;
}

TEST(what_the_kernel_measures_right_is_present)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id = start(&store);

	store.verity = CFS_STORE_VERITY_TRY;
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .digest = id.bytes };
	CHECK(cfs_object_add_known(&store, data, &id, &err) == 0);
	CHECK(store.stats.present == 1 && !is_mended(&store, &id));
}

TEST(bytes_are_read_all_the_same_when_the_store_rereads)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id = start(&store);

	store.verity = CFS_STORE_VERITY_TRY;
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .digest = id.bytes };
	cfs_store_reread(&store);
	CHECK(cfs_object_add_known(&store, data, &id, &err) == 0);
	CHECK(store.stats.repaired == 1 && is_mended(&store, &id));
	/* what is right stays */
	CHECK(cfs_object_add_known(&store, data, &id, &err) == 0);
	CHECK(store.stats.repaired == 1 && store.stats.present == 1);
}
