/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/import.h"

#include "tests/unit/ops/image.h"

/* Imports the file @path as "name". */
static int import(const char *path, struct cfs_digest *ret)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK(cfs_access_write(&access_of_root, &store, &err) == 0);
	return cfs_import_image(&store, fd, "name", ret, &err);
}

static int import_text(const char *text)
{
	const char *dir = fresh_dir();
	CFS_AUTOFREE char *path = below(dir, "file");
	struct cfs_digest id;

	put(dir, "file", text);
	return import(path, &id);
}

TEST(an_image_of_another_repository_gets_a_name)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	CFS_AUTOFREE char *file = NULL;
	struct cfs_digest id, imported;

	start_empty();
	id = add_image("a", "ab");
	cfs_digest_to_path(&id, path + strlen(path));
	file = below(root, path);
	start_empty();
	CHECK(import(file, &imported) == 0);
	CHECK(cfs_digest_equal(&id, &imported));
	CHECK(count(root, "images/refs", "name") == 1);
}

TEST(what_is_no_image_gets_no_name)
{
	start_empty();
	CHECK(import_text("") == -EINVAL);
	CHECK(strstr(err.msg, "empty"));
	CHECK(import_text("text") == -EINVAL);
	CHECK(strstr(err.msg, "not a composefs image"));
	CHECK(count(root, ".", "images") == 0);
}
