/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/ipe_policy.h"

#include "tests/test.h"

static struct cfs_err err;

TEST(the_policy_denies_what_is_not_signed)
{
	const struct cfs_ipe_policy policy = { "x-1.a_B", { 1, 0, 65535 } };
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	CHECK_EQ(cfs_ipe_policy_write(&policy, &out, &err), 0);
	CHECK_STR(cfs_buf_text(&out),
		  "policy_name=x-1.a_B policy_version=1.0.65535\n"
		  "DEFAULT action=ALLOW\n"
		  "\n"
		  "DEFAULT op=EXECUTE action=DENY\n"
		  "op=EXECUTE boot_verified=TRUE action=ALLOW\n"
		  "op=EXECUTE fsverity_signature=TRUE action=ALLOW\n");
}

TEST(names_that_could_add_to_the_policy_or_leave_its_directory_are_refused)
{
	static const char *const bad[] = {
		"",	    ".",   "..",
		".a",	    "a b", "a\nop=EXECUTE action=ALLOW",
		"a/b",	    "a=b", "a\tb",
		"\xc3\xa4",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct cfs_ipe_policy policy = { bad[i], { 1, 0, 0 } };
		CFS_AUTOBUF struct cfs_buf out = { 0 };

		CHECK_EQ(cfs_ipe_policy_write(&policy, &out, &err), -EINVAL);
		CHECK_EQ(out.len, 0);
	}
}

TEST(names_have_at_most_64_characters)
{
	char name[66] = "";
	const struct cfs_ipe_policy policy = { name, { 1, 0, 0 } };
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	memset(name, 'a', 64);
	CHECK_EQ(cfs_ipe_policy_write(&policy, &out, &err), 0);
	out.len = 0;
	name[64] = 'a';
	CHECK_EQ(cfs_ipe_policy_write(&policy, &out, &err), -EINVAL);
	CHECK_EQ(out.len, 0);
}

TEST(versions_are_three_numbers_of_16_bits)
{
	static const char *const bad[] = { "",
					   "1",
					   "1.2",
					   "1.2.",
					   "1.2.3.4",
					   "1.2.3 ",
					   " 1.2.3",
					   "1..3",
					   "-1.2.3",
					   "1.2.65536",
					   "1.2.x",
					   "1.2.3\n",
					   "99999999999999999999.0.0" };
	struct cfs_ipe_policy policy = { "x", { 7, 7, 7 } };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_EQ(cfs_ipe_policy_version(bad[i], &policy, &err),
			 -EINVAL);
	CHECK_EQ(policy.version[0], 7);
	CHECK_EQ(cfs_ipe_policy_version("0.10.65535", &policy, &err), 0);
	CHECK(policy.version[0] == 0 && policy.version[1] == 10 &&
	      policy.version[2] == 65535);
}
