/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/linked.h"

#include "tests/unit/oci/stored.h"

/* Stores an image that refers to the EROFS image @id. */
static struct cfs_oci_id add_image(struct cfs_store *store, const char *layer,
				   const struct cfs_digest *id)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	const struct cfs_oci_erofs plain = { .v1 = true };

	make(store, &image, true, layer);
	CHECK_EQ(cfs_oci_image_set_erofs(&image, &plain, id, &err), 0);
	CHECK_EQ(cfs_oci_image_write(store, &image, &err), 0);
	return image.id;
}

TEST(the_image_is_found_whether_or_not_it_has_a_tag)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image found = { 0 }, none = { 0 };
	struct cfs_digest one, two, other;
	struct cfs_oci_id id;

	start(&store);
	one = add(&store, "one");
	two = add(&store, "two");
	other = add(&store, "other");
	(void)add_image(&store, ABC, &one);
	id = add_image(&store, OTHER, &two);
	CHECK_EQ(cfs_oci_image_of_erofs(&store.repo, &two, &found, &err), 1);
	CHECK(cfs_oci_id_equal(&found.id, &id));
	CHECK_EQ(cfs_oci_image_of_erofs(&store.repo, &other, &none, &err), 0);
}

TEST(images_that_cannot_be_read_are_passed_over)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image found = { 0 };
	struct cfs_digest one;
	struct cfs_oci_id id;

	start(&store);
	one = add(&store, "one");
	id = add_image(&store, ABC, &one);
	make_link(root, "streams/oci-manifest-" OTHER, "../objects/00/00");
	make_link(root, "streams/oci-manifest-x", "nowhere");
	CHECK_EQ(cfs_oci_image_of_erofs(&store.repo, &one, &found, &err), 1);
	CHECK(cfs_oci_id_equal(&found.id, &id));
}
