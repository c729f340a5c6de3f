/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/enrol.h"

#include "tests/fake/kernel.h"
#include "tests/fake/keyutils.h"
#include "tests/fake/mount.h"
#include "tests/unit/ops/enrolled.h"

TEST(a_signature_that_the_kernel_has_is_read_back_and_verified)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	const struct cfs_certs certs = cert_of(one);
	unsigned which = 7;
	int before;

	start_verity();
	CHECK_EQ(enrol_by(one), CFS_ENROL_DONE);
	CHECK_EQ(enrol_by(one), CFS_ENROL_ALREADY);
	before = fake_open_fds();
	CHECK_EQ(verify_enrolled(&certs, &which), 0);
	CHECK_EQ(fake_open_fds(), before);
	CHECK_EQ(which, 0);
}

TEST(only_the_given_certificates_count)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	const struct cfs_certs certs = cert_of(two);

	start_verity();
	CHECK_EQ(enrol_by(one), CFS_ENROL_DONE);
	CHECK_EQ(verify_enrolled(&certs, NULL), -ENOKEY);
}

TEST(what_the_kernel_does_not_have_is_not_verified)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	const struct cfs_certs certs = cert_of(one);

	start_verity();
	CHECK_EQ(verify_enrolled(&certs, NULL), -ENODATA);
	CHECK(strstr(err.msg, "no signature"));
	fake = (struct fake_kernel){ .measure_result = -ENODATA };
	CHECK_EQ(verify_enrolled(&certs, NULL), -ENODATA);
	CHECK(strstr(err.msg, "no fs-verity"));
	memset(image.bytes, 1, sizeof(image.bytes));
	CHECK_EQ(verify_enrolled(&certs, NULL), -ENOENT);
}

TEST(a_kernel_that_cannot_tell_is_no_kernel_without_signatures)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	const struct cfs_certs certs = cert_of(one);

	start_verity();
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .digest = image.bytes,
				     .signature_result = -ENOTTY };
	CHECK_EQ(verify_enrolled(&certs, NULL), -ENOTTY);
	CHECK(strstr(err.msg, "cannot read signatures back"));
}

TEST(another_file_of_that_name_is_not_verified)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	const struct cfs_certs certs = cert_of(one);

	start_verity();
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .fill = 3 };
	CHECK_EQ(verify_enrolled(&certs, NULL), -EBADMSG);
}

TEST(a_kernel_that_checks_no_signatures_gets_none)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");

	start_verity();
	fake_keys.find_errno = ENOKEY;
	/* The host may have the ring, and then we may not see it. */
	if (access("/proc/sys/fs/verity/require_signatures", F_OK) == 0)
		return;
	CHECK_EQ(enrol_by(one), -EOPNOTSUPP);
	CHECK(strstr(err.msg, "this kernel checks no fs-verity signatures"));
}

TEST(a_file_system_without_verity_gets_none)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");

	start_verity();
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100,
				     .enable_result = -ENOTTY };
	CHECK_EQ(enrol_by(one), -EOPNOTSUPP);
	CHECK(strstr(err.msg, "no fs-verity here"));
}
