/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Trees and their digests: tests/cli/oci_sign.sh, with all vectors. */
#include "oci/seal/image.h"

#include "tests/unit/oci/seal/vectors.h"

TEST(an_image_is_bootable_if_it_refers_to_one_of_whatever_format)
{
	const struct cfs_digest id = { .alg = CFS_ALG_SHA256 };
	struct cfs_oci_erofs erofs = { .v1 = true };

	for (int v1 = 0; v1 < 2; v1++) {
		CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };

		CHECK(!cfs_seal_is_bootable(&image));
		erofs.bootable = false;
		CHECK(cfs_oci_image_set_erofs(&image, &erofs, &id, &err) == 0);
		CHECK(!cfs_seal_is_bootable(&image));
		erofs.bootable = true;
		erofs.v1 = v1;
		CHECK(cfs_oci_image_set_erofs(&image, &erofs, &id, &err) == 0);
		CHECK(cfs_seal_is_bootable(&image));
	}
}

static int compute(const struct cfs_buf *manifest, const struct cfs_buf *config)
{
	struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_oci_image image = { .manifest_text = *manifest,
				       .config_text = *config };
	struct cfs_seal_facts facts;

	repo.meta.alg = CFS_ALG_SHA256;
	CHECK(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, cfs_buf_bytes(manifest),
				  &image.id, &err) == 0);
	return cfs_seal_compute(&repo, &image, false, CFS_XATTRS_ALLOWLIST,
				&facts, &err);
}

TEST(documents_are_checked_before_layers_are_read)
{
	struct vector v, other;

	vector_read("single", CFS_ALG_SHA256, &v);
	vector_read("hardlinks", CFS_ALG_SHA256, &other);
	CHECK(compute(&v.signed_text, &v.config) == -EINVAL);
	CHECK(strstr(err.msg, "only container images"));
	CHECK(compute(&v.manifest, &other.config) == -EBADMSG);
	vector_free(&v);
	vector_free(&other);
}
