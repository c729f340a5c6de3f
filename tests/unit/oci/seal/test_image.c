/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Trees and their digests: tests/cli/oci_sign.sh, with all vectors. */
#include "oci/seal/image.h"

#include "tests/unit/oci/seal/vectors.h"

static int compute(const struct cfs_buf *manifest, const struct cfs_buf *config)
{
	struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_oci_image image = { .manifest_text = *manifest,
				       .config_text = *config };
	struct cfs_seal_facts facts;

	repo.meta.alg = CFS_ALG_SHA256;
	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256,
				     cfs_buf_bytes(manifest), &image.id, &err),
		 0);
	return cfs_seal_compute(&repo, &image, false, CFS_XATTRS_ALLOWLIST,
				&facts, &err);
}

TEST(documents_are_checked_before_layers_are_read)
{
	struct vector v, other;

	vector_read("single", CFS_ALG_SHA256, &v);
	vector_read("hardlinks", CFS_ALG_SHA256, &other);
	CHECK_EQ(compute(&v.signed_text, &v.config), -EINVAL);
	CHECK(strstr(err.msg, "only container images"));
	CHECK_EQ(compute(&v.manifest, &other.config), -EBADMSG);
	vector_free(&v);
	vector_free(&other);
}
