/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/sigpacks.h"

#include "base/io.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static const char *root;

static void start(struct cfs_repo *repo)
{
	root = fresh_dir();
	put(root, "meta.json", SHA256_META);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, repo, &err), 1);
}

static struct cfs_digest digest(uint8_t first)
{
	return (struct cfs_digest){ .alg = CFS_ALG_SHA256, .bytes = { first } };
}

/* The pack of image @image: a signature of object @object. */
static void add(uint8_t image, uint8_t object, const char *der)
{
	const struct cfs_sigpack_entry e = {
		digest(object), { (const uint8_t *)der, strlen(der) }
	};
	const struct cfs_digest id = digest(image);
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	char path[CFS_SIGPACK_PATH_MAX];
	CFS_AUTOFD int dir = open_dir(root);

	CHECK_EQ(cfs_sigpack_write(&e, 1, &buf, &err), 0);
	cfs_sigpack_path(&id, path);
	CHECK_EQ(cfs_replace_file(dir, path, buf.data, buf.len), 0);
}

TEST(names_say_what_a_file_is)
{
#define ZEROS "0000000000000000000000000000000000000000000000000000000000"
	struct cfs_digest id;

	CHECK_EQ(cfs_signature_file_of(ZEROS "00ab12.p7s", &id),
		 CFS_SIGNATURE_FILE_IMAGE);
	CHECK(id.alg == CFS_ALG_SHA256 && id.bytes[31] == 0x12);
	CHECK_EQ(cfs_signature_file_of(ZEROS "00ab12.pack", &id),
		 CFS_SIGNATURE_FILE_PACK);
	CHECK_EQ(cfs_signature_file_of(ZEROS ZEROS "000000000012.pack", &id),
		 CFS_SIGNATURE_FILE_PACK);
	CHECK_EQ(id.alg, CFS_ALG_SHA512);
	CHECK(!cfs_signature_file_of(ZEROS "00AB12.pack", &id));
	CHECK(!cfs_signature_file_of(ZEROS "00ab12", &id));
	CHECK(!cfs_signature_file_of(ZEROS "00ab12.packs", &id));
	CHECK(!cfs_signature_file_of(ZEROS "00ab1.pack", &id));
	CHECK(!cfs_signature_file_of(".pack", &id));
	CHECK(!cfs_signature_file_of("", &id));
}

TEST(a_repository_without_signatures_has_no_packs)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOSIGPACKS struct cfs_sigpacks packs = { 0 };
	struct cfs_digest id = digest(1);
	struct cfs_bytes der;

	start(&repo);
	CHECK_EQ(cfs_sigpacks_read(&repo, NULL, &packs, &err), 0);
	CHECK_EQ(packs.n, 0);
	CHECK(!cfs_sigpacks_find(&packs, &id, &der));
	CHECK(!cfs_sigpacks_of(&packs, &id));
}

TEST(the_longest_signature_of_all_packs_is_found)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOSIGPACKS struct cfs_sigpacks packs = { 0 };
	struct cfs_digest one = digest(1), two = digest(2);
	struct cfs_bytes der;

	start(&repo);
	add(10, 1, "a");
	add(11, 1, "bbb");
	add(12, 1, "cc");
	add(13, 2, "d");
	put(root, "signatures/other", "not a pack");
	CHECK_EQ(cfs_sigpacks_read(&repo, NULL, &packs, &err), 0);
	CHECK_EQ(packs.n, 4);
	CHECK(cfs_sigpacks_find(&packs, &one, &der) && der.len == 3);
	CHECK(cfs_sigpacks_find(&packs, &two, &der) && der.len == 1);
	two = digest(12);
	CHECK(!cfs_sigpacks_find(&packs, &two, &der));
	CHECK_EQ(cfs_sigpacks_of(&packs, &two)->pack.n, 1);
}

TEST(packs_of_other_images_are_not_read)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOSIGPACKS struct cfs_sigpacks packs = { 0 };
	CFS_AUTODIGESTSET struct cfs_digest_set only = { 0 };
	struct cfs_digest ten = digest(10), one = digest(1);
	struct cfs_bytes der;

	start(&repo);
	add(10, 1, "a");
	add(11, 1, "bbb");
	CHECK_EQ(cfs_digest_set_add(&only, &ten, &err), 0);
	CHECK_EQ(cfs_sigpacks_read(&repo, &only, &packs, &err), 0);
	CHECK_EQ(packs.n, 1);
	CHECK(cfs_sigpacks_find(&packs, &one, &der) && der.len == 1);
}

TEST(a_pack_that_is_none_is_named)
{
	struct cfs_digest id = digest(10);
	char path[CFS_SIGPACK_PATH_MAX];

	cfs_sigpack_path(&id, path);
	for (int i = 0; i < 3; i++) {
		CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
		CFS_AUTOSIGPACKS struct cfs_sigpacks packs = { 0 };

		start(&repo);
		make_dir(root, "signatures");
		if (i == 0)
			put(root, path, "junk");
		else if (i == 1)
			make_link(root, path, "/etc/passwd");
		else
			make_dir(root, path);
		CHECK(cfs_sigpacks_read(&repo, NULL, &packs, &err) < 0);
		CHECK(strstr(err.msg, path));
	}
}

TEST(a_pack_of_the_other_algorithm_is_refused)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOSIGPACKS struct cfs_sigpacks packs = { 0 };

	start(&repo);
	add(10, 1, "a");
	repo.meta.alg = CFS_ALG_SHA512;
	CHECK_EQ(cfs_sigpacks_read(&repo, NULL, &packs, &err), -EBADMSG);
}
