/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/erofs/planned.h"

/* The shared table as it is written: key suffixes and values. */
static const char *table(const struct cfs_erofs_plan *plan)
{
	const struct cfs_erofs_shared *all = plan->shared.v;
	static char buf[512];
	size_t n = 0;

	for (size_t i = 0; i < plan->shared.n; i++) {
		const struct cfs_erofs_shared *s = &all[plan->shared_order[i]];

		n += (size_t)snprintf(buf + n, sizeof(buf) - n, " %s=%.*s@%u",
				      s->pair->key, (int)s->value.len,
				      (const char *)s->value.data,
				      (unsigned)s->offset);
	}
	return buf;
}

#define LIST "security.s=1 user.a=b user.a.b=cc"
#define TREE                                                       \
	ROOT "\n/1" FILE " " LIST "\n/2" FILE " " LIST "\n/3" FILE \
	     " user.a=ccc\n/4" FILE " user.a=ccc\n/5" FILE         \
	     " user.a=d\n/6" FILE " user.a=d\n"

TEST(versions_0_and_1_put_the_last_key_and_the_longest_value_first)
{
	struct planned p;

	plan_share(&p, 1, TREE);
	CHECK_STR(table(&p.plan),
		  " user.a.b=cc@0 user.a=ccc@12 user.a=d@20 user.a=b@28"
		  " security.s=1@36");
	CHECK_EQ(p.plan.shared_size, 44);
	plan_end(&p);
}

TEST(version_2_puts_them_as_they_stand_on_disk)
{
	struct planned p;

	plan_share(&p, 2, TREE);
	CHECK_STR(table(&p.plan),
		  " user.a=b@0 user.a=ccc@8 user.a=d@16 user.a.b=cc@24"
		  " security.s=1@36");
	plan_end(&p);
}

TEST(nothing_shared_takes_no_room)
{
	struct planned p;

	plan_share(&p, 1, ROOT " user.a=b\n/f" FILE " user.a=c\n");
	CHECK_EQ(p.plan.shared_size, 0);
	CHECK(!p.plan.shared_order);
	plan_end(&p);
}
