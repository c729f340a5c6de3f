/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A repository with images, closed, on a file system without fs-verity. */
#ifndef CFS_TESTS_UNIT_OPS_IMAGE_H
#define CFS_TESTS_UNIT_OPS_IMAGE_H

#include "fsverity/merkle.h"
#include "ops/access.h"
#include "repo/image_store.h"
#include "repo/object.h"
#include "repo/ref.h"
#include "tests/unit/repo/store.h"
#include "tree/dump/dump.h"

#define LONG_FILE 5000 /* bytes: more than an image keeps in itself */

static struct cfs_err err;
static struct cfs_access access_of_root = { .path = root };

/* Bytes of which each @letter makes another long file. */
static inline struct cfs_bytes content_of(char letter)
{
	static uint8_t bytes[LONG_FILE];

	memset(bytes, letter, sizeof(bytes));
	return (struct cfs_bytes){ bytes, sizeof(bytes) };
}

/* The line of a dumpfile for the file /@letter with that content. */
static inline void add_line(struct cfs_buf *text, char letter,
			    const struct cfs_digest *id)
{
	char path[CFS_OBJECT_PATH_MAX], hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_path(id, path);
	cfs_digest_to_hex(id, hex);
	cfs_buf_addf(text, "/%c %d 100644 1 0 0 0 1.0 %s - %s\n", letter,
		     LONG_FILE, path, hex);
}

/* Stores an image with a long file of each of @letters, called @name. */
static inline struct cfs_digest add_image(const char *name, const char *letters)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id;

	CHECK_EQ(cfs_access_write(&access_of_root, &store, &err), 0);
	cfs_buf_adds(&text, "/ 4096 40755 2 0 0 0 1.0 - - -\n");
	for (; *letters; letters++) {
		CHECK_EQ(cfs_object_add_bytes(&store, content_of(*letters), &id,
					      &err),
			 0);
		add_line(&text, *letters, &id);
	}
	CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&text), 0, &tree, &err), 0);
	CHECK_EQ(cfs_image_store(&store, tree, 1, &id, &err), 0);
	CHECK_EQ(cfs_image_commit(&store, &id, &err), 0);
	CHECK_EQ(cfs_ref_set(&store, name, &id, &err), 0);
	return id;
}

/* An empty repository. */
static inline void start_empty(void)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	start(&store);
}

/* Removes the object of a long file. */
static inline void lose(char letter)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	CFS_AUTOFREE char *file = NULL;
	struct cfs_digest id;

	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, content_of(letter),
					 &id, &err),
		 0);
	cfs_digest_to_path(&id, path + strlen(path));
	file = below(root, path);
	CHECK_EQ(unlink(file), 0);
}

#endif
