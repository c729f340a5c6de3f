/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/format.h"

#include "tests/test.h"

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"

TEST(paths_are_those_that_the_format_describes)
{
	const struct cfs_digest id = { CFS_ALG_SHA256, { 0xab } };
	char path[CFS_EXPORT_PATH_MAX];

	cfs_export_image_path(&id, ".image.zst", path);
	CHECK_STR(path, "images/ab" ZEROS ".image.zst");
	cfs_export_object_path(&id, ".zst", path);
	CHECK_STR(path, "objects/ab/" ZEROS ".zst");
	cfs_export_object_path(&id, "", path);
	CHECK_STR(path, "objects/ab/" ZEROS);
	cfs_export_pack_path(7, ".pack", path);
	CHECK_STR(path, "packs/00000007.pack");
	cfs_export_pack_path(CFS_EXPORT_PACKS_MAX, ".list", path);
	CHECK_STR(path, "packs/99999999.list");
}

TEST(the_longest_path_fits)
{
	const struct cfs_digest id = { CFS_ALG_SHA512, { 1 } };
	char path[CFS_EXPORT_PATH_MAX];

	cfs_export_image_path(&id, ".sigpack.zst", path);
	CHECK_EQ(strlen(path), 7 + 128 + 12);
	cfs_export_patch_path(&id, &id, path);
	CHECK_EQ(strlen(path), 7 + 128 + 6 + 16 + 4);
	CHECK(strstr(path, ".from-0100000000000000.zst"));
	cfs_export_object_path(&id, ".zst", path);
	CHECK_EQ(strlen(path), 8 + 129 + 4);
}

TEST(a_place_has_to_fit_the_size)
{
	const struct cfs_export_place plain = { 0, false, 5, 10 };
	const struct cfs_export_place own = { CFS_EXPORT_NO_PACK, true, 0, 10 };

	CHECK(cfs_export_place_fits(&plain, 10));
	CHECK(!cfs_export_place_fits(&plain, 11));
	CHECK(cfs_export_place_fits(&own, 11));
	CHECK(!cfs_export_place_fits(&own, 10));
}
