/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/export.h"

#include "oci/tag.h"
#include "tests/unit/oci/pulled.h"

/* Exports @image to a new layout @name. */
static int export_to(const char *name, const struct cfs_store *store,
		     const struct cfs_oci_image *image,
		     struct cfs_oci_exported *ret)
{
	CFS_AUTOLAYOUT struct cfs_layout layout = CFS_LAYOUT_INIT;

	CHECK_EQ(cfs_layout_open(text("%s/%s", getenv("TMPDIR"), name), &layout,
				 &err),
		 0);
	return cfs_oci_export(&store->repo, image, &layout, ret, &err);
}

static bool has_blob(const char *name, const struct cfs_oci_id *id)
{
	return access(blob_path(text("%s/%s", getenv("TMPDIR"), name), id),
		      F_OK) == 0;
}

/* Stores an image of one layer, and an artifact about it. */
static void pull(struct cfs_store *store, const char *name,
		 struct cfs_oci_pulled *ret)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char *manifest, *dir, *about;

	base_layer(&tar);
	dir = layout_of(name, &tar, &manifest);
	about = put_artifact(dir, "application/x", manifest, "1");
	put_index(dir, text("%s,%s", manifest, about));
	start(store);
	CHECK_EQ(pull_with(store, dir,
			   (struct cfs_oci_pull){ .referrers = true }, ret),
		 0);
	CHECK_EQ(ret->referrers.found.n, 1);
}

TEST(what_came_uncompressed_goes_out_the_same_with_its_artifacts)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTOEXPORTED struct cfs_oci_exported out = { 0 };

	pull(&store, "same", &pulled);
	CHECK_EQ(export_to("same-out", &store, &pulled.image, &out), 0);
	CHECK(out.is_same);
	CHECK_EQ(out.written.n, 2);
	CHECK_EQ(out.left.n, 0);
	CHECK(cfs_oci_id_equal(&out.written.v[0].id, &pulled.image.id));
	CHECK(cfs_oci_id_equal(&out.written.v[1].id,
			       &pulled.referrers.found.v[0].id));
	CHECK_STR(out.written.v[1].artifact_type, "application/x");
	CHECK(has_blob("same-out", &pulled.image.id));
	CHECK(has_blob("same-out", &pulled.image.manifest.config.id));
	CHECK(has_blob("same-out", &pulled.image.manifest.layers.v[0].id));
	CHECK(has_blob("same-out", &out.written.v[1].id));
}

TEST(a_compressed_layer_that_was_not_kept_goes_out_as_its_archive)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTOEXPORTED struct cfs_oci_exported out = { 0 };
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	CFS_AUTOBUF struct cfs_buf read = { 0 };
	struct cfs_oci_image *image = &pulled.image;
	struct cfs_oci_descriptor *layer;
	struct cfs_oci_id diff_id, packed = id_of("the blob as it came");
	char *digest, *copy;

	pull(&store, "packed", &pulled);
	/* As if the layer had come compressed; the rest of the manifest is
	 * that of the image whose layer did not. */
	layer = &image->manifest.layers.v[0];
	diff_id = layer->id;
	copy = keep(strdup(cfs_buf_text(&image->manifest_text)));
	digest = strstr(copy, diff_id.text);
	CHECK(digest);
	memcpy(digest, packed.text, strlen(packed.text));
	image->manifest_text.len = 0;
	cfs_buf_adds(&image->manifest_text, copy);
	layer->id = packed;
	CHECK_EQ(export_to("packed-out", &store, image, &out), 0);
	CHECK(!out.is_same);
	CHECK_EQ(out.n_unkept, 1);
	CHECK(has_blob("packed-out", &diff_id));
	CHECK(!has_blob("packed-out", &packed));
	CHECK(cfs_oci_id_equal(&out.written.v[0].id, &image->id));
	/* An artifact about the manifest that came is about another one. */
	CHECK_EQ(out.written.n, 1);
	CHECK_EQ(out.left.n, 1);
	CHECK(strstr(out.left.v[0].why, "not the one that goes out"));
	CHECK_EQ(
		cfs_read_file(AT_FDCWD,
			      blob_path(text("%s/packed-out", getenv("TMPDIR")),
					&out.written.v[0].id),
			      1 << 20, &read, &err),
		1);
	CHECK_EQ(cfs_oci_manifest_parse(cfs_buf_bytes(&read), &m, &err), 0);
	CHECK(cfs_oci_id_equal(&m.layers.v[0].id, &diff_id));
	CHECK_STR(m.layers.v[0].media_type, T_LAYER);
}

TEST(a_layer_that_is_damaged_is_an_error_and_an_artifact_is_left_out)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTOEXPORTED struct cfs_oci_exported out = { 0 }, none = { 0 };
	char name[CFS_OCI_NAME_MAX], path[CFS_OBJECT_PATH_MAX];
	struct cfs_oci_id data = id_of("1");

	pull(&store, "damaged", &pulled);
	cfs_oci_layer_name(&data, name);
	CHECK_EQ(unlink(keep(below(root, text("streams/%s", name)))), 0);
	CHECK_EQ(export_to("artifact-out", &store, &pulled.image, &out), 0);
	CHECK_EQ(out.written.n, 1);
	CHECK_EQ(out.left.n, 1);
	CHECK(strstr(out.left.v[0].why, "is missing"));
	cfs_digest_to_path(&pulled.image.layers[0], path);
	CHECK_EQ(unlinkat(store.objects, path, 0), 0);
	CHECK_EQ(export_to("layer-out", &store, &pulled.image, &none), -ENOENT);
	CHECK(said("layer 0"));
}
