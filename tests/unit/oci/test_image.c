/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/image.h"

#include "oci/tag.h"
#include "repo/object.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"
#include "tests/unit/repo/store.h"

static struct cfs_err err;

#define OCI "application/vnd.oci.image."
#define DIFF \
	"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct cfs_digest digest_of(unsigned n)
{
	struct cfs_digest id = { .alg = CFS_ALG_SHA256 };

	memset(id.bytes, (int)n, 32);
	return id;
}

static struct cfs_oci_id id_of(const struct cfs_buf *text)
{
	struct cfs_oci_id id;

	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, cfs_buf_bytes(text),
				     &id, &err),
		 0);
	return id;
}

/* A container of one layer, in memory. */
static void make(struct cfs_oci_image *image)
{
	struct cfs_oci_id config;

	*image = (struct cfs_oci_image){ .is_container = true };
	cfs_buf_adds(&image->config_text,
		     "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":"
		     "{\"type\":\"layers\",\"diff_ids\":[\"" DIFF "\"]}}");
	config = id_of(&image->config_text);
	cfs_buf_addf(&image->manifest_text,
		     "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" OCI
		     "config.v1+json\",\"digest\":\"%s\",\"size\":%zu},"
		     "\"layers\":[{\"mediaType\":\"" OCI
		     "layer.v1.tar\",\"digest\":\"" DIFF "\",\"size\":3}]}",
		     config.text, image->config_text.len);
	image->id = id_of(&image->manifest_text);
	CHECK_EQ(cfs_oci_manifest_parse(cfs_buf_bytes(&image->manifest_text),
					&image->manifest, &err),
		 0);
	CHECK_EQ(cfs_oci_config_parse(cfs_buf_bytes(&image->config_text),
				      &image->config, &err),
		 0);
	image->layers = calloc(1, sizeof(*image->layers));
	CHECK(image->layers);
	image->layers[0] = digest_of(7);
}

TEST(an_image_is_read_as_it_was_written)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 }, back = { 0 };
	const struct cfs_oci_erofs boot = { .bootable = true, .v1 = true };
	const struct cfs_oci_erofs plain = { .v1 = false };
	const struct cfs_digest a = digest_of(1), b = digest_of(2);
	struct cfs_digest got;

	start(&store);
	make(&image);
	CHECK_EQ(cfs_oci_image_open(&store.repo, &image.id, &back, &err), 0);
	CHECK_EQ(cfs_oci_image_set_erofs(&image, &boot, &a, &err), 0);
	CHECK_EQ(cfs_oci_image_set_erofs(&image, &plain, &a, &err), 0);
	CHECK_EQ(cfs_oci_image_set_erofs(&image, &plain, &b, &err), 0);
	CHECK_EQ(cfs_oci_image_write(&store, &image, &err), 0);
	CHECK_EQ(cfs_oci_image_open(&store.repo, &image.id, &back, &err), 1);
	CHECK(back.is_container);
	CHECK_EQ(back.manifest.layers.n, 1);
	CHECK(cfs_digest_equal(&back.layers[0], &image.layers[0]));
	CHECK_STR(cfs_oci_image_layer_id(&back, 0)->text, DIFF);
	CHECK_EQ(back.erofs.n, 2);
	CHECK(cfs_oci_image_erofs(&back, &boot, &got) &&
	      cfs_digest_equal(&got, &a));
	CHECK(cfs_oci_image_erofs(&back, &plain, &got) &&
	      cfs_digest_equal(&got, &b));
	CHECK_EQ(back.manifest_text.len, image.manifest_text.len);
}

TEST(names_of_erofs_images_say_what_they_are)
{
	struct cfs_oci_erofs e = { .bootable = true,
				   .v1 = true,
				   .filter = CFS_XATTRS_KEEP_USER },
			     back;
	char name[CFS_OCI_EROFS_NAME_MAX];

	cfs_oci_erofs_name(&e, name);
	CHECK_STR(name, "composefs.image.boot.v1.xattrs=keep-user-xattrs");
	CHECK(cfs_oci_erofs_is(name, &back));
	CHECK(back.bootable);
	CHECK(back.v1);
	CHECK_EQ(back.filter, e.filter);
	e = (struct cfs_oci_erofs){ 0 };
	cfs_oci_erofs_name(&e, name);
	CHECK_STR(name, "composefs.image");
	CHECK(cfs_oci_erofs_is(name, &back) && !back.bootable && !back.v1);
	CHECK(!cfs_oci_erofs_is("composefs.imagery", &back));
	CHECK(!cfs_oci_erofs_is(DIFF, &back));
}

TEST(an_image_is_found_by_tag_and_by_either_digest)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	char names[4][200];

	start(&store);
	make(&image);
	CHECK_EQ(cfs_oci_image_write(&store, &image, &err), 0);
	CHECK_EQ(cfs_oci_tag_set(&store, "x:1", &image.id, &err), 0);
	snprintf(names[0], 200, "x:1");
	snprintf(names[1], 200, "@%s", image.id.text);
	snprintf(names[2], 200, "%s", image.id.text);
	snprintf(names[3], 200, "@%s", image.manifest.config.id.text);
	for (int i = 0; i < 4; i++) {
		CFS_AUTOIMAGE struct cfs_oci_image got = { 0 };

		CHECK_EQ(cfs_oci_image_find(&store.repo, names[i], &got, &err),
			 1);
		CHECK(cfs_oci_id_equal(&got.id, &image.id));
	}
	CHECK_EQ(cfs_oci_image_find(&store.repo, "y", &image, &err), -ENOENT);
	CHECK_STR(err.msg, "OCI reference not found: y");
	CHECK_EQ(cfs_oci_image_find(&store.repo, "@" DIFF, &image, &err),
		 -ENOENT);
	CHECK_EQ(cfs_oci_image_find(&store.repo, "@x", &image, &err), -EINVAL);
	CHECK(strstr(err.msg, "Invalid OCI digest after '@'"));
}

/* The image written with something changed on the way. */
static void spoiled(void (*spoil)(struct cfs_oci_image *image), int code,
		    const char *words)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 }, back = { 0 };

	start(&store);
	make(&image);
	spoil(&image);
	CHECK_EQ(cfs_oci_image_write(&store, &image, &err), 0);
	CHECK_EQ(cfs_oci_image_open(&store.repo, &image.id, &back, &err), code);
	if (!strstr(err.msg, words))
		printf("# %s\n", err.msg);
	CHECK(strstr(err.msg, words));
}

static void other_manifest(struct cfs_oci_image *image)
{
	image->manifest_text.data[1] = ' ';
}

static void other_config(struct cfs_oci_image *image)
{
	image->config_text.data[3] = 'S';
}

static void other_layer(struct cfs_oci_image *image)
{
	image->config.diff_ids[0].text[9] ^= 1;
}

TEST(documents_that_are_not_what_names_them_are_refused)
{
	spoiled(other_manifest, -EBADMSG, "integrity failed: expected");
	spoiled(other_config, -EBADMSG, "config sha256:");
	spoiled(other_layer, -ENOENT, "no reference to layer 0");
}

TEST(a_manifest_whose_object_is_gone_is_damaged)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 }, back = { 0 };
	char path[CFS_OBJECT_PATH_MAX];

	start(&store);
	make(&image);
	CHECK_EQ(cfs_oci_image_write(&store, &image, &err), 0);
	cfs_digest_to_path(&image.config_stream, path);
	CHECK_EQ(unlinkat(store.objects, path, 0), 0);
	CHECK_EQ(cfs_oci_image_open(&store.repo, &image.id, &back, &err),
		 -ENOENT);
	CHECK(strstr(err.msg, "is missing"));
}

TEST(an_image_is_bootable_if_it_refers_to_one_of_whatever_format)
{
	const struct cfs_digest id = { .alg = CFS_ALG_SHA256 };
	struct cfs_oci_erofs erofs = { .v1 = true };

	for (int v1 = 0; v1 < 2; v1++) {
		CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };

		CHECK(!cfs_oci_image_is_bootable(&image));
		erofs.bootable = false;
		CHECK_EQ(cfs_oci_image_set_erofs(&image, &erofs, &id, &err), 0);
		CHECK(!cfs_oci_image_is_bootable(&image));
		erofs.bootable = true;
		erofs.v1 = v1;
		CHECK_EQ(cfs_oci_image_set_erofs(&image, &erofs, &id, &err), 0);
		CHECK(cfs_oci_image_is_bootable(&image));
	}
}

/* Names that begin as those of EROFS images do are looked through one by one:
 * a stream could have a million of them. */
TEST(an_image_refers_to_a_limited_number_of_erofs_images)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 }, back = { 0 };

	start(&store);
	make(&image);
	for (unsigned i = 0; i <= CFS_OCI_EROFS_MAX; i++) {
		struct cfs_oci_erofs_ref *ref = cfs_vec_new(&image.erofs);

		CHECK(ref);
		ref->id = digest_of(1);
		snprintf(ref->name, sizeof(ref->name), "composefs.image.%06u",
			 i);
	}
	CHECK_EQ(cfs_oci_image_write(&store, &image, &err), 0);
	CHECK_EQ(cfs_oci_image_open(&store.repo, &image.id, &back, &err),
		 -EFBIG);
	image.erofs.n--;
	CHECK_EQ(cfs_oci_image_write(&store, &image, &err), 0);
	CHECK_EQ(cfs_oci_image_open(&store.repo, &image.id, &back, &err), 1);
	CHECK_EQ(back.erofs.n, CFS_OCI_EROFS_MAX);
}
