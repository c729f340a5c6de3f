/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/enable.h"

#include "tests/fake/kernel.h"
#include "tests/test.h"

static const struct cfs_bytes none;
static struct cfs_err err;

static int enable(int failures, int result)
{
	fake = (struct fake_kernel){ .enable_failures = failures,
				     .enable_result = result };
	err = (struct cfs_err){ 0 };
	return cfs_verity_enable(0, CFS_ALG_SHA512, none, &err);
}

TEST(no_support_and_already_on_are_answers)
{
	CHECK_EQ(enable(0, 0), CFS_ENABLE_DONE);
	CHECK_EQ(enable(1, -EEXIST), CFS_ENABLE_ALREADY);
	CHECK_EQ(enable(1, -ENOTTY), CFS_ENABLE_UNSUPPORTED);
	CHECK_EQ(enable(1, -EOPNOTSUPP), CFS_ENABLE_UNSUPPORTED);
}

TEST(the_kernel_is_asked_for_what_composefs_uses)
{
	static const uint8_t sig[] = { 1, 2, 3 };

	CHECK_EQ(enable(0, 0), CFS_ENABLE_DONE);
	CHECK_EQ(fake.enabled.version, 1);
	CHECK_EQ(fake.enabled.hash_algorithm, 2);
	CHECK_EQ(fake.enabled.block_size, 4096);
	CHECK_EQ(fake.enabled.salt_size, 0);
	CHECK_EQ(fake.enabled.sig_size, 0);
	CHECK_EQ(cfs_verity_enable(0, CFS_ALG_SHA256,
				   (struct cfs_bytes){ sig, sizeof(sig) },
				   &err),
		 CFS_ENABLE_DONE);
	CHECK_EQ(fake.enabled.sig_size, 3);
	CHECK_EQ(fake.enabled.sig_ptr, (uintptr_t)sig);
}

TEST(a_vanishing_writer_is_waited_for_and_a_staying_one_is_not)
{
	CHECK_EQ(enable(3, -ETXTBSY), CFS_ENABLE_DONE);
	CHECK_EQ(enable(3, -EBUSY), CFS_ENABLE_DONE);
	CHECK_EQ(enable(1000, -ETXTBSY), -ETXTBSY);
	CHECK(strstr(err.msg, "open for writing"));
	CHECK(fake.enable_failures > 900);
}

TEST(refusals_of_a_signature_keep_their_code_and_are_explained)
{
	CHECK_EQ(enable(1, -ENOKEY), -ENOKEY);
	CHECK(strstr(err.msg, ".fs-verity"));
	CHECK_EQ(enable(1, -EKEYREJECTED), -EKEYREJECTED);
	CHECK_EQ(enable(1, -EBADMSG), -EBADMSG);
	CHECK_EQ(enable(1, -ENOPKG), -ENOPKG);
	CHECK_EQ(enable(1, -EPERM), -EPERM);
	CHECK_EQ(enable(1, -EIO), -EIO);
}

TEST(a_signature_the_kernel_cannot_take_is_not_offered)
{
	static const uint8_t sig[CFS_SIGNATURE_MAX + 1];

	fake = (struct fake_kernel){ 0 };
	CHECK_EQ(cfs_verity_enable(0, CFS_ALG_SHA256,
				   (struct cfs_bytes){ sig, sizeof(sig) },
				   &err),
		 -EMSGSIZE);
	CHECK_EQ(fake.enabled.version, 0);
}
