/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/keep.h"

#include "oci/tag.h"
#include "repo/stream/names.h"
#include "tests/unit/oci/seal/vectors.h"
#include "tests/unit/repo/store.h"

static struct cfs_seal_sources sources;

static void read_sources(const struct cfs_store *store, const struct vector *v)
{
	cfs_seal_sources_free(&sources);
	CHECK_EQ(cfs_seal_sources_read(&store->repo, &v->id, &sources, &err),
		 0);
}

/* Lists @artifact, a digest, whether it is there or not. */
static void list(struct cfs_store *store, const struct vector *v,
		 const char *artifact)
{
	char ref[512], name[256];

	snprintf(ref, sizeof(ref), CFS_OCI_REFERRERS "/%s/%s", v->id.text,
		 artifact);
	snprintf(name, sizeof(name), "oci-manifest-%s", artifact);
	CHECK_EQ(cfs_stream_ref_set(store, ref, name, &err), 0);
}

TEST(what_is_kept_is_read_back)
{
	const struct cfs_seal_blobs none = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_oci_id id, want;
	struct vector v;

	start(&store);
	vector_read("single", CFS_ALG_SHA256, &v);
	read_sources(&store, &v);
	CHECK_EQ(sources.n, 0);
	CHECK_EQ(cfs_seal_keep(&store, &v.facts, &v.blobs, &id, &err), 0);
	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256,
				     cfs_buf_bytes(&v.signed_text), &want,
				     &err),
		 0);
	CHECK(cfs_oci_id_equal(&id, &want));
	read_sources(&store, &v);
	CHECK_EQ(sources.n, 1);
	CHECK(sources.v[0]->readable);
	CHECK(cfs_oci_id_equal(&sources.v[0]->id, &id));
	CHECK_EQ(sources.v[0]->artifact.n, 3);
	for (unsigned i = 0; i < 3; i++)
		CHECK(same_bytes(&sources.v[0]->blobs[i],
				 &v.blobs.v[v.artifact.v[i].role]));
	CHECK_EQ(cfs_seal_keep(&store, &v.facts, &v.blobs, &id, &err), 0);
	CHECK_EQ(cfs_seal_keep(&store, &v.facts, &none, &id, &err), 0);
	read_sources(&store, &v);
	CHECK_EQ(sources.n, 2);
	CHECK_EQ(sources.n_left, 0);
	vector_free(&v);
}

TEST(an_artifact_that_is_missing_or_damaged_is_among_them_with_the_reason)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_oci_id id;
	struct vector v;

	start(&store);
	vector_read("single", CFS_ALG_SHA256, &v);
	list(&store, &v, v.id.text);
	list(&store, &v, "latest");
	CHECK_EQ(cfs_seal_keep(&store, &v.facts, &v.blobs, &id, &err), 0);
	read_sources(&store, &v);
	CHECK_EQ(sources.n, 2);
	for (size_t i = 0; i < 2; i++)
		CHECK(sources.v[i]->readable ==
			      cfs_oci_id_equal(&sources.v[i]->id, &id) &&
		      sources.v[i]->readable == !*sources.v[i]->why);
	vector_free(&v);
}

TEST(only_so_many_are_read_at_a_time)
{
	CFS_AUTOSEALLIST struct cfs_seal_list all = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct vector v;

	start(&store);
	vector_read("single", CFS_ALG_SHA256, &v);
	for (unsigned i = 0; i < CFS_SEAL_SOURCES_MAX + 3; i++) {
		char name[CFS_OCI_ID_MAX];

		snprintf(name, sizeof(name), "sha256:%064x", i);
		list(&store, &v, name);
	}
	CHECK_EQ(cfs_seal_list_read(&store.repo, &v.id, &all, &err), 0);
	CHECK(!cfs_seal_list_ends(&all));
	cfs_seal_sources_free(&sources);
	CHECK_EQ(cfs_seal_sources_next(&store.repo, &all, &sources, &err), 0);
	CHECK_EQ(sources.n, CFS_SEAL_SOURCES_MAX);
	CHECK_EQ(sources.n_left, 3);
	CHECK(!cfs_seal_list_ends(&all));
	cfs_seal_sources_free(&sources);
	/* The list is what it was when it was read. */
	CHECK_EQ(cfs_seal_unlist(&store, &v.id, &all.ids.v[0], &err), 1);
	CHECK_EQ(cfs_seal_sources_next(&store.repo, &all, &sources, &err), 0);
	CHECK_EQ(sources.n, 3);
	CHECK_EQ(sources.n_left, CFS_SEAL_SOURCES_MAX);
	CHECK(cfs_seal_list_ends(&all));
	cfs_seal_sources_free(&sources);
	vector_free(&v);
}
