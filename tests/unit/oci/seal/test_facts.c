/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/facts.h"

#include "tests/unit/oci/seal/vectors.h"

static void check_vector(struct vector *v)
{
	for (unsigned i = 0; i < v->artifact.n; i++) {
		const struct cfs_seal_entry *entry = &v->artifact.v[i];

		CHECK(v->facts.role[entry->role].known);
		CHECK(cfs_digest_equal(&v->facts.role[entry->role].digest,
				       &entry->digest));
	}
	CHECK(cfs_oci_id_equal(&v->facts.subject.id, &v->artifact.subject.id));
	CHECK_EQ(v->facts.subject.size, v->artifact.subject.size);
	CHECK_STR(v->facts.subject.media_type, v->artifact.subject.media_type);
	CHECK(!v->facts.role[CFS_SEAL_LAYER].known);
}

TEST(manifest_and_configuration_have_the_digests_of_the_vectors)
{
	CHECK_EQ(vectors_each(check_vector), 14);
}

static int begin(const struct vector *v, const struct cfs_oci_id *id)
{
	struct cfs_seal_facts facts;

	return cfs_seal_facts_begin(id, cfs_buf_bytes(&v->manifest),
				    cfs_buf_bytes(&v->config), CFS_ALG_SHA256,
				    &facts, &err);
}

TEST(a_manifest_that_is_not_the_named_one_is_refused)
{
	struct vector v, other;

	vector_read("single", CFS_ALG_SHA256, &v);
	vector_read("hardlinks", CFS_ALG_SHA256, &other);
	CHECK_EQ(begin(&v, &v.id), 0);
	CHECK_EQ(begin(&v, &other.id), -EBADMSG);
	vector_free(&v);
	vector_free(&other);
}

TEST(a_changed_port_user_or_command_makes_another_configuration)
{
	struct vector v;

	vector_read("single", CFS_ALG_SHA256, &v);
	cfs_buf_adds(&v.config, "\n");
	CHECK_EQ(begin(&v, &v.id), -EBADMSG);
	CHECK(strstr(err.msg, "configuration"));
	vector_free(&v);
}

TEST(an_artifact_has_no_digests_to_seal)
{
	struct vector v;

	vector_read("single", CFS_ALG_SHA256, &v);
	v.manifest.len = 0;
	cfs_buf_add(&v.manifest, v.signed_text.data, v.signed_text.len);
	v.config.len = 0;
	cfs_buf_adds(&v.config, CFS_SEAL_CONFIG_TEXT);
	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256,
				     cfs_buf_bytes(&v.manifest), &v.id, &err),
		 0);
	CHECK_EQ(begin(&v, &v.id), -EINVAL);
	CHECK(strstr(err.msg, "only container images"));
	vector_free(&v);
}
