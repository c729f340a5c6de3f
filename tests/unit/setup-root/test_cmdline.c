/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/cmdline.h"

#include "tests/test.h"

static struct cfs_config config;
static struct cfs_log logger;

static void apply(const char *cmdline)
{
	cfs_config_init(&config);
	cfs_log_init(&logger, -1, false);
	cfs_cmdline_apply(
		(struct cfs_bytes){ (const uint8_t *)cmdline, strlen(cmdline) },
		&config, &logger);
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
