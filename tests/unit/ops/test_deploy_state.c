/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/deploy_state.h"

#include "tests/unit/ops/deployed.h"

static struct cfs_digest a, b;

static bool only_check; /* in make_state() */

static int make_state(const struct cfs_digest *from, bool anew,
		      struct cfs_state_made *made)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOFD int parent = open_dir(machine);
	const struct cfs_deploy_state how = { .repo = &repo,
					      .access = &access_of_root,
					      .from = from,
					      .anew = anew,
					      .check = only_check };

	*made = (struct cfs_state_made){ 0 };
	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	return cfs_deploy_state(&how, parent, &b, made, &err);
}

static void start_two(void)
{
	start_deployed();
	a = add_system("1");
	b = add_system("2");
}

TEST(the_first_deployment_has_an_empty_layer_and_the_var_of_all)
{
	struct cfs_state_made made;

	start_two();
	CHECK_EQ(make_state(NULL, false, &made), 0);
	CHECK(!made.kept && made.users == 0 && made.conflicts.n == 0);
	CHECK(state_has(&b, "etc/upper") && state_has(&b, "etc/work"));
	CHECK(state_has(&b, "var/."));
	CHECK_EQ(count(machine, "state/deploy", ""), 1);
}

TEST(changes_come_from_the_deployment_before)
{
	struct cfs_state_made made;

	start_two();
	put_layers(&a);
	put_in_state(&a, "etc/upper/mine", "1");
	put_in_state(&a, "var/data", "1");
	CHECK_EQ(make_state(&a, false, &made), 0);
	CHECK(state_has(&b, "etc/upper/mine"));
	CHECK(!state_has(&b, "etc/upper/version"));
	CHECK(state_has(&a, "var/data") && state_has(&b, "var/data"));
}

TEST(a_whole_etc_stays_one)
{
	struct cfs_state_made made;

	start_two();
	put_state(&a);
	put_in_state(&a, "etc", NULL);
	put_in_state(&a, "etc/mine", "1");
	CHECK_EQ(make_state(&a, false, &made), 0);
	CHECK(state_has(&b, "etc/mine") && !state_has(&b, "etc/upper"));
	CHECK_EQ(made.conflicts.n, 1);
	CHECK_STR(made.conflicts.v[0].path, "/etc/version");
	CHECK_EQ(made.conflicts.v[0].clash, CFS_ETC_USER_REMOVED);
	cfs_etc_conflicts_free(&made.conflicts);
}

TEST(a_check_makes_nothing)
{
	struct cfs_state_made made;

	start_two();
	put_layers(&a);
	put_in_state(&a, "etc/upper/mine", "1");
	only_check = true;
	CHECK_EQ(make_state(&a, false, &made), 0);
	CHECK_EQ(made.users, 1);
	CHECK_EQ(count(machine, "state/deploy", ""), 1);
	put_layers(&b);
	CHECK_EQ(make_state(&a, true, &made), 0);
	CHECK(!made.kept && state_has(&b, "etc/work"));
	only_check = false;
}

TEST(state_that_exists_is_kept_unless_it_may_be_made_anew)
{
	struct cfs_state_made made;

	start_two();
	put_layers(&b);
	put_in_state(&b, "etc/upper/old", "1");
	CHECK_EQ(make_state(NULL, false, &made), 0);
	CHECK(made.kept && state_has(&b, "etc/upper/old"));
	CHECK_EQ(make_state(NULL, true, &made), 0);
	CHECK(!made.kept && !state_has(&b, "etc/upper/old"));
}

TEST(state_with_files_in_var_is_never_made_anew)
{
	struct cfs_state_made made;

	start_two();
	put_layers(&b);
	put_in_state(&b, "var/data", "1");
	CHECK_EQ(make_state(NULL, true, &made), 0);
	CHECK(made.kept && state_has(&b, "var/data"));
}

TEST(what_an_interrupted_run_left_is_removed)
{
	struct cfs_state_made made;
	CFS_AUTOFD int fd = -EBADF;

	start_two();
	make_dir(machine, "state/deploy/." A ".new");
	put(machine, "state/deploy/." A ".new/file", "1");
	make_dir(machine, "state/deploy/.mine");
	CHECK_EQ(make_state(NULL, false, &made), 0);
	fd = open_dir(machine);
	CHECK_EQ(cfs_name_exists(fd, "state/deploy/." A ".new"), 0);
	CHECK_EQ(cfs_name_exists(fd, "state/deploy/.mine"), 1);
}

TEST(two_vars_are_refused_before_anything_is_written)
{
	struct cfs_state_made made;

	start_two();
	put_layers(&a);
	make_dir(machine, "state/os");
	make_dir(machine, "state/os/default");
	make_dir(machine, "state/os/default/var");
	CHECK_EQ(make_state(&a, false, &made), -EEXIST);
	CHECK(strstr(err.msg, "has a var of its own"));
	CHECK_EQ(count(machine, "state/deploy", ""), 1);
}

TEST(a_link_in_place_of_state_is_not_followed)
{
	char hex[CFS_DIGEST_HEX_MAX], path[512];
	CFS_AUTOFREE char *link = NULL;
	struct cfs_state_made made;

	start_two();
	hex_of(&a, hex);
	snprintf(path, sizeof(path), "state/deploy/%s", hex);
	link = below(machine, path);
	CHECK_EQ(symlink("/", link), 0);
	CHECK_EQ(make_state(&a, false, &made), -ELOOP);
}
