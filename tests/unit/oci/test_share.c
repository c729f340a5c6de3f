/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/share.h"

#include "tests/unit/oci/stored.h"

/* An image in a repository, and another repository, which is @root then. */
static void start_two(struct cfs_store *from, struct cfs_oci_image *image,
		      struct cfs_store *to)
{
	start(from);
	make(from, image, true, ABC);
	name(from, image);
	start(to);
}

static bool has(const struct cfs_store *store, const struct cfs_digest *id)
{
	char path[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(id, path);
	return faccessat(store->objects, path, F_OK, 0) == 0;
}

TEST(the_objects_of_all_layers_are_there_afterwards)
{
	CFS_AUTOSTORE struct cfs_store from = CFS_STORE_INIT;
	CFS_AUTOSTORE struct cfs_store to = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_digest bc;

	start_two(&from, &image, &to);
	bc = add(&from, "bc");
	CHECK(!has(&to, &bc));
	CHECK_EQ(cfs_oci_share(&to, &from.repo, &image, &err), 0);
	CHECK(has(&to, &bc));
	CHECK_EQ(cfs_oci_share(&to, &from.repo, &image, &err), 0);
}

TEST(a_damaged_object_is_not_shared)
{
	CFS_AUTOSTORE struct cfs_store from = CFS_STORE_INIT;
	CFS_AUTOSTORE struct cfs_store to = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	char object[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	char other_root[4096];
	struct cfs_digest bc;

	start(&from);
	make(&from, &image, true, ABC);
	name(&from, &image);
	strcpy(other_root, root);
	start(&to);
	bc = add(&from, "bc");
	lose(&from, &bc);
	cfs_digest_to_path(&bc, object + strlen(object));
	put(other_root, object, "BC");
	CHECK(cfs_oci_share(&to, &from.repo, &image, &err) < 0);
	CHECK(strstr(err.msg, object));
	CHECK(!has(&to, &bc));
	lose(&from, &bc);
	CHECK_EQ(cfs_oci_share(&to, &from.repo, &image, &err), -ENOENT);
}

TEST(repositories_of_different_algorithms_share_nothing)
{
	CFS_AUTOSTORE struct cfs_store from = CFS_STORE_INIT;
	CFS_AUTOSTORE struct cfs_store to = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };

	start_two(&from, &image, &to);
	to.repo.meta.alg = CFS_ALG_SHA512;
	CHECK_EQ(cfs_oci_share(&to, &from.repo, &image, &err), -EINVAL);
	CHECK(strstr(err.msg, "--zerocopy"));
}
