/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Images of one small layer in a repository of a test's own. */
#ifndef CFS_TESTS_UNIT_OCI_STORED_H
#define CFS_TESTS_UNIT_OCI_STORED_H

#include "oci/image.h"
#include "oci/tag.h"
#include "repo/object.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"
#include "tests/unit/repo/store.h"

static struct cfs_err err;

#define OCI "application/vnd.oci.image."
/* Of "abc", and of nothing that there is. */
#define ABC \
	"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OTHER \
	"sha256:aa7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static inline struct cfs_bytes bytes(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

static inline struct cfs_digest add(struct cfs_store *store, const char *text)
{
	struct cfs_digest id;

	CHECK_EQ(cfs_object_add_bytes(store, bytes(text), &id, &err), 0);
	return id;
}

/* A layer: "a" as it is, "bc" as an object. */
static inline struct cfs_digest add_layer(struct cfs_store *store)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_digest bc = add(store, "bc"), id;
	struct cfs_sink sink;

	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_LAYER, &w,
				       &err),
		 0);
	sink = cfs_stream_inline(w);
	CHECK_EQ(cfs_sink_write(&sink, "a", 1, &err), 0);
	CHECK_EQ(cfs_stream_external(w, 2, &bc, &err), 0);
	CHECK_EQ(cfs_stream_store(store, w, &id, &err), 0);
	return id;
}

/* A stream of these bytes, none of them in an object. */
static inline struct cfs_digest add_inline(struct cfs_store *store,
					   struct cfs_bytes content)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_digest id;
	struct cfs_sink sink;

	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_LAYER, &w,
				       &err),
		 0);
	sink = cfs_stream_inline(w);
	CHECK_EQ(cfs_sink_write(&sink, content.data, content.len, &err), 0);
	CHECK_EQ(cfs_stream_store(store, w, &id, &err), 0);
	return id;
}

static inline void id_of(const struct cfs_buf *text, struct cfs_oci_id *ret)
{
	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, cfs_buf_bytes(text),
				     ret, &err),
		 0);
}

/* A container, or an artifact, of one layer with the digest @diff_id. */
static inline void make(struct cfs_store *store, struct cfs_oci_image *image,
			bool is_container, const char *diff_id)
{
	struct cfs_oci_id config;

	*image = (struct cfs_oci_image){ .is_container = is_container };
	cfs_buf_addf(&image->config_text,
		     "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
		     diff_id);
	id_of(&image->config_text, &config);
	cfs_buf_addf(&image->manifest_text,
		     "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"%s\","
		     "\"digest\":\"%s\",\"size\":%zu},"
		     "\"layers\":[{\"mediaType\":\"" OCI
		     "layer.v1.tar\",\"digest\":\"%s\",\"size\":3}]}",
		     is_container ? OCI "config.v1+json" : "text/plain",
		     config.text, image->config_text.len, diff_id);
	id_of(&image->manifest_text, &image->id);
	CHECK_EQ(cfs_oci_manifest_parse(cfs_buf_bytes(&image->manifest_text),
					&image->manifest, &err),
		 0);
	CHECK_EQ(cfs_oci_config_parse(cfs_buf_bytes(&image->config_text),
				      &image->config, &err),
		 0);
	image->layers = calloc(1, sizeof(*image->layers));
	CHECK(image->layers);
	image->layers[0] = add_layer(store);
}

static inline void name(struct cfs_store *store, struct cfs_oci_image *image)
{
	char layer[CFS_OCI_NAME_MAX];

	cfs_oci_layer_name(cfs_oci_image_layer_id(image, 0), layer);
	CHECK_EQ(cfs_stream_link(store, layer, &image->layers[0], &err), 0);
	CHECK_EQ(cfs_oci_image_write(store, image, &err), 0);
	CHECK_EQ(cfs_oci_tag_set(store, "x:1", &image->id, &err), 0);
}

static inline void lose(struct cfs_store *store, const struct cfs_digest *id)
{
	char path[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(id, path);
	CHECK_EQ(unlinkat(store->objects, path, 0), 0);
}

#endif
