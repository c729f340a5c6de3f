/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Images that are signed: tests/cli/oci_trust.sh. */
#include "ops/oci_erofs.h"

#include "tests/unit/oci/stored.h"

static struct cfs_digest digest_of(uint8_t first)
{
	return (struct cfs_digest){ .alg = CFS_ALG_SHA256, .bytes = { first } };
}

static void link_erofs(struct cfs_oci_image *image, bool bootable, bool v1,
		       uint8_t first)
{
	const struct cfs_oci_erofs erofs = { .bootable = bootable, .v1 = v1 };
	const struct cfs_digest id = digest_of(first);

	CHECK_EQ(cfs_oci_image_set_erofs(image, &erofs, &id, &err), 0);
}

static int find(const struct cfs_oci_image *image, unsigned format,
		bool bootable)
{
	const struct cfs_repo repo = { .meta.erofs_default = format };
	struct cfs_digest id;
	int r = cfs_oci_linked_erofs(
		&repo, image, bootable ? CFS_SEAL_BOOTABLE : CFS_SEAL_MERGED,
		&id, &err);

	return r < 0 ? r : id.bytes[0];
}

TEST(the_format_of_the_repository_goes_before_the_other)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { .is_container = true };

	link_erofs(&image, false, true, 1);
	CHECK_EQ(find(&image, 1, false), 1);
	CHECK_EQ(find(&image, 2, false), 1);
	link_erofs(&image, false, false, 2);
	CHECK_EQ(find(&image, 1, false), 1);
	CHECK_EQ(find(&image, 2, false), 2);
	CHECK_EQ(find(&image, 1, true), -ENOENT);
	CHECK(strstr(err.msg, "--bootable"));
	link_erofs(&image, true, false, 3);
	CHECK_EQ(find(&image, 1, true), 3);
}

TEST(the_default_xattrs_go_before_the_others)
{
	const struct cfs_oci_erofs keep = { .v1 = true,
					    .filter = CFS_XATTRS_KEEP_USER };
	CFS_AUTOIMAGE struct cfs_oci_image image = { .is_container = true };
	const struct cfs_digest id = digest_of(1);

	CHECK_EQ(cfs_oci_image_set_erofs(&image, &keep, &id, &err), 0);
	CHECK_EQ(find(&image, 1, false), 1);
	CHECK_EQ(find(&image, 2, false), 1);
	link_erofs(&image, false, false, 2);
	CHECK_EQ(find(&image, 1, false), 2);
}

TEST(an_artifact_has_no_image)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { .is_container = false };

	CHECK_EQ(find(&image, 1, false), -ENOENT);
	CHECK(strstr(err.msg, "is an artifact and no container image"));
}

TEST(an_image_that_was_signed_has_to_exist_and_to_be_protected)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_access access = { .path = root };
	const struct cfs_proof proof = { .n = 1, .digest = digest_of(1) };
	struct cfs_digest id;

	start(&store);
	CHECK_EQ(cfs_oci_signed_erofs(&access, &store.repo, &proof, &id, &err),
		 -EPERM);
	CHECK(strstr(err.msg, "enable-verity"));
	access.flags = CFS_ACCESS_INSECURE;
	CHECK_EQ(cfs_oci_signed_erofs(&access, &store.repo, &proof, &id, &err),
		 -ENOENT);
	CHECK(strstr(err.msg, "oci seal"));
}
