/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/fetch.h"

#include "tests/unit/oci/pulled.h"

/* The image of the manifest @descriptor in the layout @dir. */
static int fetch(const char *dir, const char *descriptor,
		 struct cfs_oci_image *ret)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = open_layout(dir);
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { .id = id_in(
								descriptor) };

	CHECK_EQ(cfs_origin_manifest(origin, &choice.id, CFS_OCI_SIZE_ANY,
				     &choice.manifest, &err),
		 0);
	return cfs_oci_fetch_documents(origin, &choice, ret, &err);
}

static char *quoted(const char *descriptor)
{
	return text("\"%s\"", id_in(descriptor).text);
}

TEST(the_documents_of_an_image_are_those_of_its_manifest)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	char *dir = new_layout("documents");
	char *layer = put_blob(dir, T_LAYER, "layer", "");
	char *manifest = put_container(dir, layer, quoted(layer));
	struct cfs_oci_id id = id_in(manifest), layer_id = id_in(layer);

	CHECK_EQ(fetch(dir, manifest, &image), 0);
	CHECK(image.is_container);
	CHECK(cfs_oci_id_equal(&image.id, &id));
	CHECK_EQ(image.manifest.layers.n, 1);
	CHECK_EQ(image.config.n_diff_ids, 1);
	CHECK(cfs_oci_id_equal(&image.config.diff_ids[0], &layer_id));
}

TEST(layers_and_diff_ids_are_as_many)
{
	CFS_AUTOIMAGE struct cfs_oci_image one = { 0 }, none = { 0 };
	char *dir = new_layout("many");
	char *layer = put_blob(dir, T_LAYER, "layer", "");
	char *two = text("%s,%s", quoted(layer), quoted(layer));

	CHECK_EQ(fetch(dir, put_container(dir, layer, two), &one), -EBADMSG);
	CHECK(said("has 1 layers, its config "));
	CHECK(said(" 2 diff_ids"));
	CHECK_EQ(fetch(dir, put_container(dir, layer, ""), &none), -EBADMSG);
}

TEST(layers_of_a_container_are_archives)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	char *dir = new_layout("archives");
	char *good = put_blob(dir, T_LAYER, "layer", "");
	char *bad = put_blob(dir, "application/wasm", "wasm", "");

	CHECK_EQ(fetch(dir,
		       put_container(dir, text("%s,%s", good, bad),
				     text("%s,%s", quoted(good), quoted(bad))),
		       &image),
		 -EOPNOTSUPP);
	CHECK(said("layer 1 ("));
	CHECK(said("'application/wasm'"));
}

TEST(a_configuration_is_what_its_digest_says)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 }, gone = { 0 };
	char *dir = new_layout("config");
	char *config = put_blob(dir, T_CONFIG, "{}  ", "");
	struct cfs_oci_id id = id_in(config);
	char *manifest = put_blob(dir, T_MANIFEST,
				  text("{\"config\":%s,\"layers\":[]}", config),
				  "");

	put_file(blob_path(dir, &id), "{ } ");
	CHECK_EQ(fetch(dir, manifest, &image), -EBADMSG);
	CHECK(said(text("config %s", id.text)));
	CHECK_EQ(unlink(blob_path(dir, &id)), 0);
	CHECK_EQ(fetch(dir, manifest, &gone), -ENOENT);
}

TEST(the_empty_configuration_may_be_left_out)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	char *dir = new_layout("empty");
	char *artifact = put_artifact(dir, "application/x", NULL, "x");
	struct cfs_oci_id empty = id_of("{}");

	CHECK_EQ(unlink(blob_path(dir, &empty)), 0);
	CHECK_EQ(fetch(dir, artifact, &image), 0);
	CHECK(!image.is_container);
	CHECK_STR(cfs_buf_text(&image.config_text), "{}");
}

TEST(a_layer_is_opened_by_the_digest_and_size_of_its_blob)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	char *dir = new_layout("layer");
	char *layer = put_blob(dir, T_LAYER, "layer", "");
	struct cfs_oci_id id = id_in(layer);

	CHECK_EQ(fetch(dir, put_container(dir, layer, quoted(layer)), &image),
		 0);
	origin = open_layout(dir);
	CHECK_EQ(cfs_oci_fetch_layer(origin, &image, 0, &blob, &err), 0);
	CHECK_EQ(blob.end, 5);
	cfs_oci_blob_close(&blob);
	put_file(blob_path(dir, &id), "longer");
	CHECK_EQ(cfs_oci_fetch_layer(origin, &image, 0, &blob, &err), -EBADMSG);
	CHECK_EQ(unlink(blob_path(dir, &id)), 0);
	CHECK_EQ(cfs_oci_fetch_layer(origin, &image, 0, &blob, &err), -ENOENT);
	CHECK(said("the blob is missing"));
}

TEST(of_an_unpacked_layer_the_archive_is_expected)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTO(cfs_origin_free) struct cfs_origin *plain = NULL;
	CFS_AUTO(cfs_origin_free) struct cfs_origin *packed = NULL;
	char *dir = new_layout("expect");
	char *layer = put_blob(dir, T_LAYER "+gzip", "packed", "");
	struct cfs_oci_id diff_id = id_of("archive"), id = id_in(layer);
	struct cfs_oci_layer want;

	CHECK_EQ(fetch(dir,
		       put_container(dir, layer, text("\"%s\"", diff_id.text)),
		       &image),
		 0);
	packed = open_layout(dir);
	for (int i = 0; i < 2; i++) {
		cfs_oci_fetch_expect(i ? packed : NULL, &image, 0, &want);
		CHECK_EQ(want.size, 6);
		CHECK(cfs_oci_id_equal(&want.id, &id));
		CHECK(cfs_oci_id_equal(&want.diff_id, &diff_id));
		CHECK(!want.blob);
	}
	start(&store);
	CHECK_EQ(cfs_origin_open_repo(&store.repo, &image, &plain, &err), 0);
	cfs_oci_fetch_expect(plain, &image, 0, &want);
	CHECK_EQ(want.size, CFS_OCI_SIZE_ANY);
	CHECK(cfs_oci_id_equal(&want.id, &diff_id));
	CHECK(cfs_oci_id_equal(&want.diff_id, &diff_id));
}
