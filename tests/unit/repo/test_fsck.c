/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/fsck.h"

#include "repo/lock.h"
#include "repo/object.h"
#include "repo/ref.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

/* The object of one zero byte. */
#define OBJECT                \
	"objects/b8/03429503" \
	"d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551"

static struct cfs_err err;
static char root[4096];
static char said[65536];

static void note(void *arg, const char *finding)
{
	(void)arg;
	strcat(said, finding);
	strcat(said, "\n");
}

static void no_verity(void)
{
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100000,
				     .enable_result = -ENOTTY };
}

/* A repository with one object and a name for it, which is no image. */
static void start(void)
{
	struct cfs_bytes data = { (const uint8_t *)"", 1 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_digest id;

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	no_verity();
	CHECK(cfs_repo_open(AT_FDCWD, root, &repo, &err) == 1);
	CHECK(cfs_store_open(&repo, false, NULL, &store, &err) == 0);
	CHECK(cfs_object_add_bytes(&store, data, &id, &err) == 0);
}

static struct cfs_fsck look(bool secure, bool metadata_only)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_fsck_params params = { .secure = secure,
						.metadata_only = metadata_only,
						.found = note };
	struct cfs_fsck count = { 0 };

	said[0] = '\0';
	CHECK(cfs_repo_open(AT_FDCWD, root, &repo, &err) == 1);
	CHECK(cfs_repo_fsck(&repo, &params, &count, &err) == 0);
	return count;
}

TEST(a_sane_repository_has_no_findings)
{
	struct cfs_fsck count;

	start();
	count = look(false, false);
	CHECK(count.findings == 0 && count.objects_checked == 1);
	CHECK(look(false, true).objects_checked == 0);
}

TEST(a_secure_repository_wants_the_kernels_word)
{
	struct cfs_fsck count;

	start();
	count = look(true, false);
	CHECK(count.findings == 1 && count.objects_corrupted == 1);
	CHECK(strstr(said, "fsck: object-verity-missing: " OBJECT "\n"));
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .fill = 0x11 };
	CHECK(look(true, false).objects_corrupted == 1);
	CHECK(strstr(said, "object-digest-mismatch: " OBJECT ": measured 11"));
	fake.measure_result = -EIO;
	CHECK(look(false, false).objects_corrupted == 1);
	CHECK(strstr(said, "object-verity-failed: " OBJECT));
}

TEST(findings_do_not_end_the_search)
{
	struct cfs_fsck count;

	start();
	put(root, OBJECT, "xx");
	put(root, "objects/junk", "");
	make_dir(root, "objects/00");
	put(root, "objects/00/junk", "");
	make_dir(root, "images");
	make_link(root, "images/nothing", "../objects/00/nothing");
	put(root, "images/file", "");
	make_dir(root, "images/refs");
	make_link(root, "images/refs/x", "../gone");
	count = look(false, false);
	CHECK(count.findings == 6);
	CHECK(count.objects_checked == 2 && count.objects_corrupted == 2);
	CHECK(count.images_checked == 2 && count.images_corrupted == 2);
	CHECK(count.broken_links == 1);
}

TEST(what_is_no_image_is_said_to_be_none)
{
	start();
	make_dir(root, "images");
	make_link(root,
		  "images/b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526"
		  "582e685c0551",
		  "../" OBJECT);
	CHECK(look(false, false).images_corrupted == 1);
	CHECK(strstr(said, "fsck: image-invalid: images/b803"));
}

TEST(directories_of_names_are_followed_to_a_limit)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_fsck_params params = { .found = note };
	struct cfs_fsck count;
	char path[4096] = "images";

	start();
	make_dir(root, path);
	strcat(path, "/refs");
	make_dir(root, path);
	for (int i = 0; i < 70; i++) {
		strcat(path, "/d");
		make_dir(root, path);
	}
	CHECK(cfs_repo_open(AT_FDCWD, root, &repo, &err) == 1);
	CHECK(cfs_repo_fsck(&repo, &params, &count, &err) == -ELOOP);
}
