/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/document.h"

#include "oci/json_doc.h"
#include "tests/unit/oci/stored.h"

/* A manifest in the repository, and its stream. */
static void store_manifest(struct cfs_store *store, struct cfs_oci_image *image,
			   struct cfs_digest *stream)
{
	char name[CFS_OCI_NAME_MAX];

	start(store);
	make(store, image, true, ABC);
	CHECK_EQ(cfs_oci_image_write(store, image, &err), 0);
	cfs_oci_manifest_name(&image->id, name);
	CHECK_EQ(cfs_stream_lookup(&store->repo, name, stream, &err), 1);
}

static int load(const struct cfs_store *store, const char *type,
		const struct cfs_oci_id *id, const struct cfs_digest *stream,
		struct cfs_oci_document *doc)
{
	doc->stream = *stream;
	return cfs_oci_document_load(&store->repo, type, id, doc, &err);
}

/* It fails with @r, and these words. */
static void fails(const struct cfs_store *store, const char *type,
		  const struct cfs_oci_id *id, const struct cfs_digest *stream,
		  int r, const char *words)
{
	CFS_AUTODOCUMENT struct cfs_oci_document doc = CFS_OCI_DOCUMENT_INIT;

	CHECK_EQ(load(store, type, id, stream, &doc), r);
	if (!strstr(err.msg, words))
		printf("# %s\n", err.msg);
	CHECK(strstr(err.msg, words));
}

TEST(a_document_is_read_byte_for_byte_with_its_references)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTODOCUMENT struct cfs_oci_document doc = CFS_OCI_DOCUMENT_INIT;
	struct cfs_digest stream, layer;

	store_manifest(&store, &image, &stream);
	CHECK_EQ(load(&store, CFS_STREAM_MANIFEST, &image.id, &stream, &doc),
		 0);
	CHECK_EQ(doc.text.len, image.manifest_text.len);
	CHECK_MEM(doc.text.data, image.manifest_text.data, doc.text.len);
	CHECK(cfs_stream_find(doc.file.stream, ABC, &layer));
	CHECK(cfs_digest_equal(&layer, &image.layers[0]));
}

TEST(a_document_of_another_digest_is_refused_with_both)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_oci_id other;
	struct cfs_digest stream;

	store_manifest(&store, &image, &stream);
	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, bytes("abc"), &other,
				     &err),
		 0);
	fails(&store, CFS_STREAM_MANIFEST, &other, &stream, -EBADMSG, ABC);
	CHECK(strstr(err.msg, image.id.text));
}

TEST(a_stream_of_another_type_is_no_document)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_digest stream;

	store_manifest(&store, &image, &stream);
	fails(&store, CFS_STREAM_CONFIG, &image.id, &stream, -EBADMSG, "");
	/* A layer begins with bytes of its own. */
	fails(&store, CFS_STREAM_LAYER, &image.id, &image.layers[0], -EBADMSG,
	      "does not begin with an object");
}

TEST(a_stream_or_an_object_that_is_gone_is_absent)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_digest stream, text;

	store_manifest(&store, &image, &stream);
	text = add(&store, cfs_buf_text(&image.manifest_text));
	lose(&store, &text);
	fails(&store, CFS_STREAM_MANIFEST, &image.id, &stream, -ENOENT,
	      "its object is missing");
	lose(&store, &stream);
	fails(&store, CFS_STREAM_MANIFEST, &image.id, &stream, -ENOENT, "");
}

TEST(a_document_larger_than_any_may_be_is_refused)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest stream, text;
	int fd;

	store_manifest(&store, &image, &stream);
	text = add(&store, cfs_buf_text(&image.manifest_text));
	lose(&store, &text);
	cfs_digest_to_path(&text, path);
	fd = openat(store.objects, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, CFS_OCI_JSON_MAX + 1), 0);
	close(fd);
	fails(&store, CFS_STREAM_MANIFEST, &image.id, &stream, -EFBIG, "");
}
