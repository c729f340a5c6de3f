/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/image_details.h"

#include "tests/unit/ops/signed.h"

static struct cfs_image_details details;

static void look(void)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	CHECK(cfs_access_read(&access_of_root, &repo, &err) == 0);
	CHECK(cfs_image_details(&access_of_root, &repo, "name", &image,
				&details, &err) == 0);
}

TEST(an_image_is_described_with_its_objects)
{
	start_image();
	look();
	CHECK(details.version == 1 && details.image_size > 0);
	CHECK(details.objects == 2 && details.missing == 0);
	CHECK(details.size == (uint64_t)2 * LONG_FILE);
	CHECK(details.named > 0 && details.signers.n == 0);
	CHECK(details.broken.code == 0 && details.no_signers.code == 0);
}

TEST(objects_that_are_missing_are_counted)
{
	start_image();
	lose('a');
	look();
	CHECK(details.objects == 2 && details.missing == 1);
	CHECK(details.size == LONG_FILE);
}

TEST(the_signers_of_the_signature_that_is_kept_are_listed)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	struct cfs_sign_result signed_by;

	start_image();
	CHECK(sign_with(key, &signed_by) == 0);
	look();
	CHECK(details.signers.n == 1);
	CHECK(strstr(details.signers.v[0].issuer, "one"));
	put(root, signed_by.path, "no signature");
	look();
	CHECK(details.signers.n == 0 && details.no_signers.code != 0);
}

TEST(a_broken_image_is_no_failure)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	CFS_AUTOFREE char *file = NULL;

	start_image();
	cfs_digest_to_path(&image, path + strlen(path));
	file = below(root, path);
	CHECK(truncate(file, 100) == 0);
	look();
	CHECK(details.broken.code != 0 && details.objects == 0);
}
