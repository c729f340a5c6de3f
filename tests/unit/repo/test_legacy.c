/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/init.h"

#include "repo/dir.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

/* Names of objects but for their first byte, of either algorithm. */
#define REST256 "00000000000000000000000000000000000000000000000000000000000000"
#define REST512 REST256 "00" REST256

static struct cfs_err err;
static char path[4096];

/* A directory that was a repository before there was meta.json; empty. */
static void start(void)
{
	fake = (struct fake_kernel){ .measure_result = -ENODATA };
	strcpy(path, fresh_dir());
	make_dir(path, "objects");
	make_dir(path, "objects/ab");
}

static int infer(struct cfs_meta *ret)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	CHECK_EQ(cfs_repo_open(AT_FDCWD, path, &repo, &err), 1);
	CHECK(!repo.has_meta);
	return cfs_repo_infer_meta(&repo, ret, &err);
}

/* Makes objects/ab/REST256 the beginning of an image that says this, and names
 * it below images/. */
static void add_image(const char *magic, char version, size_t len)
{
	CFS_AUTOFREE char *file = below(path, "objects/ab/" REST256);
	CFS_AUTOFILE FILE *f = fopen(file, "we");
	char head[16] = { 0 };

	memcpy(head, magic, 4);
	head[4] = 1;
	head[12] = version;
	CHECK(f);
	CHECK_EQ(fwrite(head, 1, len, f), len);
	make_dir(path, "images");
	make_link(path, "images/ab" REST256, "../objects/ab/" REST256);
}

#define MAGIC "\x9a\x62\x78\xd0"

static unsigned format_of(const char *magic, char version, size_t len)
{
	struct cfs_meta meta = { 0 };

	start();
	add_image(magic, version, len);
	CHECK_EQ(infer(&meta), 0);
	return meta.erofs_default;
}

TEST(without_objects_nothing_is_known)
{
	struct cfs_meta meta;

	start();
	CHECK_EQ(infer(&meta), -ENOENT);
	CHECK(strstr(err.msg, "cfsctl init"));
}

TEST(the_length_of_objects_names_is_that_of_the_algorithm)
{
	static const struct {
		const char *object;
		enum cfs_alg alg;
	} cases[] = { { "objects/ab/" REST256, CFS_ALG_SHA256 },
		      { "objects/ab/" REST512, CFS_ALG_SHA512 } };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		struct cfs_meta meta;

		start();
		put(path, cases[i].object, "");
		CHECK_EQ(infer(&meta), 0);
		CHECK_EQ(meta.alg, cases[i].alg);
		CHECK_EQ(meta.version, CFS_META_VERSION);
		CHECK_EQ(meta.erofs_default, 1);
	}
}

TEST(other_names_among_the_objects_are_passed_over)
{
	char longest[NAME_MAX + 16] = "objects/ab/";
	char no_hex[] = "objects/ab/" REST256;
	struct cfs_meta meta;

	start();
	no_hex[sizeof(no_hex) - 2] = 'g';
	put(path, no_hex, "");
	memset(longest + strlen(longest), 'a', NAME_MAX);
	put(path, longest, "");
	put(path, "objects/ab/not-an-object", "");
	put(path, "objects/ab/0" REST256, "");
	make_dir(path, "objects/no-shard");
	put(path, "objects/no-shard/" REST256, "");
	CHECK_EQ(infer(&meta), -ENOENT);
	put(path, "objects/ab/" REST256, "");
	CHECK_EQ(infer(&meta), 0);
	CHECK_EQ(meta.alg, CFS_ALG_SHA256);
}

TEST(no_link_is_followed_to_objects)
{
	CFS_AUTOFREE char *elsewhere = NULL;
	struct cfs_meta meta;

	start();
	put(path, "objects/ab/" REST256, "");
	elsewhere = below(path, "objects/ab");
	start();
	make_link(path, "objects/cd", elsewhere);
	CHECK(infer(&meta) < 0);
}

TEST(an_image_says_which_format_the_others_have)
{
	CHECK_EQ(format_of(MAGIC, 2, 16), 2);
	CHECK_EQ(format_of(MAGIC, 1, 16), 1);
	/* Reads like format 1. */
	CHECK_EQ(format_of(MAGIC, 0, 16), 1);
}

TEST(what_is_no_image_has_no_say)
{
	CHECK_EQ(format_of("none", 2, 16), 1);
	CHECK_EQ(format_of(MAGIC, 2, 15), 1);
	CHECK_EQ(format_of(MAGIC, 0, 0), 1);
}

TEST(images_are_not_looked_for_outside)
{
	CFS_AUTOFREE char *image = NULL;
	struct cfs_meta meta;

	start();
	add_image(MAGIC, 2, 16);
	image = below(path, "objects/ab/" REST256);
	start();
	put(path, "objects/ab/" REST256, "");
	make_dir(path, "images");
	make_link(path, "images/ab" REST256, image);
	make_link(path, "images/cd" REST256, "../objects/ab");
	make_link(path, "images/ef" REST256, "nowhere");
	make_link(path, "images/refs", "nowhere");
	CHECK_EQ(infer(&meta), 0);
	CHECK_EQ(meta.erofs_default, 1);
}

TEST(one_usable_image_among_others_is_enough)
{
	struct cfs_meta meta;

	start();
	add_image(MAGIC, 2, 16);
	make_link(path, "images/00" REST256, "../objects/00/" REST256);
	put(path, "images/file", "");
	CHECK_EQ(infer(&meta), 0);
	CHECK_EQ(meta.erofs_default, 2);
}

TEST(objects_of_the_other_algorithm_are_counted)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	uint64_t n = 9;

	start();
	CHECK_EQ(cfs_repo_open(AT_FDCWD, path, &repo, &err), 1);
	repo.meta.alg = CFS_ALG_SHA256;
	CHECK_EQ(cfs_repo_count_other_objects(&repo, &n, &err), 0);
	CHECK_EQ(n, 0);
	make_dir(path, "objects/ab/" REST256);
	make_dir(path, "objects/ab/" REST512);
	make_dir(path, "objects/ab/0");
	CHECK_EQ(cfs_repo_count_other_objects(&repo, &n, &err), 0);
	CHECK_EQ(n, 1);
}

TEST(a_repository_without_objects_has_none_of_another_algorithm)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	uint64_t n = 9;

	start();
	CHECK_EQ(cfs_repo_open(AT_FDCWD, path, &repo, &err), 1);
	CHECK_EQ(cfs_dir_remove(repo.fd, "objects", CFS_DIR_DEPTH_MAX, &err),
		 0);
	CHECK_EQ(cfs_repo_count_other_objects(&repo, &n, &err), 0);
	CHECK_EQ(n, 0);
}
