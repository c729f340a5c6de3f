/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/make.h"

#include "keys/verify.h"
#include "tests/unit/oci/seal/vectors.h"

static struct cfs_signing *open_key(const char *name)
{
	struct cfs_signing *signing = NULL;
	char cert[128], key[128];

	snprintf(cert, sizeof(cert), SEALING "keys/%s.cert.pem", name);
	snprintf(key, sizeof(key), SEALING "keys/%s.key.pem", name);
	CHECK_EQ(cfs_signing_open(cert, key, &signing, &err), 0);
	return signing;
}

static void sign_and_compare(struct vector *v)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *rsa = open_key("rsa");
	CFS_AUTOSEALBLOBS struct cfs_seal_blobs blobs = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_seal_artifact artifact;

	CHECK_EQ(cfs_seal_sign(&v->facts, rsa, &blobs, &err), 1);
	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++)
		CHECK(same_bytes(&blobs.v[i], &v->blobs.v[i]));
	CHECK_EQ(cfs_seal_make(&v->facts, &blobs, &artifact, &text, &err), 0);
	CHECK(same_bytes(&text, &v->signed_text));
	CHECK_EQ(artifact.n, v->artifact.n);
}

TEST(signed_artifacts_are_the_vectors_byte_for_byte)
{
	CHECK_EQ(vectors_each(sign_and_compare), 14);
}

static void seal_and_compare(struct vector *v)
{
	struct cfs_seal_blobs none = { 0 };
	struct cfs_seal_artifact artifact;

	for (int i = 0; i < 4; i++) {
		CFS_AUTOBUF struct cfs_buf text = { 0 };

		CHECK_EQ(
			cfs_seal_make(&v->facts, &none, &artifact, &text, &err),
			0);
		CHECK(same_bytes(&text, &v->digests_text));
	}
}

TEST(sealing_again_gives_the_same_bytes)
{
	CHECK_EQ(vectors_each(seal_and_compare), 14);
}

TEST(signers_come_together_and_none_signs_twice)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *rsa = open_key("rsa");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *other = NULL;
	CFS_AUTO(cfs_signing_free) struct cfs_signing *ec = open_key("ec");
	struct cfs_pkcs7 p7;
	struct vector v;

	other = open_key("other");
	vector_read("single", CFS_ALG_SHA256, &v);
	CHECK_EQ(cfs_seal_sign(&v.facts, rsa, &v.blobs, &err), 0);
	CHECK_EQ(cfs_seal_sign(&v.facts, other, &v.blobs, &err), 1);
	CHECK_EQ(cfs_seal_sign(&v.facts, ec, &v.blobs, &err), 1);
	CHECK_EQ(cfs_seal_sign(&v.facts, ec, &v.blobs, &err), 0);
	CHECK_EQ(cfs_pkcs7_parse(cfs_buf_bytes(&v.blobs.v[CFS_SEAL_CONFIG]),
				 &p7, &err),
		 0);
	CHECK_EQ(p7.n, 3);
	vector_free(&v);
}

TEST(an_artifact_that_is_signed_in_part_is_not_made)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_seal_artifact artifact;
	struct vector v;

	vector_read("boot-plain", CFS_ALG_SHA512, &v);
	cfs_buf_free(&v.blobs.v[CFS_SEAL_BOOTABLE]);
	CHECK_EQ(cfs_seal_make(&v.facts, &v.blobs, &artifact, &text, &err),
		 -EINVAL);
	CHECK(strstr(err.msg, "merged.bootable"));
	v.facts.role[CFS_SEAL_BOOTABLE].known = false;
	CHECK_EQ(cfs_seal_make(&v.facts, &v.blobs, &artifact, &text, &err), 0);
	CHECK_EQ(artifact.n, 3);
	vector_free(&v);
}

TEST(the_merged_image_must_be_known)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_seal_artifact artifact;
	struct vector v;

	vector_read("single", CFS_ALG_SHA256, &v);
	v.facts.role[CFS_SEAL_MERGED].known = false;
	CHECK_EQ(cfs_seal_make(&v.facts, &v.blobs, &artifact, &text, &err),
		 -EINVAL);
	CHECK(!cfs_seal_makes(&v.facts, CFS_SEAL_MERGED));
	CHECK(!cfs_seal_makes(&v.facts, CFS_SEAL_LAYER));
	vector_free(&v);
}

TEST(a_blob_that_is_no_signature_is_not_signed_on)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *rsa = open_key("rsa");
	struct vector v;

	vector_read("single", CFS_ALG_SHA256, &v);
	v.blobs.v[CFS_SEAL_CONFIG].data[0]++;
	CHECK_EQ(cfs_seal_sign(&v.facts, rsa, &v.blobs, &err), -EBADMSG);
	CHECK_EQ(strncmp(err.msg, "config: ", 8), 0);
	vector_free(&v);
}
