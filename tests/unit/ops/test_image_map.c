/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/image_map.h"

#include "erofs/reader.h"
#include "ops/image_version.h"
#include "tests/unit/ops/image.h"

static struct cfs_repo repo = CFS_REPO_INIT;
static struct cfs_image_map map;

static int map_image(const struct cfs_digest *id)
{
	cfs_image_unmap(&map);
	cfs_repo_close(&repo);
	CHECK(cfs_access_read(&access_of_root, &repo, &err) == 0);
	return cfs_image_map(&access_of_root, &repo, id, &map, &err);
}

TEST(an_image_is_mapped_whole)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_digest id, have;

	start_empty();
	id = add_image("a", "ab");
	CHECK(map_image(&id) == 0 && map.version == 1);
	CHECK(cfs_verity_digest_bytes(CFS_ALG_SHA256, map.bytes, &have, &err) ==
	      0);
	CHECK(cfs_digest_equal(&id, &have));
	CHECK(cfs_erofs_read(map.bytes, 0, &tree, NULL, &err) == 0);
}

TEST(an_image_that_is_not_there_is_an_error)
{
	struct cfs_digest id;

	start_empty();
	CHECK(cfs_verity_digest_bytes(CFS_ALG_SHA256, content_of('a'), &id,
				      &err) == 0);
	CHECK(map_image(&id) == -ENOENT && map.bytes.len == 0);
}

TEST(bytes_that_are_not_what_the_digest_names_are_never_mapped)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	CFS_AUTOFREE char *file = NULL;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id;

	start_empty();
	id = add_image("a", "a");
	cfs_digest_to_path(&id, path + strlen(path));
	file = below(root, path);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0 && pwrite(fd, "x", 1, 1100) == 1);
	CHECK(map_image(&id) == -EBADMSG && map.bytes.len == 0);
}

TEST(unmapping_twice_does_nothing)
{
	struct cfs_digest id;

	start_empty();
	id = add_image("a", "a");
	CHECK(map_image(&id) == 0);
	cfs_image_unmap(&map);
	cfs_image_unmap(&map);
}
