/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <errno.h>

#include "oci/run/spec.h"
#include "tests/test.h"

static struct cfs_err err;

static int with_name(const char *name)
{
	return cfs_run_params_check(
		&(struct cfs_run_params){ .hostname = name, .root = "r" },
		&err);
}

TEST(a_name_is_a_host_name_and_no_path)
{
	CHECK_EQ(with_name(NULL), 0);
	CHECK_EQ(with_name("a"), 0);
	CHECK_EQ(with_name("Web-1.example_2"), 0);
	CHECK_EQ(with_name(""), -EINVAL);
	CHECK_EQ(with_name("."), -EINVAL);
	CHECK_EQ(with_name("../x"), -EINVAL);
	CHECK_EQ(with_name("a/b"), -EINVAL);
	CHECK_EQ(with_name("-a"), -EINVAL);
	CHECK_EQ(with_name("01234567890123456789012345678901234567890123456789"
			   "01234567890123"),
		 0);
	CHECK_EQ(with_name("01234567890123456789012345678901234567890123456789"
			   "012345678901234"),
		 -EINVAL);
}

TEST(what_json_cannot_hold_is_refused)
{
	static const char *const bad[] = { "ok", "\xff" };
	static const char *const volume[] = { "/a:/\xc3" };
	struct cfs_run_params args = { .root = "r", .args = bad, .n_args = 2 };
	struct cfs_run_params env = { .root = "r", .env = bad, .n_env = 2 };
	struct cfs_run_params vol = { .root = "r",
				      .volumes = volume,
				      .n_volumes = 1 };
	struct cfs_run_params dir = { .root = "\xe2\x82" };

	CHECK_EQ(cfs_run_params_check(&args, &err), -EINVAL);
	CHECK_EQ(cfs_run_params_check(&env, &err), -EINVAL);
	CHECK_EQ(cfs_run_params_check(&vol, &err), -EINVAL);
	CHECK_EQ(cfs_run_params_check(&dir, &err), -EINVAL);
	args.n_args = 1;
	CHECK_EQ(cfs_run_params_check(&args, &err), 0);
}
