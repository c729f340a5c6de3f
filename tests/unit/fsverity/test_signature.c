/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/signature.h"

#include "tests/fake/kernel.h"
#include "tests/test.h"

static struct cfs_err err;

TEST(a_stored_signature_none_and_cannot_tell_are_three_answers)
{
	static uint8_t sig[CFS_SIGNATURE_MAX];

	fake = (struct fake_kernel){ .signature_result = 5, .fill = 9 };
	CHECK_EQ(cfs_verity_read_signature(0, sig, &err), 5);
	CHECK_EQ(sig[4], 9);
	CHECK_EQ(sig[5], 0);
	fake.signature_result = -ENODATA;
	CHECK_EQ(cfs_verity_read_signature(0, sig, &err), 0);
	fake.signature_result = -ENOTTY;
	CHECK_EQ(cfs_verity_read_signature(0, sig, &err), -ENOTTY);
	fake.signature_result = -EOPNOTSUPP;
	CHECK_EQ(cfs_verity_read_signature(0, sig, &err), -ENOTTY);
	fake.signature_result = -EIO;
	CHECK_EQ(cfs_verity_read_signature(0, sig, &err), -EIO);
}
