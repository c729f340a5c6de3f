/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/fetch_parts.h"

#include "tests/unit/ops/served.h"

/* More than an object in a pack has. */
#define SIZE (CFS_EXPORT_SMALL + 5)

static uint8_t bytes[SIZE];

/* An image with one object of SIZE bytes, which zstd makes smaller or not. */
static struct cfs_digest add_large(bool smaller, struct cfs_digest *ret)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char path[CFS_OBJECT_PATH_MAX], hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	uint32_t x = 1;

	for (size_t i = 0; i < SIZE; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = smaller ? 'a' : (uint8_t)(x >> 24);
	}
	CHECK_EQ(cfs_access_write(&access_of_root, &store, &err), 0);
	CHECK_EQ(cfs_object_add_bytes(&store, (struct cfs_bytes){ bytes, SIZE },
				      ret, &err),
		 0);
	cfs_digest_to_path(ret, path);
	cfs_digest_to_hex(ret, hex);
	cfs_buf_addf(&text,
		     "/ 4096 40755 2 0 0 0 1.0 - - -\n"
		     "/l %u 100644 1 0 0 0 1.0 %s - %s\n",
		     SIZE, path, hex);
	CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&text), 0, &tree, &err), 0);
	CHECK_EQ(cfs_image_store(&store, tree, 1, &id, &err), 0);
	CHECK_EQ(cfs_image_commit(&store, &id, &err), 0);
	return id;
}

TEST(a_large_object_is_a_file_in_the_smaller_form)
{
	for (int smaller = 0; smaller < 2; smaller++) {
		char path[CFS_EXPORT_PATH_MAX];
		struct cfs_digest id, object;
		struct fetch f;

		new_web();
		start_empty();
		id = add_large(smaller, &object);
		CHECK_EQ(publish_to(web, &id, "name"), 0);
		cfs_export_object_path(&object, smaller ? ".zst" : "", path);
		begin(&f);
		CHECK_EQ(cfs_fetch_image(f.fetching, &id, "mine", &err), 0);
		CHECK_EQ(cfs_fetch_result(f.fetching).fetched_raw, SIZE);
		CHECK_EQ(requests(&f.server, path), 1);
		end(&f);
		/* Wrong bytes of the right length, too few, none. */
		if (!smaller) {
			CFS_AUTOFREE char *file = below(web, path);
			CFS_AUTOFD int fd = open(file, O_WRONLY | O_CLOEXEC);

			CHECK_EQ(pwrite(fd, "!", 1, SIZE / 2), 1);
			fetch_fails(&id, -EBADMSG, path);
		}
		spoil(path, "short");
		fetch_fails(&id, -EBADMSG, path);
		spoil(path, NULL);
		fetch_fails(&id, -ENOENT, path);
	}
}
