/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/sign.h"

#include "base/io.h"
#include "fsverity/signature.h"
#include "tests/unit/ops/enrolled.h"

static struct cfs_sign_result result;

static void read_signature(struct cfs_buf *der)
{
	CFS_AUTOFD int fd = open_dir(root);

	CHECK(cfs_read_file(fd, result.path, CFS_SIGNATURE_MAX, der, &err) ==
	      1);
}

TEST(an_image_is_signed_and_its_signature_kept)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");

	start_image();
	CHECK(sign_with(key, &result) == 0);
	CHECK(result.kept && result.n == 1 && result.signer[0].is_new);
	CHECK(count(root, "signatures", "") == 1);
	/* No fs-verity here, which is no failure unless that is asked for. */
	CHECK(!result.enrolled && result.why_not.code == EOPNOTSUPP);
}

TEST(signing_again_changes_nothing)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	CFS_AUTOBUF struct cfs_buf first = { 0 }, second = { 0 };

	start_image();
	CHECK(sign_with(key, &result) == 0);
	read_signature(&first);
	CHECK(sign_with(key, &result) == 0);
	CHECK(result.kept && !result.signer[0].is_new);
	read_signature(&second);
	CHECK(first.len == second.len &&
	      memcmp(first.data, second.data, first.len) == 0);
}

TEST(signers_of_before_stay)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	const struct cfs_certs none = { 0 };
	struct cfs_signers signers;

	start_image();
	CHECK(sign_with(one, &result) == 0 && sign_with(two, &result) == 0);
	read_signature(&der);
	CHECK(cfs_signers_list(cfs_buf_bytes(&der), &none, &signers, &err) ==
	      0);
	CHECK(signers.n == 2 && signers.cert[0] == -1);
}

TEST(signers_whom_the_kernel_alone_knows_stay)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	const struct cfs_certs first = cert_of(one), second = cert_of(two);

	start_verity();
	CHECK_EQ(enrol_by(one), CFS_ENROL_DONE);
	CHECK(sign_with(two, &result) == 0);
	CHECK_EQ(result.enrolled, CFS_ENROL_DONE);
	CHECK_EQ(verify_enrolled(&first, NULL), 0);
	CHECK_EQ(verify_enrolled(&second, NULL), 0);
}

TEST(a_signature_that_the_kernel_alone_keeps_is_kept_here_too)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");

	start_verity();
	CHECK_EQ(enrol_by(one), CFS_ENROL_DONE);
	CHECK(sign_with(one, &result) == 0);
	CHECK(result.kept && !result.signer[0].is_new);
	CHECK(count(root, "signatures", "") == 1);
}

TEST(the_kernel_is_not_asked_unless_it_is_wanted)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	struct cfs_sign_params params = { .keys = &key, .n = 1 };

	start_image();
	params.kernel = CFS_KERNEL_NO;
	CHECK(sign(&params, &result) == 0);
	CHECK(!result.enrolled && result.why_not.code == 0);
	params.kernel = CFS_KERNEL_YES;
	CHECK(sign(&params, &result) == -EOPNOTSUPP);
	CHECK(strstr(err.msg, "hand the signature to the kernel"));
	/* It is kept all the same. */
	CHECK(result.kept && count(root, "signatures", "") == 1);
}

TEST(a_signature_made_elsewhere_is_attached)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	CFS_AUTOBUF struct cfs_buf p7 = { 0 };
	const struct cfs_bytes none = { NULL, 0 };
	const struct cfs_certs certs = cert_of(key);
	struct cfs_sign_params params = { .attach_name = "file",
					  .attach_certs = &certs };

	start_image();
	CHECK(cfs_sign(key, &image, none, &p7, &err) == 1);
	params.attach = cfs_buf_bytes(&p7);
	CHECK(sign(&params, &result) == 0);
	CHECK(result.kept && result.attached == 1);
	CHECK(sign(&params, &result) == 0 && result.attached == 0);
}

TEST(a_signature_by_another_key_is_refused_with_its_signer)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	CFS_AUTOBUF struct cfs_buf p7 = { 0 };
	const struct cfs_bytes none = { NULL, 0 };
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	const struct cfs_certs certs = cert_of(two);
	struct cfs_sign_params params = { .attach_name = "file",
					  .attach_certs = &certs };

	start_image();
	CHECK(cfs_sign(key, &image, none, &p7, &err) == 1);
	params.attach = cfs_buf_bytes(&p7);
	CHECK(sign(&params, &result) == -ENOKEY);
	CHECK(strstr(err.msg, "sign name: file: ") && strstr(err.msg, "one"));
	CHECK(!result.kept && count(root, ".", "signatures") == 0);
}

TEST(an_image_that_is_not_whole_is_not_signed)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");

	start_image();
	lose('a');
	CHECK(sign_with(key, &result) == -ENOENT && !result.kept);
}
