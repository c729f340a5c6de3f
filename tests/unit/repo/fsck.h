/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A repository of one object to be checked, images that claim things of it, and
 * what a check says. */
#ifndef CFS_TESTS_UNIT_REPO_FSCK_H
#define CFS_TESTS_UNIT_REPO_FSCK_H

#include "erofs/writer.h"
#include "repo/fsck.h"
#include "repo/lock.h"
#include "repo/object.h"
#include "repo/ref.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

/* The object of one zero byte. */
#define OBJECT                \
	"objects/b8/03429503" \
	"d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551"

#define ONE                                                              \
	"b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c05" \
	"51"

static struct cfs_err err;
static char root[4096];
static char said[65536];

static inline void say(const char *before, const char *text)
{
	size_t len = strlen(said);

	if (text)
		snprintf(said + len, sizeof(said) - len, "%s%s", before, text);
}

static inline void say_hex(const char *before, const struct cfs_digest *id)
{
	char hex[CFS_DIGEST_HEX_MAX];

	if (id)
		cfs_digest_to_hex(id, hex);
	say(before, id ? hex : NULL);
}

/* One line: code, path, object, measured, reason, files. */
static inline void note(void *arg, const struct cfs_finding *f)
{
	(void)arg;
	say("", cfs_fsck_code_name(f->code));
	say(": ", f->where);
	say_hex(" wants ", f->object);
	say_hex(" is ", f->measured);
	say(": ", f->reason);
	for (unsigned i = 0; i < f->n_files; i++)
		say(" hits ", f->files[i]);
	if (f->files_total > f->n_files)
		say(" and ", "more");
	say("", "\n");
}

static inline void no_verity(void)
{
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100000,
				     .enable_result = -ENOTTY };
}

/* A repository with one object and a name for it, which is no image. */
static inline void start(void)
{
	struct cfs_bytes data = { (const uint8_t *)"", 1 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_digest id;

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	no_verity();
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, &store, &err), 0);
	CHECK_EQ(cfs_object_add_bytes(&store, data, &id, &err), 0);
}

/* Removes that object. */
static inline void spoil_object(void)
{
	CFS_AUTOFREE char *path = below(root, OBJECT);

	CHECK_EQ(unlink(path), 0);
}

static inline struct cfs_fsck look(bool secure, bool metadata_only)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_fsck_params params = { .secure = secure,
						.metadata_only = metadata_only,
						.found = note };
	struct cfs_fsck count = { 0 };

	said[0] = '\0';
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	return count;
}

/* What a file of the image says of itself. */
struct claim {
	const char *name;
	uint64_t size;
	const char *path;   /* backing path, or NULL */
	const char *digest; /* hex, or NULL */
};

#define ONE_PATH                                                          \
	"b8/03429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c05" \
	"51"

static inline void add_claim(struct cfs_tree *tree, const struct claim *claim)
{
	struct cfs_bytes name = { (const uint8_t *)claim->name,
				  strlen(claim->name) };
	struct cfs_bytes path = { (const uint8_t *)claim->path,
				  claim->path ? strlen(claim->path) : 0 };
	struct cfs_digest id;
	struct cfs_node *node;

	CHECK_EQ(cfs_node_add(tree, tree->root, name, S_IFREG | 0644, &node,
			      &err),
		 0);
	if (claim->digest)
		CHECK_EQ(cfs_digest_from_hex(claim->digest,
					     strlen(claim->digest), &id, &err),
			 0);
	CHECK_EQ(cfs_node_set_backing(tree, node, claim->size, path,
				      claim->digest ? &id : NULL, &err),
		 0);
}

/* Commits an image of @version in which @claims are made. */
static inline struct cfs_digest commit(unsigned version,
				       const struct claim *claims, size_t n)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_digest id;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	for (size_t i = 0; i < n; i++)
		add_claim(tree, &claims[i]);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK_EQ(cfs_erofs_write(tree, version, 0, &image, &err), 0);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, &store, &err), 0);
	CHECK_EQ(cfs_object_add_bytes(&store, cfs_buf_bytes(&image), &id, &err),
		 0);
	CHECK_EQ(cfs_image_commit(&store, &id, &err), 0);
	return id;
}

#endif
