/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/idmap.h"

#include "tests/fake/mount.h"
#include "tests/test.h"

enum {
	MOUNT = 100,
	USERNS
};

static struct cfs_err err;

static void reset(void)
{
	fake_mount_reset();
	fake_name(MOUNT, "erofs");
	fake_name(USERNS, "userns");
	err = (struct cfs_err){ 0 };
}

TEST(a_mount_gets_the_mapping_of_a_namespace)
{
	reset();
	CHECK_EQ(cfs_mount_idmap(MOUNT, USERNS, &err), 0);
	CHECK_EQ(err.code, 0);
	CHECK(!strcmp(fake_calls(),
		      "mount_setattr <erofs> set=IDMAP<userns> clear= "
		      "propagation=0\n"));
}

TEST(what_is_refused_is_explained)
{
	static const struct {
		int code;
		const char *words;
	} rows[] = {
		{ -EINVAL, "is it a user namespace, and the kernel 5.19" },
		{ -EPERM, "is it another user namespace than ours" },
		{ -ENOMEM, "map its owners: Cannot allocate memory" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		reset();
		fake_when("mount_setattr *", rows[i].code, 1);
		CHECK_EQ(cfs_mount_idmap(MOUNT, USERNS, &err), rows[i].code);
		CHECK_EQ(err.code, -rows[i].code);
		CHECK(strstr(err.msg, rows[i].words));
	}
}
