/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/signature.h"

#include "tests/unit/ops/signed.h"

static const struct cfs_bytes nothing = { NULL, 0 };
static const struct cfs_certs nobody;

static void sign_bytes(struct cfs_signing *by, struct cfs_bytes old,
		       struct cfs_buf *ret)
{
	CHECK(cfs_sign(by, &image, old, ret, &err) == 1);
}

TEST(signers_are_listed_with_the_certificate_that_each_means)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	CFS_AUTOBUF struct cfs_buf first = { 0 }, both = { 0 };
	const struct cfs_certs certs = cert_of(two);
	struct cfs_signers signers;
	unsigned known = 0;

	image.alg = CFS_ALG_SHA256;
	sign_bytes(one, nothing, &first);
	sign_bytes(two, cfs_buf_bytes(&first), &both);
	CHECK(cfs_signers_list(cfs_buf_bytes(&both), &certs, &signers, &err) ==
	      0);
	CHECK(signers.n == 2);
	for (unsigned i = 0; i < 2; i++) {
		bool is_two = strstr(signers.v[i].issuer, "two");

		CHECK(signers.cert[i] == (is_two ? 0 : -1));
		known += is_two;
	}
	CHECK(known == 1);
}

TEST(no_signature_has_no_signers)
{
	struct cfs_signers signers;

	CHECK(cfs_signers_list((struct cfs_bytes){ (const uint8_t *)"x", 1 },
			       &nobody, &signers, &err) == -EBADMSG);
}

TEST(the_refusal_names_the_signers)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	struct cfs_signers signers;

	image.alg = CFS_ALG_SHA256;
	sign_bytes(one, nothing, &der);
	CHECK(cfs_signers_list(cfs_buf_bytes(&der), &nobody, &signers, &err) ==
	      0);
	CHECK(cfs_signers_refuse(&signers, &err) == -ENOKEY);
	CHECK(strstr(err.msg, signers.v[0].issuer));
	CHECK(strstr(err.msg, signers.v[0].serial));
}

TEST(a_kept_signature_is_found_and_its_lack_is_an_answer)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	struct cfs_sign_result result;
	CFS_AUTOFD int fd = -EBADF;

	start_image();
	CHECK(cfs_access_read(&access_of_root, &repo, &err) == 0);
	CHECK(cfs_signature_open(&repo, &image, &fd, &err) == 0);
	fake.signature_result = -ENOTTY;
	CHECK(cfs_signature_find(&repo, &image, fd, &der, &err) == 0);
	CHECK(sign_with(one, &result) == 0);
	CHECK(cfs_signature_find(&repo, &image, fd, &der, &err) == 1);
	CHECK(der.len > 0);
}
