/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layer_digest.h"

#include "tests/unit/oci/stored.h"

/* An image of the layer "abc", whose diff_id is said to be @diff_id. */
static int check(struct cfs_store *store, const char *diff_id)
{
	CFS_AUTOIMAGE struct cfs_oci_image image;

	make(store, &image, true, diff_id);
	return cfs_oci_layers_check(&store->repo, &image, &err);
}

TEST(a_layer_is_compared_with_its_diff_id)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	start(&store);
	CHECK_EQ(check(&store, ABC), 0);
	CHECK_EQ(check(&store, OTHER), -EBADMSG);
	CHECK(strstr(err.msg, "layer 0: the repository has " ABC
			      " in the place of " OTHER));
}

TEST(an_object_that_is_missing_or_another_is_told_with_the_layer)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image;
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	struct cfs_digest id;

	start(&store);
	make(&store, &image, true, ABC);
	id = add(&store, "bc");
	lose(&store, &id);
	CHECK_EQ(cfs_oci_layers_check(&store.repo, &image, &err), -ENOENT);
	CHECK(strstr(err.msg, "layer 0 (" ABC "): "));
	cfs_digest_to_path(&id, path + strlen(path));
	put(root, path, "bd");
	CHECK_EQ(cfs_oci_layers_check(&store.repo, &image, &err), -EBADMSG);
}
