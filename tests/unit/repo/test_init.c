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

	CHECK_EQ(cfs_repo_open(AT_FDCWD, path, &repo, &err), 1);
	CHECK(repo.has_meta);
	return repo.meta;
}

TEST(metadata_is_written_as_upstream_writes_it)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	/* composefs-rs, RepoMetadata, serde_json pretty form. */
	cfs_meta_format(&plain.meta, &buf);
	CHECK_STR(cfs_buf_text(&buf),
		  "{\n  \"version\": 1,\n"
		  "  \"algorithm\": \"fsverity-sha512-12\",\n"
		  "  \"features\": {\n    \"compatible\": [],\n"
		  "    \"read-only-compatible\": [\n      \"v1_erofs\"\n"
		  "    ],\n    \"incompatible\": []\n  },\n"
		  "  \"erofs_formats\": {\n    \"default\": 1\n  }\n}\n");
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
			CHECK_EQ(cfs_meta_parse(cfs_buf_bytes(&buf), &back,
						&err),
				 0);
			CHECK_EQ(back.alg, meta.alg);
			CHECK_EQ(back.erofs_default, meta.erofs_default);
			CHECK_EQ(back.erofs_extra, meta.erofs_extra);
		}
	}
}

TEST(a_repository_is_made_with_its_parents_and_for_its_owner)
{
	struct stat st;

	start();
	CHECK_EQ(cfs_repo_init(path, &plain, &err), CFS_INIT_CREATED);
	CHECK_EQ(read_back().alg, CFS_ALG_SHA512);
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ((st.st_mode & 07777), 0700);
	CHECK_EQ(count(path, ".", ""), 1);
}

TEST(the_same_again_is_an_answer_and_another_a_refusal)
{
	struct cfs_init_params other = plain;

	start();
	CHECK_EQ(cfs_repo_init(path, &plain, &err), CFS_INIT_CREATED);
	CHECK_EQ(cfs_repo_init(path, &plain, &err), CFS_INIT_ALREADY);
	other.meta.alg = CFS_ALG_SHA256;
	CHECK_EQ(cfs_repo_init(path, &other, &err), -EEXIST);
	CHECK(strstr(err.msg, "different configuration"));
	other.ensure = true;
	CHECK_EQ(cfs_repo_init(path, &other, &err), CFS_INIT_ALREADY);
	CHECK_EQ(read_back().alg, CFS_ALG_SHA512);
}

TEST(a_reset_forgets_names_and_keeps_objects)
{
	struct cfs_init_params other = plain;

	start();
	CHECK_EQ(cfs_repo_init(path, &plain, &err), CFS_INIT_CREATED);
	make_dir(path, "objects");
	make_dir(path, "images");
	make_dir(path, "images/refs");
	make_link(path, "images/refs/x", "../y");
	make_dir(path, "streams");
	other.meta.alg = CFS_ALG_SHA256;
	other.reset = true;
	CHECK_EQ(cfs_repo_init(path, &other, &err), CFS_INIT_CREATED);
	CHECK_EQ(read_back().alg, CFS_ALG_SHA256);
	CHECK_EQ(count(path, ".", ""), 2);
}

TEST(a_reset_that_cannot_work_removes_nothing)
{
	struct cfs_init_params other = plain;

	start();
	CHECK_EQ(cfs_repo_init(path, &plain, &err), CFS_INIT_CREATED);
	make_dir(path, "images");
	other.reset = true;
	other.secure = true;
	CHECK_EQ(cfs_repo_init(path, &other, &err), -EOPNOTSUPP);
	CHECK_EQ(count(path, ".", ""), 2);
}

TEST(a_secure_repository_has_metadata_under_verity)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_init_params secure = plain;

	start();
	secure.secure = true;
	CHECK_EQ(cfs_repo_init(path, &secure, &err), -EOPNOTSUPP);
	CHECK(strstr(err.msg, "--insecure"));
	verity_works();
	CHECK_EQ(cfs_repo_init(path, &secure, &err), CFS_INIT_CREATED);
	CHECK_EQ(fake.enabled.hash_algorithm, FS_VERITY_HASH_ALG_SHA512);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, path, &repo, &err), 1);
	CHECK_EQ(cfs_repo_is_secure(&repo, &err), 1);
	fake.measure_result = -ENODATA;
	CHECK_EQ(cfs_repo_is_secure(&repo, &err), 0);
	CHECK_EQ(cfs_repo_init(path, &secure, &err), -EEXIST);
	fake.measure_result = -EIO;
	CHECK_EQ(cfs_repo_is_secure(&repo, &err), -EIO);
}

#define REST "00000000000000000000000000000000000000000000000000000000000000"

static void make_old(void)
{
	make_dir(path, "objects");
	make_dir(path, "objects/ab");
	put(path, "objects/ab/" REST, "");
}

TEST(an_old_repository_is_upgraded_once)
{
	struct cfs_init_params ensure = plain;

	start();
	strcpy(path, fresh_dir());
	make_old();
	ensure.ensure = true;
	CHECK_EQ(cfs_repo_init(path, &ensure, &err), CFS_INIT_UPGRADED);
	CHECK_EQ(read_back().alg, CFS_ALG_SHA256);
	CHECK_EQ(cfs_repo_init(path, &ensure, &err), CFS_INIT_ALREADY);
}

TEST(a_repository_says_what_it_grants_to_others)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	start();
	CHECK_EQ(cfs_repo_init(path, &plain, &err), CFS_INIT_CREATED);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, path, &repo, &err), 1);
	CHECK_EQ(cfs_repo_open_to_others(&repo, &err), 0);
	CHECK_EQ(chmod(path, 02751), 0);
	CHECK_EQ(cfs_repo_open_to_others(&repo, &err), 051);
}

TEST(a_failed_init_removes_the_directories_that_it_made)
{
	struct cfs_init_params secure = plain;
	CFS_AUTOFREE char *parent = NULL;
	char *last;

	start();
	secure.secure = true;
	last = strrchr(path, '/');
	CHECK_EQ(cfs_repo_init(path, &secure, &err), -EOPNOTSUPP);
	CHECK(access(path, F_OK) < 0);
	*last = '\0';
	CHECK(access(path, F_OK) < 0);
	CHECK_EQ(mkdir(path, 0755), 0);
	parent = strdup(path);
	*last = '/';
	CHECK_EQ(cfs_repo_init(path, &secure, &err), -EOPNOTSUPP);
	CHECK(parent);
	CHECK_EQ(count(parent, ".", ""), 0);
	CHECK_EQ(mkdir(path, 0700), 0);
	CHECK_EQ(cfs_repo_init(path, &secure, &err), -EOPNOTSUPP);
	CHECK_EQ(count(path, ".", ""), 0);
}

TEST(a_directory_that_is_used_for_something_else_is_refused)
{
	static const char *const foreign[] = { "etc", "HEAD", ".profile" };
	struct cfs_init_params p = plain;

	for (unsigned i = 0; i < 12; i++) {
		start();
		strcpy(path, fresh_dir());
		make_dir(path, foreign[i % 3]);
		make_dir(path, "images");
		put(path, "images/photo", "");
		/* As of git, which names by other digests. */
		make_dir(path, "objects");
		make_dir(path, "objects/ab");
		put(path, "objects/ab/1234", "");
		if (i >= 6)
			put(path, "meta.json", "{ \"of\": \"something\" }");
		p.ensure = i % 2;
		p.reset = i >= 6;
		CHECK_EQ(cfs_repo_init(path, &p, &err), -ENOTEMPTY);
		CHECK(strstr(err.msg, foreign[i % 3]));
		CHECK(holds(path, "images/photo", ""));
		CHECK_EQ(count(path, ".", ""),
			 (i >= 6 ? 3 : 2) + (foreign[i % 3][0] != '.'));
	}
}

TEST(a_fresh_file_system_may_become_a_repository)
{
	start();
	strcpy(path, fresh_dir());
	make_dir(path, "lost+found");
	make_dir(path, "streams");
	put(path, ".tmp-0123456789abcdef", "");
	CHECK_EQ(cfs_repo_init(path, &plain, &err), CFS_INIT_CREATED);
}

TEST(broken_metadata_is_replaced_by_a_reset_that_keeps_objects)
{
	struct cfs_init_params p = plain;

	p.default_alg = true;
	for (unsigned i = 0; i < 2; i++) {
		start();
		strcpy(path, fresh_dir());
		make_old();
		make_dir(path, "etc");
		if (i == 0)
			put(path, "meta.json", "{");
		else
			make_dir(path, "meta.json");
		p.reset = false;
		CHECK(cfs_repo_init(path, &p, &err) < 0);
		CHECK(strstr(err.msg, "init --reset-metadata"));
		p.reset = true;
		CHECK_EQ(cfs_repo_init(path, &p, &err), CFS_INIT_CREATED);
		CHECK_EQ(read_back().alg, CFS_ALG_SHA256);
		CHECK(holds(path, "objects/ab/" REST, ""));
	}
	p.default_alg = false;
	CHECK_EQ(cfs_repo_init(path, &p, &err), CFS_INIT_CREATED);
	CHECK_EQ(read_back().alg, CFS_ALG_SHA512);
}

TEST(advice_is_given_where_metadata_is_broken_and_nowhere_else)
{
	start();
	cfs_fail(&err, ENOTDIR, "some reason");
	CHECK_EQ(cfs_repo_open_advice(path, &err), -ENOTDIR);
	CHECK_STR(err.msg, "some reason");
	CHECK_EQ(cfs_repo_init(path, &plain, &err), CFS_INIT_CREATED);
	cfs_fail(&err, EOPNOTSUPP, "a newer one");
	CHECK_EQ(cfs_repo_open_advice(path, &err), -EOPNOTSUPP);
	CHECK_STR(err.msg, "a newer one");
	cfs_fail(&err, EINVAL, "line 1");
	CHECK_EQ(cfs_repo_open_advice(path, &err), -EINVAL);
	CHECK(strstr(err.msg, "line 1; remove meta.json"));
}
