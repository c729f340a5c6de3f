/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/artifact.h"

#include "tests/unit/oci/seal/vectors.h"

static void write_and_compare(struct vector *v)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	CFS_AUTOBUF struct cfs_buf digests = { 0 };

	CHECK_EQ(cfs_seal_artifact_write(&v->artifact, &out, &err), 0);
	CHECK(same_bytes(&out, &v->signed_text));
	for (unsigned i = 0; i < v->artifact.n; i++)
		v->artifact.v[i].is_signed = false;
	CHECK_EQ(cfs_seal_artifact_write(&v->artifact, &digests, &err), 0);
	CHECK(same_bytes(&digests, &v->digests_text));
}

TEST(what_is_read_of_a_vector_is_written_as_the_same_bytes)
{
	CHECK_EQ(vectors_each(write_and_compare), 14);
}

TEST(the_digests_of_empty_blobs_are_right)
{
	struct cfs_oci_id have, want;
	struct cfs_bytes text = { (const uint8_t *)CFS_SEAL_CONFIG_TEXT, 2 };

	cfs_seal_empty_config(&have);
	CHECK_EQ(cfs_oci_id_of_bytes(have.alg, text, &want, &err), 0);
	CHECK(cfs_oci_id_equal(&have, &want));
	cfs_seal_empty_blob(&have);
	text.len = 0;
	CHECK_EQ(cfs_oci_id_of_bytes(have.alg, text, &want, &err), 0);
	CHECK(cfs_oci_id_equal(&have, &want));
}

TEST(the_media_type_of_the_subject_is_escaped)
{
	struct cfs_seal_artifact back;
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct vector v;

	vector_read("single", CFS_ALG_SHA256, &v);
	strcpy(v.artifact.subject.media_type, "a\"},{\n");
	CHECK_EQ(cfs_seal_artifact_write(&v.artifact, &out, &err), 0);
	CHECK_EQ(cfs_seal_artifact_read(cfs_buf_bytes(&out), &back, &err), 1);
	CHECK_STR(back.subject.media_type, "a\"},{\n");
	vector_free(&v);
}
