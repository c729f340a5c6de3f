/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/deploy.h"

#include "ops/pin.h"
#include "tests/unit/ops/deployed.h"

static struct cfs_digest v[4];

static void start_three(void)
{
	start_deployed();
	for (int i = 1; i <= 3; i++)
		v[i] = add_system((char[]){ (char)('0' + i), '\0' });
}

/* Deploys @id and checks the entry that it gets. */
static int deploy(const struct cfs_digest *id, unsigned keep,
		  struct cfs_deployed *ret)
{
	static const char dump[] =
		"/ 0 40755 2 0 0 0 1.0 - - -\n"
		"/usr 0 40755 2 0 0 0 1.0 - - -\n"
		"/usr/lib 0 40755 2 0 0 0 1.0 - - -\n"
		"/usr/lib/modules 0 40755 2 0 0 0 1.0 - - -\n"
		"/usr/lib/modules/6.1 0 40755 2 0 0 0 1.0 - "
		"- -\n"
		"/usr/lib/modules/6.1/vmlinuz 1 100644 1 0 "
		"0 0 1.0 - k -\n";
	const struct cfs_bytes text = { (const uint8_t *)dump, strlen(dump) };
	const struct cfs_deployments_params where = machine_params();
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	char hex[CFS_DIGEST_HEX_MAX], karg[CFS_DIGEST_HEX_MAX + 16];
	struct cfs_prepare_boot boot = {
		.name = "name", .images = { 1, id }, .karg = karg, .tries = 3
	};
	const struct cfs_deploy how = { .where = &where,
					.access = &access_of_root,
					.boot = &boot,
					.keep = keep };

	hex_of(id, hex);
	snprintf(karg, sizeof(karg), "composefs=%s", hex);
	CHECK_EQ(cfs_dump_read(text, 0, &tree, &err), 0);
	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	boot.tree = tree;
	*ret = (struct cfs_deployed){ 0 };
	return cfs_deploy(&repo, &how, ret, &err);
}

TEST(each_deployment_comes_before_the_ones_before)
{
	CFS_AUTODEPLOYED struct cfs_deployed one, two, three;

	start_three();
	CHECK_EQ(deploy(&v[1], 0, &one), 0);
	CHECK_STR(one.boot.entry, "loader/entries/6.1+3.conf");
	CHECK(one.next && !one.has_from);
	CHECK_EQ(deploy(&v[2], 0, &two), 0);
	CHECK_STR(two.boot.entry, "loader/entries/6.1_2+3.conf");
	CHECK(two.has_from && cfs_digest_equal(&two.from, &v[1]));
	CHECK_EQ(deploy(&v[3], 0, &three), 0);
	CHECK(cfs_digest_equal(&three.from, &v[2]));
	check_list("6.1_3.conf,next,state 6.1_2.conf,fallback,state "
		   "6.1.conf,state");
}

TEST(changes_are_those_of_the_booted_one)
{
	CFS_AUTODEPLOYED struct cfs_deployed one, two, three;

	start_three();
	put_marker(&v[1]);
	CHECK_EQ(deploy(&v[1], 0, &one), 0);
	CHECK_EQ(deploy(&v[2], 0, &two), 0);
	CHECK_EQ(deploy(&v[3], 0, &three), 0);
	CHECK(cfs_digest_equal(&three.from, &v[1]));
}

TEST(the_booted_one_is_not_deployed)
{
	CFS_AUTODEPLOYED struct cfs_deployed one, again;

	start_three();
	CHECK_EQ(deploy(&v[1], 0, &one), 0);
	put_marker(&v[1]);
	CHECK_EQ(deploy(&v[1], 0, &again), -EEXIST);
	check_list("6.1.conf,booted,next,state");
}

TEST(old_deployments_go_but_not_those_in_use)
{
	CFS_AUTODEPLOYED struct cfs_deployed one, two, three;

	start_three();
	CHECK_EQ(deploy(&v[1], 0, &one), 0);
	CHECK_EQ(deploy(&v[2], 0, &two), 0);
	CHECK_EQ(deploy(&v[3], 1, &three), 0);
	CHECK_EQ(three.old.n, 1);
	CHECK(!three.old.v[0].why);
	CHECK(cfs_digest_equal(&three.old.v[0].id, &v[1]));
	check_list("6.1_3.conf,next,state 6.1_2.conf,fallback,state");
}

TEST(the_physical_root_is_where_the_repository_is)
{
	CFS_AUTODEPLOYED struct cfs_deployed one;

	start_machine();
	v[1] = add_system("1");
	CHECK_EQ(deploy(&v[1], 0, &one), -EINVAL);
	CHECK(strstr(err.msg, "not directly in"));
}
