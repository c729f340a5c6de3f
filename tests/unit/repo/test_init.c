/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/init.h"

#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static char path[8192];

static const struct cfs_init_params plain = {
	.meta = { .alg = CFS_ALG_SHA512, .erofs_default = 1 },
};

static void start(void)
{
	snprintf(path, sizeof(path), "%s/a/repo", fresh_dir());
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 1000,
				     .enable_result = -ENOTTY };
}

static void verity_works(void)
{
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA512 };
}

static struct cfs_meta read_back(void)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	CHECK(cfs_repo_open(AT_FDCWD, path, &repo, &err) == 1);
	CHECK(repo.has_meta);
	return repo.meta;
}

TEST(metadata_is_written_as_upstream_writes_it)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	/* composefs-rs, RepoMetadata, serde_json pretty form. */
	cfs_meta_format(&plain.meta, &buf);
	CHECK(strcmp(cfs_buf_text(&buf),
		     "{\n  \"version\": 1,\n"
		     "  \"algorithm\": \"fsverity-sha512-12\",\n"
		     "  \"features\": {\n    \"compatible\": [],\n"
		     "    \"read-only-compatible\": [\n      \"v1_erofs\"\n"
		     "    ],\n    \"incompatible\": []\n  },\n"
		     "  \"erofs_formats\": {\n    \"default\": 1\n  }\n}\n") ==
	      0);
}

TEST(every_form_of_metadata_reads_back)
{
	for (unsigned format = 0; format <= CFS_META_FORMAT_MAX; format++) {
		for (unsigned extra = 0; extra < 8; extra++) {
			CFS_AUTOBUF struct cfs_buf buf = { 0 };
			struct cfs_meta meta = {
				.alg = CFS_ALG_SHA256,
				.erofs_default = format,
				.erofs_extra = extra & ~(1U << format),
			};
			struct cfs_meta back;

			cfs_meta_format(&meta, &buf);
			CHECK(cfs_meta_parse(cfs_buf_bytes(&buf), &back,
					     &err) == 0);
			CHECK(back.alg == meta.alg &&
			      back.erofs_default == meta.erofs_default &&
			      back.erofs_extra == meta.erofs_extra);
		}
	}
}

TEST(a_repository_is_made_with_its_parents_and_for_its_owner)
{
	struct stat st;

	start();
	CHECK(cfs_repo_init(path, &plain, &err) == CFS_INIT_CREATED);
	CHECK(read_back().alg == CFS_ALG_SHA512);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK(count(path, ".", "") == 1);
}

TEST(the_same_again_is_an_answer_and_another_a_refusal)
{
	struct cfs_init_params other = plain;

	start();
	CHECK(cfs_repo_init(path, &plain, &err) == CFS_INIT_CREATED);
	CHECK(cfs_repo_init(path, &plain, &err) == CFS_INIT_ALREADY);
	other.meta.alg = CFS_ALG_SHA256;
	CHECK(cfs_repo_init(path, &other, &err) == -EEXIST);
	CHECK(strstr(err.msg, "different configuration"));
	other.ensure = true;
	CHECK(cfs_repo_init(path, &other, &err) == CFS_INIT_ALREADY);
	CHECK(read_back().alg == CFS_ALG_SHA512);
}

TEST(a_reset_forgets_names_and_keeps_objects)
{
	struct cfs_init_params other = plain;

	start();
	CHECK(cfs_repo_init(path, &plain, &err) == CFS_INIT_CREATED);
	make_dir(path, "objects");
	make_dir(path, "images");
	make_dir(path, "images/refs");
	make_link(path, "images/refs/x", "../y");
	make_dir(path, "streams");
	other.meta.alg = CFS_ALG_SHA256;
	other.reset = true;
	CHECK(cfs_repo_init(path, &other, &err) == CFS_INIT_CREATED);
	CHECK(read_back().alg == CFS_ALG_SHA256);
	CHECK(count(path, ".", "") == 2);
}

TEST(a_reset_that_cannot_work_removes_nothing)
{
	struct cfs_init_params other = plain;

	start();
	CHECK(cfs_repo_init(path, &plain, &err) == CFS_INIT_CREATED);
	make_dir(path, "images");
	other.reset = true;
	other.secure = true;
	CHECK(cfs_repo_init(path, &other, &err) == -EOPNOTSUPP);
	CHECK(count(path, ".", "") == 2);
}

TEST(a_secure_repository_has_metadata_under_verity)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_init_params secure = plain;

	start();
	secure.secure = true;
	CHECK(cfs_repo_init(path, &secure, &err) == -EOPNOTSUPP);
	CHECK(strstr(err.msg, "--insecure"));
	CHECK(count(path, ".", "") == 0);
	verity_works();
	CHECK(cfs_repo_init(path, &secure, &err) == CFS_INIT_CREATED);
	CHECK(fake.enabled.hash_algorithm == FS_VERITY_HASH_ALG_SHA512);
	CHECK(cfs_repo_open(AT_FDCWD, path, &repo, &err) == 1);
	CHECK(cfs_repo_is_secure(&repo, &err) == 1);
	fake.measure_result = -ENODATA;
	CHECK(cfs_repo_is_secure(&repo, &err) == 0);
	CHECK(cfs_repo_init(path, &secure, &err) == -EEXIST);
	fake.measure_result = -EIO;
	CHECK(cfs_repo_is_secure(&repo, &err) == -EIO);
}

#define REST "00000000000000000000000000000000000000000000000000000000000000"

static void make_old(const char *image_head, size_t len)
{
	CFS_AUTOFREE char *name = NULL;
	FILE *f;

	make_dir(path, "objects");
	make_dir(path, "objects/ab");
	put(path, "objects/ab/not-an-object", "");
	put(path, "objects/ab/" REST, "");
	if (!image_head)
		return;
	name = below(path, "objects/ab/" REST);
	f = fopen(name, "w");
	CHECK(f && fwrite(image_head, 1, len, f) == len && !fclose(f));
	make_dir(path, "images");
	make_link(path, "images/refs", "nowhere");
	make_link(path, "images/ab" REST, "../objects/ab/" REST);
}

static int infer(struct cfs_meta *ret)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	CHECK(cfs_repo_open(AT_FDCWD, path, &repo, &err) == 1);
	CHECK(!repo.has_meta);
	return cfs_repo_infer_meta(&repo, ret, &err);
}

TEST(an_old_repository_is_known_by_its_objects)
{
	struct cfs_meta meta;

	start();
	strcpy(path, fresh_dir());
	make_dir(path, "objects");
	CHECK(infer(&meta) == -ENOENT);
	CHECK(rmdir(strcat(path, "/objects")) == 0);
	path[strlen(path) - strlen("/objects")] = '\0';
	make_old(NULL, 0);
	CHECK(infer(&meta) == 0);
	CHECK(meta.alg == CFS_ALG_SHA256 && meta.erofs_default == 1);
}

TEST(an_old_repository_keeps_the_format_of_its_images)
{
	static const char v2[16] = { '\x9a', '\x62', '\x78', '\xd0', 1, 0, 0,
				     0,	     0,	     0,	     0,	     0, 2 };
	static const char v1[16] = { '\x9a', '\x62', '\x78', '\xd0', 1, 0, 0,
				     0,	     0,	     0,	     0,	     0, 1 };
	struct cfs_meta meta;

	start();
	strcpy(path, fresh_dir());
	make_old(v2, sizeof(v2));
	CHECK(infer(&meta) == 0 && meta.erofs_default == 2);
	strcpy(path, fresh_dir());
	make_old(v1, sizeof(v1));
	CHECK(infer(&meta) == 0 && meta.erofs_default == 1);
}

TEST(an_old_repository_is_upgraded_once)
{
	struct cfs_init_params ensure = plain;

	start();
	strcpy(path, fresh_dir());
	make_old(NULL, 0);
	ensure.ensure = true;
	CHECK(cfs_repo_init(path, &ensure, &err) == CFS_INIT_UPGRADED);
	CHECK(read_back().alg == CFS_ALG_SHA256);
	CHECK(cfs_repo_init(path, &ensure, &err) == CFS_INIT_ALREADY);
}

TEST(a_repository_says_what_it_grants_to_others)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	start();
	CHECK(cfs_repo_init(path, &plain, &err) == CFS_INIT_CREATED);
	CHECK(cfs_repo_open(AT_FDCWD, path, &repo, &err) == 1);
	CHECK(cfs_repo_open_to_others(&repo, &err) == 0);
	CHECK(chmod(path, 02751) == 0);
	CHECK(cfs_repo_open_to_others(&repo, &err) == 051);
}
