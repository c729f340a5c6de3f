/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/verify.h"

#include "tests/unit/ops/signed.h"

static struct cfs_verify_result result;

static int verify(const struct cfs_certs *certs)
{
	const struct cfs_verify_params params = { .certs = certs };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	result = (struct cfs_verify_result){ 0 };
	CHECK(cfs_access_read(&access_of_root, &repo, &err) == 0);
	return cfs_verify_image(&repo, &image, "name", &params, &result, &err);
}

TEST(an_image_is_verified_by_the_certificate_of_its_signer)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	const struct cfs_certs certs = cert_of(key);
	struct cfs_sign_result signed_by;

	start_image();
	CHECK(sign_with(key, &signed_by) == 0);
	CHECK(verify(&certs) == 0);
	CHECK(result.is_image && result.cert == 0 && result.signers.n == 1);
	CHECK(strstr(result.info.subject, "one") && !result.info.expired);
}

TEST(no_signature_is_an_error_of_its_own)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	const struct cfs_certs certs = cert_of(key);

	start_image();
	CHECK(verify(&certs) == -ENODATA && result.is_image);
}

TEST(another_signer_is_refused_and_named)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	const struct cfs_certs certs = cert_of(two);
	struct cfs_sign_result signed_by;

	start_image();
	CHECK(sign_with(one, &signed_by) == 0);
	CHECK(verify(&certs) == -ENOKEY && strstr(err.msg, "one"));
	CHECK(result.signers.n == 1 && result.signers.cert[0] == -1);
}

TEST(without_certificates_nothing_is_verified_and_the_signers_are_listed)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	const struct cfs_certs none = { 0 };
	struct cfs_sign_result signed_by;

	start_image();
	CHECK(sign_with(key, &signed_by) == 0);
	CHECK(verify(&none) == -ENOKEY && result.signers.n == 1);
}

TEST(a_changed_image_is_not_what_was_signed)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	const struct cfs_certs certs = cert_of(key);
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	CFS_AUTOFREE char *file = NULL;
	struct cfs_sign_result signed_by;
	CFS_AUTOFD int fd = -EBADF;

	start_image();
	CHECK(sign_with(key, &signed_by) == 0);
	cfs_digest_to_path(&image, path + strlen(path));
	file = below(root, path);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0 && pwrite(fd, "x", 1, 1100) == 1);
	CHECK(verify(&certs) == -EBADMSG && !result.is_image);
}
