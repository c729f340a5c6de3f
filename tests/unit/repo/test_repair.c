/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/repair.h"

#include "base/io.h"
#include "fsverity/merkle.h"
#include "repo/object.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static char root[4096], from[4096];
static struct cfs_store store = CFS_STORE_INIT;
static struct cfs_repair repair;

static void start(void)
{
	struct cfs_repo repo = CFS_REPO_INIT;

	cfs_store_close(&store);
	cfs_repair_free(&repair);
	repair = (struct cfs_repair){ .threads = 1 };
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100000,
				     .enable_result = -ENOTTY };
	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, &store, &err), 0);
	strcpy(from, fresh_dir());
}

static struct cfs_digest want(const char *text)
{
	struct cfs_bytes data = { (const uint8_t *)text, strlen(text) };
	struct cfs_digest id;

	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, data, &id, &err), 0);
	CHECK_EQ(cfs_digest_set_add(&repair.wanted, &id, &err), 0);
	return id;
}

static bool stored(const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;

	return cfs_object_open(store.objects, id, &fd, &err) == 1 &&
	       cfs_object_check(fd, id, &err) >= 0;
}

TEST(files_are_taken_from_a_tree_by_their_digests)
{
	struct cfs_digest one, two, none;

	start();
	one = want("one");
	two = want("two");
	none = want("none");
	put(from, "a", "one");
	make_dir(from, "d");
	make_dir(from, "d/e");
	put(from, "d/e/two", "two");
	put(from, "d/other", "other");
	CHECK_EQ(cfs_repair_from(&repair, &store, from, &err), 0);
	CHECK(stored(&one) && stored(&two) && !stored(&none));
	CHECK_EQ(repair.objects_mended.n, 2);
	CHECK_EQ(repair.left, 1);
	CHECK_EQ(count(root, "objects", ""), 2);
}

TEST(more_files_than_are_hashed_together_are_read)
{
	struct cfs_digest first, last;

	start();
	first = want("0");
	last = want("2499");
	for (int i = 0; i < 2500; i++) {
		char name[16], text[16];

		snprintf(name, sizeof(name), "f%04d", i);
		snprintf(text, sizeof(text), "%d", i);
		put(from, name, text);
	}
	CHECK_EQ(cfs_repair_from(&repair, &store, from, &err), 0);
	CHECK(stored(&first));
	CHECK(stored(&last));
	CHECK_EQ(repair.left, 0);
}

TEST(objects_are_taken_from_a_repository_by_name)
{
	struct cfs_digest id;
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";

	start();
	id = want("object");
	cfs_digest_to_path(&id, path + strlen(path));
	put(from, "meta.json", SHA256_META);
	make_dir(from, "objects");
	path[strlen("objects/xx")] = '\0';
	make_dir(from, path);
	path[strlen("objects/xx")] = '/';
	put(from, path, "damaged");
	put(from, "beside", "object");
	CHECK_EQ(cfs_repair_from(&repair, &store, from, &err), 0);
	CHECK(!stored(&id));
	CHECK_EQ(repair.left, 1);
	put(from, path, "object");
	CHECK_EQ(cfs_repair_from(&repair, &store, from, &err), 0);
	CHECK(stored(&id));
	CHECK_EQ(repair.left, 0);
}

TEST(what_is_good_already_is_not_mended)
{
	struct cfs_bytes data = { (const uint8_t *)"good", 4 };
	struct cfs_digest id;

	start();
	id = want("good");
	CHECK_EQ(cfs_object_add_known(&store, data, &id, &err), 0);
	put(from, "a", "good");
	CHECK_EQ(cfs_repair_from(&repair, &store, from, &err), 0);
	CHECK_EQ(repair.left, 0);
	CHECK_EQ(repair.objects_mended.n, 0);
}

TEST(a_secure_store_wants_the_kernels_word)
{
	struct cfs_digest id;

	start();
	store.secure = true;
	id = want("secure");
	put(from, "a", "secure");
	/* fs-verity is not to be had at all. */
	CHECK_EQ(cfs_repair_from(&repair, &store, from, &err), -EOPNOTSUPP);
	CHECK(strstr(err.msg, from));
	CHECK_EQ(repair.objects_mended.n, 0);
	/* The kernel measures something else. */
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .fill = 0x11 };
	CHECK_EQ(cfs_repair_from(&repair, &store, from, &err), 0);
	CHECK_EQ(repair.objects_mended.n, 0);
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .digest = id.bytes };
	CHECK_EQ(cfs_repair_from(&repair, &store, from, &err), 0);
	CHECK_EQ(repair.objects_mended.n, 1);
}

TEST(digests_of_the_other_algorithm_are_passed_over)
{
	struct cfs_digest id = { .alg = CFS_ALG_SHA512 };

	start();
	CHECK_EQ(cfs_digest_set_add(&repair.wanted, &id, &err), 0);
	CHECK_EQ(cfs_repair_from(&repair, &store, from, &err), 0);
	CHECK_EQ(repair.left, 0);
	CHECK_EQ(repair.objects_mended.n, 0);
}

TEST(a_source_that_is_no_directory_is_an_error)
{
	CFS_AUTOFREE char *none = NULL, *fifo = NULL;

	start();
	none = below(from, "none");
	fifo = below(from, "fifo");
	CHECK_EQ(mkfifo(fifo, 0644), 0);
	CHECK_EQ(cfs_repair_from(&repair, &store, none, &err), -ENOENT);
	CHECK_EQ(cfs_repair_from(&repair, &store, fifo, &err), -ENOTDIR);
}

TEST(links_are_made_to_images_alone)
{
	static char image[2048];
	struct cfs_bytes data = { (const uint8_t *)image, sizeof(image) };
	struct cfs_digest id, text, none = { .alg = CFS_ALG_SHA256 };

	start();
	memcpy(image + 1024, "\xe2\xe1\xf5\xe0", 4);
	CHECK_EQ(cfs_object_add_bytes(&store, data, &id, &err), 0);
	data.len = 1024;
	CHECK_EQ(cfs_object_add_bytes(&store, data, &text, &err), 0);
	CHECK_EQ(cfs_digest_set_add(&repair.images, &id, &err), 0);
	CHECK_EQ(cfs_digest_set_add(&repair.images, &text, &err), 0);
	CHECK_EQ(cfs_digest_set_add(&repair.images, &none, &err), 0);
	CHECK_EQ(cfs_repair_links(&repair, &store, &err), 0);
	CHECK_EQ(count(root, "images", ""), 1);
	CHECK_EQ(repair.images_mended.n, 1);
	CHECK(cfs_digest_equal(&repair.images_mended.v[0], &id));
}
