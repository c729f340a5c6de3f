/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/run/texts.h"

#include <errno.h>

#include "tests/test.h"

static struct cfs_err err;

TEST(a_variable_is_there_once_with_its_last_value)
{
	CFS_AUTOTEXTS struct cfs_texts env = { 0 };

	CHECK_EQ(cfs_texts_set(&env, "A=1", &err), 0);
	CHECK_EQ(cfs_texts_set(&env, "AB=2", &err), 0);
	CHECK_EQ(cfs_texts_set(&env, "A=3=4", &err), 0);
	CHECK_EQ(env.n, 2);
	CHECK_STR(cfs_texts_get(&env, "A"), "3=4");
	CHECK_STR(cfs_texts_get(&env, "AB"), "2");
	CHECK(!cfs_texts_get(&env, "B"));
	CHECK_EQ(cfs_texts_set(&env, "A=", &err), 0);
	CHECK_STR(cfs_texts_get(&env, "A"), "");
}

TEST(what_is_no_variable_is_refused)
{
	CFS_AUTOTEXTS struct cfs_texts env = { 0 };

	CHECK_EQ(cfs_texts_set(&env, "A", &err), -EINVAL);
	CHECK_EQ(cfs_texts_set(&env, "=x", &err), -EINVAL);
	CHECK_EQ(cfs_texts_set(&env, "", &err), -EINVAL);
	CHECK_EQ(env.n, 0);
}

TEST(arguments_may_be_equal)
{
	CFS_AUTOTEXTS struct cfs_texts list = { 0 };

	CHECK_EQ(cfs_texts_add(&list, "a", &err), 0);
	CHECK_EQ(cfs_texts_add(&list, "a", &err), 0);
	CHECK_EQ(list.n, 2);
}
