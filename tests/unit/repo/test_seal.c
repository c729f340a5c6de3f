/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/seal.h"

#include "base/io.h"
#include "fsverity/measure.h"
#include "repo/lock.h"
#include "repo/object.h"
#include "repo/sigpacks.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static struct cfs_digest ids[3]; /* the last is an image with a signature */
static char root[4096];
static const struct cfs_seal_params defaults;

static void open_store(struct cfs_store *store)
{
	struct cfs_repo repo = CFS_REPO_INIT;

	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, store, &err), 0);
}

/* A copied repository of three objects: nothing has fs-verity. */
static void start(struct cfs_store *store)
{
	static const char *const contents[] = { "a", "bb", "image" };
	char name[4 * CFS_DIGEST_HEX_MAX], hex[CFS_DIGEST_HEX_MAX];

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100,
				     .enable_result = -ENOTTY };
	open_store(store);
	for (int i = 0; i < 3; i++) {
		struct cfs_bytes data = { (const uint8_t *)contents[i],
					  strlen(contents[i]) };

		CHECK_EQ(cfs_object_add_bytes(store, data, &ids[i], &err), 0);
	}
	make_dir(root, "images");
	make_dir(root, "signatures");
	cfs_digest_to_hex(&ids[2], hex);
	snprintf(name, sizeof(name), "images/%s", hex);
	make_link(root, name, "../objects/xx/rest");
	snprintf(name, sizeof(name), "signatures/%s.p7s", hex);
	put(root, name, "signature");
	fake = (struct fake_kernel){ .model = 1 };
}

static bool has_verity(const struct cfs_store *store, int i)
{
	CFS_AUTOFD int fd = -EBADF;

	CHECK_EQ(cfs_object_open(store->objects, &ids[i], &fd, &err), 1);
	return cfs_verity_require(fd, &ids[i], &err) == 0;
}

static bool meta_sealed(const struct cfs_store *store)
{
	CFS_AUTOFD int fd = openat(store->repo.fd, "meta.json", O_RDONLY);
	struct cfs_digest digest;
	int r = cfs_verity_measure(fd, &digest, &err);

	CHECK(r >= 0);
	return r > 0;
}

static unsigned signed_files(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < fake.n_files; i++)
		n += fake.files[i].signature_len == 9;
	return n;
}

static void damage(int i)
{
	char path[CFS_OBJECT_PATH_MAX];
	CFS_AUTOFREE char *name = NULL;

	cfs_digest_to_path(&ids[i], path);
	CHECK(asprintf(&name, "objects/%s", path) > 0);
	put(root, name, "damaged");
}

TEST(everything_is_sealed_images_late_meta_json_last)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_seal_stats stats;

	start(&store);
	CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err), 0);
	CHECK_EQ(stats.enabled, 3);
	CHECK_EQ(stats.already, 0);
	CHECK_EQ(stats.replaced, 0);
	for (int i = 0; i < 3; i++)
		CHECK(has_verity(&store, i));
	CHECK_EQ(fake.n_files, 4);
	CHECK(cfs_digest_equal(&fake.files[2].digest, &ids[2]));
	CHECK_EQ(fake.files[2].signature_len, 9);
	CHECK_EQ(signed_files(), 1);
	CHECK(meta_sealed(&store));
}

TEST(again_changes_nothing)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_seal_stats stats;

	start(&store);
	CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err), 0);
	CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err), 0);
	CHECK_EQ(stats.enabled, 0);
	CHECK_EQ(stats.already, 3);
	CHECK_EQ(stats.replaced, 0);
	CHECK_EQ(fake.n_files, 4);
}

TEST(stopped_anywhere_it_is_not_sealed_and_goes_on)
{
	for (int at = 1; at <= 4; at++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		struct cfs_seal_stats stats;

		start(&store);
		fake.fail_at = at;
		fake.enable_result = -EIO;
		CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err), -EIO);
		CHECK_EQ(stats.enabled, (uint64_t)at - 1);
		CHECK(!meta_sealed(&store));
		CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err), 0);
		CHECK_EQ(stats.already, (uint64_t)at - 1);
		CHECK(meta_sealed(&store));
		CHECK_EQ(fake.n_files, 4);
	}
}

TEST(image_without_its_signature_is_replaced_by_a_signed_copy)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_seal_params without = { .no_signatures = true };
	struct cfs_seal_stats stats;

	start(&store);
	CHECK_EQ(cfs_store_seal(&store, &without, &stats, &err), 0);
	CHECK_EQ(stats.enabled, 3);
	CHECK_EQ(signed_files(), 0);
	CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err), 0);
	CHECK_EQ(stats.replaced, 1);
	CHECK_EQ(stats.already, 2);
	CHECK_EQ(signed_files(), 1);
	CHECK(has_verity(&store, 2));
}

TEST(damaged_object_is_named_and_nothing_is_sealed)
{
	for (int i = 0; i < 3; i++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		char hex[CFS_DIGEST_HEX_MAX];
		struct cfs_seal_stats stats;

		start(&store);
		damage(i);
		CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err),
			 -EBADMSG);
		cfs_digest_to_hex(&ids[i], hex);
		CHECK(strstr(err.msg, "object ") && strstr(err.msg, hex));
		CHECK(!meta_sealed(&store));
		/* Nor does it pass as sealed the next time. */
		CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err),
			 -EBADMSG);
	}
}

TEST(file_system_without_verity_is_named_once)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_seal_stats stats;

	start(&store);
	fake = (struct fake_kernel){ .measure_result = -ENOTTY,
				     .enable_failures = 100,
				     .enable_result = -ENOTTY };
	CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err), -EOPNOTSUPP);
	CHECK(strstr(err.msg, "has no fs-verity"));
	CHECK_EQ(stats.enabled, 0);
}

TEST(refused_signature_is_an_error)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_seal_stats stats;

	start(&store);
	fake.fail_at = 3;
	fake.enable_result = -ENOKEY;
	CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err), -ENOKEY);
	CHECK(strstr(err.msg, "keyring"));
	CHECK(!meta_sealed(&store));
}

TEST(names_that_are_no_objects_are_left_alone)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_seal_stats stats;

	start(&store);
	make_dir(root, "objects/zz");
	put(root, "objects/zz/junk", "junk");
	put(root, "objects/.tmp-1", "junk");
	CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err), 0);
	CHECK_EQ(fake.n_files, 4);
}

/* A pack with a signature of nine bytes of the object @i. */
static void pack_signature_of(int i, const char *der)
{
	const struct cfs_sigpack_entry e = {
		ids[i], { (const uint8_t *)der, strlen(der) }
	};
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	char path[CFS_SIGPACK_PATH_MAX];
	CFS_AUTOFD int dir = open_dir(root);

	CHECK_EQ(cfs_sigpack_write(&e, 1, &buf, &err), 0);
	cfs_sigpack_path(&ids[2], path);
	CHECK_EQ(cfs_replace_file(dir, path, buf.data, buf.len), 0);
}

TEST(objects_get_the_signatures_that_packs_have)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_seal_params without = { .no_signatures = true };
	struct cfs_seal_stats stats;

	start(&store);
	CHECK_EQ(cfs_store_seal(&store, &without, &stats, &err), 0);
	pack_signature_of(1, "signed bb");
	CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err), 0);
	CHECK_EQ(stats.replaced, 2);
	CHECK_EQ(signed_files(), 2);
	for (int i = 0; i < 3; i++)
		CHECK(has_verity(&store, i));
	/* Again, and without the pack: nothing signed becomes unsigned. */
	CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err), 0);
	CHECK_EQ(stats.already, 3);
	CHECK_EQ(cfs_store_seal(&store, &without, &stats, &err), 0);
	CHECK_EQ(stats.already, 3);
	CHECK_EQ(signed_files(), 2);
}

TEST(a_damaged_pack_is_named_before_anything_is_sealed)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char path[CFS_SIGPACK_PATH_MAX];
	struct cfs_seal_stats stats;

	start(&store);
	cfs_sigpack_path(&ids[2], path);
	put(root, path, "junk");
	CHECK_EQ(cfs_store_seal(&store, &defaults, &stats, &err), -EBADMSG);
	CHECK(strstr(err.msg, path));
	CHECK_EQ(stats.enabled, 0);
}
