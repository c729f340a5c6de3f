/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/container.h"

#include "tests/fake/mount.h"
#include "tests/test.h"

static struct cfs_err err;

/* What becomes of a container with these parameters, whose image is never
 * looked at. */
static int start(const struct cfs_run_params *params)
{
	const struct cfs_container container = { .params = params };

	fake_mount_reset();
	return cfs_container_run(&container, &err);
}

TEST(a_name_that_is_a_path_is_refused_before_anything_is_mounted)
{
	static const char *const names[] = { "../x", "a/b", "", ".", "-x" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++) {
		CHECK_EQ(start(&(struct cfs_run_params){ .hostname = names[i],
							 .root = "rootfs" }),
			 -EINVAL);
		CHECK_STR(fake_calls(), "");
	}
}

TEST(so_is_a_volume_without_a_target)
{
	static const char *const volumes[] = { "/srv" };

	CHECK_EQ(start(&(struct cfs_run_params){ .root = "rootfs",
						 .volumes = volumes,
						 .n_volumes = 1 }),
		 -EINVAL);
	CHECK_STR(fake_calls(), "");
}
