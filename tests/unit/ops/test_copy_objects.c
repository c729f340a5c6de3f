/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/copy_objects.h"

#include "base/io.h"
#include "keys/verify.h"
#include "repo/sigpacks.h"
#include "tests/unit/ops/signed.h"

/* The same repository is both: a pack of one image goes to another's. */
static const struct cfs_digest from = { CFS_ALG_SHA256, { 1 } };

static struct cfs_digest object(uint8_t first)
{
	return (struct cfs_digest){ .alg = CFS_ALG_SHA256, .bytes = { first } };
}

/* Writes a pack of the objects 1 to @n, signed by @keys. */
static void write_pack(struct cfs_signing *const *keys, unsigned n_keys,
		       uint8_t n, bool wrong)
{
	CFS_AUTOBUF struct cfs_buf pack = { 0 };
	struct cfs_sigpack_entry e[8];
	struct cfs_buf blobs[8] = { { 0 } };
	char path[CFS_SIGPACK_PATH_MAX];
	CFS_AUTOFD int dir = open_dir(root);

	for (uint8_t i = 0; i < n; i++) {
		struct cfs_digest id = object(i + 1), of = id;

		of.bytes[1] = wrong;
		for (unsigned k = 0; k < n_keys; k++) {
			struct cfs_buf next = { 0 };

			CHECK(cfs_sign(keys[k], &of, cfs_buf_bytes(&blobs[i]),
				       &next, &err) == 1);
			cfs_buf_free(&blobs[i]);
			blobs[i] = next;
		}
		e[i] = (struct cfs_sigpack_entry){ id,
						   cfs_buf_bytes(&blobs[i]) };
	}
	CHECK_EQ(cfs_sigpack_write(e, n, &pack, &err), 0);
	cfs_sigpack_path(&from, path);
	CHECK_EQ(cfs_replace_file(dir, path, pack.data, pack.len), 0);
	for (uint8_t i = 0; i < n; i++)
		cfs_buf_free(&blobs[i]);
}

/* Gives the pack of @from to @image. */
static int copy(const struct cfs_certs *certs)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOREPO struct cfs_repo source = CFS_REPO_INIT;
	char path[2][CFS_SIGPACK_PATH_MAX];
	CFS_AUTOFREE char *elsewhere = below(root, "elsewhere");
	CFS_AUTOFD int dir = open_dir(root), to = -EBADF;

	CHECK_EQ(mkdir(elsewhere, 0755), 0);
	make_dir(elsewhere, "signatures");
	to = open_dir(elsewhere);
	put(elsewhere, "meta.json", SHA256_META);
	cfs_sigpack_path(&from, path[0]);
	cfs_sigpack_path(&image, path[1]);
	CHECK_EQ(renameat(dir, path[0], to, path[1]), 0);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, elsewhere, &source, &err), 1);
	CHECK_EQ(cfs_access_write(&access_of_root, &store, &err), 0);
	return cfs_copy_object_signatures(&source, &image, certs, &store, &err);
}

static unsigned signers_of(uint8_t first)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOSIGPACKS struct cfs_sigpacks packs = { 0 };
	struct cfs_digest id = object(first);
	struct cfs_bytes der;
	struct cfs_pkcs7 p7;

	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	CHECK_EQ(cfs_sigpacks_read(&repo, NULL, &packs, &err), 0);
	if (!cfs_sigpacks_find(&packs, &id, &der))
		return 0;
	CHECK_EQ(cfs_pkcs7_parse(der, &p7, &err), 0);
	return p7.n;
}

TEST(signers_who_are_trusted_come_along_and_no_others)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	struct cfs_signing *const both[] = { one, two };
	struct cfs_certs certs = cert_of(one), others = cert_of(two);

	start_image();
	make_dir(root, "signatures");
	write_pack(both, 2, 3, false);
	CHECK_EQ(copy(&certs), 3);
	CHECK_EQ(signers_of(1), 1);
	CHECK_EQ(signers_of(3), 1);
	start_image();
	make_dir(root, "signatures");
	write_pack(both, 1, 3, false);
	CHECK_EQ(copy(&others), 0);
	CHECK_EQ(signers_of(1), 0);
}

TEST(signers_of_before_stay)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	struct cfs_certs certs = cert_of(one), others = cert_of(two);
	CFS_AUTOFREE char *elsewhere = NULL;

	start_image();
	make_dir(root, "signatures");
	write_pack(&one, 1, 3, false);
	CHECK_EQ(copy(&certs), 3);
	elsewhere = below(root, "elsewhere");
	CHECK_EQ(rename(elsewhere, fresh_dir()), 0);
	write_pack(&two, 1, 2, false);
	CHECK_EQ(copy(&others), 2);
	CHECK_EQ(signers_of(1), 2);
	CHECK_EQ(signers_of(3), 1);
}

TEST(a_wrong_signature_by_who_is_trusted_stops_it)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	struct cfs_certs certs = cert_of(one);

	start_image();
	make_dir(root, "signatures");
	write_pack(&one, 1, 2, true);
	CHECK_EQ(copy(&certs), -EKEYREJECTED);
	CHECK(strstr(err.msg, "signature of object 01"));
	CHECK_EQ(signers_of(1), 0);
}

TEST(an_image_without_a_pack_has_nothing_to_enrol)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_err why_not = { 0 };

	start_image();
	CHECK_EQ(cfs_access_write(&access_of_root, &store, &err), 0);
	CHECK_EQ(cfs_enrol_pack(&store, &image, &why_not, &err), 1);
}
