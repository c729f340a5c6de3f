/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/cmdline.h"

#include "tests/test.h"

static char value[16];
static struct cfs_config config;
static struct cfs_log logger;

static const char *get(const char *cmdline, const char *name)
{
	value[0] = '\0';
	return cfs_cmdline_get(cmdline, name, value, sizeof(value)) ? value
								    : "absent";
}

static void apply(const char *cmdline)
{
	cfs_config_init(&config);
	cfs_log_init(&logger, -1, false);
	cfs_cmdline_apply(cmdline, &config, &logger);
}

/* Source: the kernel's lib/cmdline.c, next_arg(). */
TEST(arguments_are_split_and_unquoted_as_the_kernel_does)
{
	CHECK(!strcmp(get("a=1 b=2", "b"), "2"));
	CHECK(!strcmp(get("\ta=1\n", "a"), "1"));
	CHECK(!strcmp(get("a", "a"), ""));
	CHECK(!strcmp(get("a=", "a"), ""));
	CHECK(!strcmp(get("a=\"x y\" b", "a"), "x y"));
	CHECK(!strcmp(get("\"a=x y\" b", "a"), "x y"));
	CHECK(!strcmp(get("\"a\" b", "a"), ""));
	CHECK(!strcmp(get("c=\"a=1 b\" d", "b"), "absent"));
	CHECK(!strcmp(get("a=x=y", "a"), "x=y"));
	CHECK(!strcmp(get("a=\"x", "a"), "x"));
}

TEST(names_are_whole_and_the_last_one_counts)
{
	CHECK(!strcmp(get("ab=1 xa=2", "a"), "absent"));
	CHECK(!strcmp(get("a=1 a=2", "a"), "2"));
	CHECK(!strcmp(get("", "a"), "absent"));
	CHECK(!strcmp(get("a.b=1", "a"), "absent"));
	CHECK(!strcmp(get("-- a=1", "a"), "1"));
}

TEST(values_that_do_not_fit_are_not_cut)
{
	CHECK(!strcmp(get("a=123456789012345", "a"), "123456789012345"));
	CHECK(!strcmp(get("a=1234567890123456", "a"), "absent"));
}

TEST(volatile_roots_of_systemd_are_ours_to_make)
{
	apply("systemd.volatile=yes");
	CHECK(config.root.transient && config.var.mount == CFS_DIR_NONE);
	apply("systemd.volatile=overlay");
	CHECK(config.root.transient && config.var.mount == CFS_DIR_NONE);
	apply("systemd.volatile=state");
	CHECK(!config.root.transient && config.var.mount == CFS_DIR_NONE);
	apply("systemd.volatile=no");
	CHECK(!config.root.transient && config.var.mount == CFS_DIR_BIND);
	apply("systemd.volatile=maybe");
	CHECK(!config.root.transient && config.var.mount == CFS_DIR_BIND);
}

TEST(the_command_line_can_choose_what_follows_a_failure)
{
	apply("composefs.onfail=reboot");
	CHECK(config.failure.action == CFS_FAIL_REBOOT);
	apply("composefs.onfail=next");
	CHECK(config.failure.action == CFS_FAIL_EMERGENCY);
	CHECK(logger.max_level == LOG_INFO);
	apply("composefs.debug");
	CHECK(logger.max_level == LOG_DEBUG);
}
