/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/cmdline.h"

#include "tests/test.h"
#include "tests/unit/setup-root/config.h"

static struct cfs_config config;
static struct cfs_log logger;

static struct cfs_bytes bytes(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

static void read_config(const char *text)
{
	struct cfs_err err;

	cfs_log_init(&logger, -1, false);
	CHECK_EQ(config_load(&config, text, &logger, &err), 0);
}

static void apply(const char *cmdline)
{
	cfs_config_init(&config);
	cfs_log_init(&logger, -1, false);
	cfs_cmdline_apply(bytes(cmdline), &config, &logger);
}

TEST(volatile_roots_of_systemd_are_ours_to_make)
{
	apply("systemd.volatile=yes");
	CHECK(config.root.transient);
	CHECK_EQ(config.var.mount, CFS_DIR_NONE);
	CHECK_EQ(config.etc.mount, CFS_DIR_TRANSIENT);
	apply("systemd.volatile=overlay");
	CHECK(config.root.transient);
	CHECK_EQ(config.var.mount, CFS_DIR_NONE);
	apply("systemd.volatile=state");
	CHECK(!config.root.transient);
	CHECK_EQ(config.var.mount, CFS_DIR_NONE);
	CHECK_EQ(config.etc.mount, CFS_DIR_AUTO);
	apply("systemd.volatile=no");
	CHECK(!config.root.transient);
	CHECK_EQ(config.var.mount, CFS_DIR_BIND);
	apply("systemd.volatile=maybe");
	CHECK(!config.root.transient);
	CHECK_EQ(config.var.mount, CFS_DIR_BIND);
}

TEST(the_command_line_can_choose_what_follows_a_failure)
{
	apply("composefs.onfail=reboot");
	CHECK_EQ(config.failure.action, CFS_FAIL_REBOOT);
	apply("composefs.onfail=next");
	CHECK_EQ(config.failure.action, CFS_FAIL_EMERGENCY);
	CHECK_EQ(logger.max_level, LOG_INFO);
	apply("composefs.debug");
	CHECK_EQ(logger.max_level, LOG_DEBUG);
}

TEST(what_the_configuration_sets_is_not_made_volatile)
{
	read_config("root.transient = false\n[var]\nmount = 'bind'\n"
		    "[etc]\nmount = 'overlay'\n");
	cfs_cmdline_apply(bytes("systemd.volatile=yes"), &config, &logger);
	CHECK(!config.root.transient);
	CHECK_EQ(config.var.mount, CFS_DIR_BIND);
	CHECK_EQ(config.etc.mount, CFS_DIR_OVERLAY);
	read_config("root.transient-ro = true\nvar.transient = true\n"
		    "etc.transient = false\n");
	cfs_cmdline_apply(bytes("systemd.volatile=overlay"), &config, &logger);
	CHECK(!config.root.transient && config.root.transient_ro);
	CHECK_EQ(config.var.mount, CFS_DIR_TRANSIENT);
	CHECK_EQ(config.etc.mount, CFS_DIR_AUTO);
	/* Each key by itself. */
	read_config("etc.stack = 'flat'\nroot.tmpfs-size = '10%'\n");
	cfs_cmdline_apply(bytes("systemd.volatile=yes"), &config, &logger);
	CHECK(config.root.transient);
	CHECK_EQ(config.var.mount, CFS_DIR_NONE);
	CHECK_EQ(config.etc.mount, CFS_DIR_TRANSIENT);
}

static const char *unknown(const char *cmdline)
{
	static char text[CFS_UNKNOWN_MAX];
	struct cfs_bytes rest = bytes(cmdline);

	return cfs_cmdline_unknown(&rest, text) ? text : "";
}

TEST(mistyped_arguments_are_named_with_what_was_meant)
{
	CHECK_STR(unknown("root=x composefs.digset=1 rw"),
		  "'composefs.digset' is unknown "
		  "(did you mean composefs.digest?)");
	CHECK(strstr(unknown("composefs_digest=1"), "mean composefs.digest?"));
	CHECK(strstr(unknown("compsefs=1"), "mean composefs?"));
	CHECK(strstr(unknown("composefs.onfial=reboot"), "composefs.onfail?"));
	CHECK_STR(unknown("composefs.colour=red"),
		  "'composefs.colour' is unknown");
	CHECK_STR(unknown("composefs.digest"),
		  "'composefs.digest' has no value");
	CHECK_STR(unknown("composefs rw"), "'composefs' has no value");
}

TEST(known_and_foreign_arguments_are_not_named)
{
	CHECK(!*unknown("composefs.digest=1 composefs=2 composefs.debug "
			"composefs.onfail=reboot"));
	CHECK(!*unknown(
		"root=/dev/sda rd.break quiet composer=1 systemd.unit"));
	CHECK(!*unknown(""));
}

TEST(each_unknown_argument_is_found)
{
	struct cfs_bytes rest = bytes("composefs.a=1 x composefs.b=2");
	char text[CFS_UNKNOWN_MAX];

	CHECK(cfs_cmdline_unknown(&rest, text) && strstr(text, "composefs.a"));
	CHECK(cfs_cmdline_unknown(&rest, text) && strstr(text, "composefs.b"));
	CHECK(!cfs_cmdline_unknown(&rest, text));
}
