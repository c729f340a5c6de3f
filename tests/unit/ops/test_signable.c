/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/signable.h"

#include "ops/image_map.h"
#include "tests/unit/ops/image.h"

static struct cfs_digest image;

/* Stores an object; the line of a dumpfile for it is that of /@name with
 * @mode. */
static struct cfs_digest add_file(struct cfs_store *store, struct cfs_buf *text,
				  const char *name, unsigned mode,
				  const char *content)
{
	struct cfs_bytes bytes = { (const uint8_t *)content, strlen(content) };
	char path[CFS_OBJECT_PATH_MAX], hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;

	CHECK_EQ(cfs_object_add_bytes(store, bytes, &id, &err), 0);
	cfs_digest_to_path(&id, path);
	cfs_digest_to_hex(&id, hex);
	cfs_buf_addf(text, "/%s %zu 100%o 1 0 0 0 1.0 %s - %s\n", name,
		     bytes.len, mode, path, hex);
	return id;
}

enum {
	RUN,
	LIB,
	DATA,
	SHARED,
	FILES
};
static struct cfs_digest file[FILES];

/* An image with a program, a library without an x bit, data, contents that both
 * a program and data have, and two programs in the image itself. */
static void start_programs(void)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	start_empty();
	CHECK_EQ(cfs_access_write(&access_of_root, &store, &err), 0);
	cfs_buf_adds(&text, "/ 4096 40755 2 0 0 0 1.0 - - -\n");
	cfs_buf_adds(&text, "/a 2 100755 1 0 0 0 1.0 - xy -\n");
	cfs_buf_adds(&text, "/b 2 100644 1 0 0 0 1.0 - xy -\n");
	file[DATA] = add_file(&store, &text, "data", 0644, "\177EL no program");
	file[LIB] = add_file(&store, &text, "lib.so", 0644, "\177ELF library");
	file[RUN] = add_file(&store, &text, "run", 0701, "#!/bin/sh");
	file[SHARED] = add_file(&store, &text, "s1", 0644, "twice");
	(void)add_file(&store, &text, "s2", 0755, "twice");
	(void)add_file(&store, &text, "s3", 0600, "twice");
	cfs_buf_adds(&text, "/z 3 104511 1 0 0 0 1.0 - xyz -\n");
	CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&text), 0, &tree, &err), 0);
	CHECK_EQ(cfs_image_store(&store, tree, 1, &image, &err), 0);
	CHECK_EQ(cfs_image_commit(&store, &image, &err), 0);
}

static int find(enum cfs_signable_which which, struct cfs_signable *ret)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_signable_of of = {
		.access = &access_of_root,
		.repo = &repo,
		.id = image,
		.name = "name",
	};

	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	return cfs_signable_find(&of, which, ret, &err);
}

TEST(what_can_be_executed_has_an_x_bit_or_is_elf)
{
	CFS_AUTOSIGNABLE struct cfs_signable found = { 0 };

	start_programs();
	CHECK_EQ(find(CFS_SIGNABLE_EXEC, &found), 0);
	CHECK_EQ(found.objects.n, 3);
	CHECK(cfs_digest_set_has(&found.objects, &file[RUN]));
	CHECK(cfs_digest_set_has(&found.objects, &file[LIB]));
	CHECK(cfs_digest_set_has(&found.objects, &file[SHARED]));
	CHECK_EQ(found.others, 1);
}

TEST(all_are_all_objects_of_files_and_not_the_image)
{
	CFS_AUTOSIGNABLE struct cfs_signable found = { 0 };

	start_programs();
	CHECK_EQ(find(CFS_SIGNABLE_ALL, &found), 0);
	CHECK_EQ(found.objects.n, FILES);
	CHECK_EQ(found.others, 0);
	CHECK(!cfs_digest_set_has(&found.objects, &image));
}

TEST(programs_without_an_object_are_listed)
{
	CFS_AUTOSIGNABLE struct cfs_signable found = { 0 };

	start_programs();
	CHECK_EQ(find(CFS_SIGNABLE_ALL, &found), 0);
	CHECK_EQ(found.inline_programs.n, 2);
	CHECK_STR(found.inline_programs.v[0], "/a");
	CHECK_STR(found.inline_programs.v[1], "/z");
}

TEST(an_image_that_is_not_whole_is_refused)
{
	CFS_AUTOSIGNABLE struct cfs_signable found = { 0 };
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	CFS_AUTOFREE char *lost = NULL;

	start_programs();
	cfs_digest_to_path(&file[DATA], path + strlen(path));
	lost = below(root, path);
	CHECK_EQ(unlink(lost), 0);
	CHECK_EQ(find(CFS_SIGNABLE_EXEC, &found), -ENOENT);
	CHECK(strstr(err.msg, "not whole") && strstr(err.msg, "/data"));
}
