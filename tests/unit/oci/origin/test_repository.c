/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin.h"
#include "oci/referrers.h"
#include "tests/unit/oci/stored.h"

/* An origin of @image, which is stored and has a tag. */
static struct cfs_origin *open_stored(struct cfs_store *store,
				      struct cfs_oci_image *image)
{
	struct cfs_origin *origin = NULL;

	start(store);
	make(store, image, true, ABC);
	name(store, image);
	CHECK_EQ(cfs_origin_open_repo(&store->repo, image, &origin, &err), 0);
	return origin;
}

TEST(the_image_is_the_one_that_is_chosen)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTO(cfs_origin_free)
	struct cfs_origin *origin = open_stored(&store, &image);
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };

	CHECK(cfs_origin_has_plain_layers(origin));
	CHECK_EQ(cfs_origin_choose(origin, NULL, &choice, &err), 0);
	CHECK(cfs_oci_id_equal(&choice.id, &image.id));
	CHECK_EQ(choice.manifest.len, image.manifest_text.len);
	CHECK_MEM(choice.manifest.data, image.manifest_text.data,
		  choice.manifest.len);
}

TEST(layers_and_configurations_are_blobs_by_their_digests)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	const struct cfs_oci_id *config = &image.manifest.config.id;
	struct cfs_oci_id abc, other;
	char name_of[CFS_OCI_NAME_MAX];

	CHECK_EQ(cfs_oci_id_parse(bytes(ABC), &abc, &err), 0);
	CHECK_EQ(cfs_oci_id_parse(bytes(OTHER), &other, &err), 0);
	origin = open_stored(&store, &image);
	cfs_oci_layer_name(&abc, name_of);
	CHECK_EQ(cfs_stream_link(&store, name_of, &image.layers[0], &err), 0);
	CHECK_EQ(cfs_origin_read(origin, &abc, CFS_OCI_SIZE_ANY, 3, &got, &err),
		 0);
	CHECK_STR(cfs_buf_text(&got), "abc");
	got.len = 0;
	CHECK_EQ(cfs_origin_read(origin, config, image.config_text.len, 4096,
				 &got, &err),
		 0);
	CHECK_STR(cfs_buf_text(&got), cfs_buf_text(&image.config_text));
	CHECK_EQ(cfs_origin_blob(origin, &other, CFS_OCI_SIZE_ANY, &blob, &err),
		 0);
}

TEST(a_layer_under_the_digest_of_another_is_not_handed_out_as_it)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	struct cfs_oci_id other;
	char name_of[CFS_OCI_NAME_MAX];

	CHECK_EQ(cfs_oci_id_parse(bytes(OTHER), &other, &err), 0);
	origin = open_stored(&store, &image);
	cfs_oci_layer_name(&other, name_of);
	CHECK_EQ(cfs_stream_link(&store, name_of, &image.layers[0], &err), 0);
	CHECK_EQ(cfs_origin_read(origin, &other, CFS_OCI_SIZE_ANY, 3, &got,
				 &err),
		 -EBADMSG);
}

TEST(an_artifact_is_listed_if_it_can_be_opened)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 }, artifact = { 0 };
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOREFERRERS struct cfs_oci_referrers list = { 0 }, none = { 0 };
	CFS_AUTOFREE char *ref = NULL, *bad = NULL;
	char name_of[CFS_OCI_NAME_MAX];

	origin = open_stored(&store, &image);
	CHECK_EQ(cfs_origin_referrers(origin, &image.id, &none, &err), 0);
	CHECK_EQ(none.found.n, 0);
	make(&store, &artifact, false, OTHER);
	CHECK_EQ(cfs_oci_image_write(&store, &artifact, &err), 0);
	CHECK(asprintf(&ref, CFS_OCI_REFERRERS "/%s/%s", image.id.text,
		       artifact.id.text) > 0);
	CHECK(asprintf(&bad, CFS_OCI_REFERRERS "/%s/" OTHER, image.id.text) >
	      0);
	cfs_oci_manifest_name(&artifact.id, name_of);
	CHECK_EQ(cfs_stream_ref_set(&store, ref, name_of, &err), 0);
	CHECK_EQ(cfs_stream_ref_set(&store, bad, "oci-manifest-" OTHER, &err),
		 0);
	CHECK_EQ(cfs_origin_referrers(origin, &image.id, &list, &err), 0);
	CHECK_EQ(list.found.n, 1);
	CHECK(cfs_oci_id_equal(&list.found.v[0].id, &artifact.id));
	CHECK_EQ(list.found.v[0].size, artifact.manifest_text.len);
}
