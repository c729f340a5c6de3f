/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/rollback.h"

#include "tests/unit/ops/machine.h"

#define CONF "boot/loader/loader.conf"

static struct cfs_digest a, b, c;
static struct cfs_rolled_back to;

/* Three deployments, the last one next. */
static void start_three(void)
{
	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	c = add_image("c", "c");
	put_entry("os-1.conf", &a);
	put_entry("os-2.conf", &b);
	put_entry("os-3.conf", &c);
	put_state(&a);
	put_state(&b);
	put_state(&c);
}

static int roll_back(void)
{
	const struct cfs_deployments_params params = machine_params();
	const struct cfs_rollback rollback = { &params, false };

	read_list();
	return cfs_roll_back(&rollback, &list, &to, &err);
}

TEST(what_is_booted_becomes_next_again_when_another_one_is)
{
	start_three();
	put_marker(&a);
	CHECK_EQ(roll_back(), 0);
	CHECK(cfs_digest_equal(&to.id, &a) && to.by_default);
	CHECK_STR(list.entries.v[to.entry].id, "os-1.conf");
	CHECK(holds(machine, CONF, "default os-1.conf\n"));
	check_list("os-1.conf,booted,next,state os-3.conf,fallback,state "
		   "os-2.conf,state");
}

TEST(when_what_is_booted_is_next_the_one_before_it_is_chosen)
{
	start_three();
	put_marker(&c);
	CHECK_EQ(roll_back(), 0);
	CHECK(cfs_digest_equal(&to.id, &b));
	CHECK(holds(machine, CONF, "default os-2.conf\n"));
}

TEST(rolling_back_twice_goes_forth_and_leaves_no_default)
{
	start_three();
	put(machine, CONF, "timeout 3\n# mine\nconsole-mode max");
	CHECK_EQ(roll_back(), 0);
	CHECK(holds(machine, CONF,
		    "timeout 3\n# mine\nconsole-mode max\n"
		    "default os-2.conf\n"));
	CHECK_EQ(roll_back(), 0);
	CHECK(cfs_digest_equal(&to.id, &c) && !to.by_default);
	CHECK(holds(machine, CONF, "timeout 3\n# mine\nconsole-mode max\n"));
}

TEST(what_cannot_be_booted_is_passed_over)
{
	CFS_AUTOFREE char *entry = NULL;

	start_three();
	lose('b');
	CHECK_EQ(roll_back(), 0);
	CHECK(cfs_digest_equal(&to.id, &a));
	start_three();
	put_entry("os-2+0-3.conf", &b);
	entry = below(machine, "boot/loader/entries/os-2.conf");
	CHECK_EQ(unlink(entry), 0);
	CHECK_EQ(roll_back(), 0);
	CHECK(cfs_digest_equal(&to.id, &a));
}

TEST(without_another_deployment_there_is_no_way_back)
{
	start_three();
	lose('a');
	lose('b');
	CHECK_EQ(roll_back(), -ENOENT);
	CHECK(strstr(err.msg, "no other deployment"));
	CHECK_EQ(count(machine, "boot/loader", "loader.conf"), 0);
}

TEST(a_variable_that_decides_is_named)
{
	start_three();
	put_marker(&c);
	put_variable("LoaderEntryDefault", "os-3.conf");
	CHECK_EQ(roll_back(), -EPERM);
	CHECK(strstr(err.msg, "bootctl set-default"));
	put_variable("LoaderEntryOneShot", "os-3.conf");
	CHECK_EQ(roll_back(), -EPERM);
	CHECK(strstr(err.msg, "bootctl set-oneshot"));
	CHECK_EQ(count(machine, "boot/loader", "loader.conf"), 0);
}

TEST(another_boot_loader_is_no_place_for_a_default)
{
	start_three();
	put_variable("LoaderInfo", "GRUB 2.12");
	CHECK_EQ(roll_back(), 0); /* of another machine */
	put_marker(&c);
	CHECK_EQ(roll_back(), -EOPNOTSUPP);
	CHECK(strstr(err.msg, "GRUB 2.12"));
	check_visits(&visits, "",
		     "GRUB 2.12: not systemd-boot, by whose rules the next "
		     "deployment is found out\n");
}

TEST(an_id_that_is_a_pattern_or_of_two_entries_is_refused)
{
	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	c = add_image("c", "c");
	put_entry("os-3.conf", &c);
	put_entry("os-[12].conf", &a);
	put_state(&a);
	CHECK_EQ(roll_back(), -EINVAL);
	CHECK(strstr(err.msg, "a blank or a wildcard"));
	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	put_entry("OS.conf", &a);
	put_entry("os.conf", &b);
	put_state(&a);
	put_state(&b);
	CHECK_EQ(roll_back(), -EINVAL);
	CHECK(strstr(err.msg, "another entry has the id"));
}

TEST(a_file_that_cannot_be_kept_is_left_alone)
{
	CFS_AUTOFREE char *path = NULL;

	start_three();
	path = below(machine, CONF);
	put_bytes(machine, CONF,
		  (struct cfs_bytes){ (const uint8_t *)"a\0b\n", 4 });
	CHECK_EQ(roll_back(), -EINVAL);
	CHECK(strstr(err.msg, "NUL bytes"));
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(mkfifo(path, 0600), 0);
	CHECK_EQ(roll_back(), -EINVAL);
	cfs_buf_free(&visits.broken);
}

/* Lets the entry @id start next. */
static int start_first(const char *id)
{
	const struct cfs_deployments_params params = machine_params();
	const struct cfs_rollback rollback = { &params, false };
	size_t at = SIZE_MAX;

	read_list();
	for (size_t i = 0; i < list.entries.n; i++)
		if (strcmp(list.entries.v[i].id, id) == 0)
			at = i;
	return cfs_start_first(&rollback, &list, at, &err);
}

TEST(the_first_entry_is_next_without_a_default)
{
	start_three();
	CHECK_EQ(start_first("os-3.conf"), 1);
	CHECK_EQ(start_first("os-2.conf"), 0);
	CHECK_EQ(start_first("none"), 0);
	put(machine, CONF, "timeout 3\ndefault os-1*\n");
	CHECK_EQ(start_first("os-2.conf"), 0);
	CHECK(holds(machine, CONF, "timeout 3\ndefault os-1*\n"));
	CHECK_EQ(start_first("os-3.conf"), 1);
	CHECK(holds(machine, CONF, "timeout 3\n"));
	put(machine, CONF, "default os*\n");
	CHECK_EQ(start_first("os-3.conf"), 1);
	CHECK(holds(machine, CONF, "default os*\n"));
}

TEST(a_variable_of_the_firmware_starts_another_entry)
{
	start_three();
	put_marker(&a);
	put_variable("LoaderEntryDefault", "os-1.conf");
	CHECK_EQ(start_first("os-3.conf"), 0);
}
