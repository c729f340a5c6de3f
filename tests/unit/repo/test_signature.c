/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/signature.h"

#include "fsverity/enable.h"
#include "repo/open.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static struct cfs_digest id = { .alg = CFS_ALG_SHA256, .bytes = { 0xab } };

static const char *open_with(struct cfs_repo *repo)
{
	static char root[4096];

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	make_dir(root, "signatures");
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, repo, &err), 1);
	return root;
}

TEST(a_signature_is_found_by_its_images_digest)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	char path[CFS_SIGNATURE_PATH_MAX];
	const char *root = open_with(&repo);

	cfs_signature_path(&id, path);
	CHECK_EQ(strlen(path), strlen("signatures/.p7s") + 64);
	CHECK_EQ(cfs_signature_read(&repo, &id, &buf, &err), 0);
	CHECK(!buf.len);
	put(root, path, "DER");
	CHECK_EQ(cfs_signature_read(&repo, &id, &buf, &err), 1);
	CHECK_EQ(buf.len, 3);
	CHECK_MEM(buf.data, "DER", 3);
	id.alg = CFS_ALG_SHA512;
	CHECK_EQ(cfs_signature_read(&repo, &id, &buf, &err), 0);
	id.alg = CFS_ALG_SHA256;
}

TEST(what_leads_out_or_has_no_end_is_refused)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	char path[CFS_SIGNATURE_PATH_MAX];
	static char big[CFS_SIGNATURE_MAX + 2];
	const char *root = open_with(&repo);

	cfs_signature_path(&id, path);
	make_link(root, path, "/etc/passwd");
	CHECK_EQ(cfs_signature_read(&repo, &id, &buf, &err), -EXDEV);
	CHECK_EQ(unlinkat(repo.fd, path, 0), 0);
	CHECK_EQ(mkfifoat(repo.fd, path, 0600), 0);
	CHECK_EQ(cfs_signature_read(&repo, &id, &buf, &err), -EINVAL);
	CHECK_EQ(unlinkat(repo.fd, path, 0), 0);
	memset(big, 'x', sizeof(big) - 1);
	put(root, path, big);
	CHECK_EQ(cfs_signature_read(&repo, &id, &buf, &err), -EFBIG);
}
