/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Images that are stored: tests/unit/varlink/test_oci_finalize.c. */
#include "oci/assemble.h"

#include "tests/unit/oci/stored.h"

static int read_of(struct cfs_store *store, const struct cfs_oci_image *image)
{
	CFS_AUTOIMAGE struct cfs_oci_image ret = { 0 };

	return cfs_oci_assemble_read(
		&store->repo, cfs_buf_bytes(&image->manifest_text),
		cfs_buf_bytes(&image->config_text), &ret, &err);
}

static void name_layer(struct cfs_store *store,
		       const struct cfs_oci_image *image)
{
	char layer[CFS_OCI_NAME_MAX];

	cfs_oci_layer_name(cfs_oci_image_layer_id(image, 0), layer);
	CHECK_EQ(cfs_stream_link(store, layer, &image->layers[0], &err), 0);
}

TEST(a_layer_needs_a_name_and_an_object)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };

	start(&store);
	make(&store, &image, true, ABC);
	CHECK_EQ(read_of(&store, &image), -ENOENT);
	CHECK_STR(err.path, ABC);
	name_layer(&store, &image);
	CHECK_EQ(read_of(&store, &image), 0);
	lose(&store, &image.layers[0]);
	CHECK_EQ(read_of(&store, &image), -ENOENT);
	CHECK_STR(err.path, ABC);
}

TEST(only_containers_with_their_own_configuration_are_taken)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 }, artifact = { 0 };

	start(&store);
	make(&store, &artifact, false, ABC);
	CHECK_EQ(read_of(&store, &artifact), -EINVAL);
	make(&store, &image, true, ABC);
	name_layer(&store, &image);
	cfs_buf_addc(&image.config_text, ' ');
	CHECK_EQ(read_of(&store, &image), -EBADMSG);
}
