/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/options.h"

#include "setup-root/config.h"
#include "tests/test.h"

static struct cfs_options o;
static struct cfs_err err;

static int parse(const char *a, const char *b, const char *c, const char *d)
{
	static char copy[5][64];
	char *argv[6] = { copy[0] };
	const char *const args[] = { "composefs-setup-root", a, b, c, d };
	int n = 0;

	for (; n < 5 && args[n]; n++) {
		snprintf(copy[n], sizeof(copy[n]), "%s", args[n]);
		argv[n] = copy[n];
	}
	argv[n] = NULL;
	return cfs_options_parse(argv, &o, &err);
}

TEST(without_options_the_initramfs_is_assumed)
{
	CHECK_EQ(parse(NULL, NULL, NULL, NULL), 0);
	CHECK_STR(o.sysroot, "/sysroot");
	CHECK_STR(o.config, CFS_CONFIG_PATH);
	CHECK(!o.config_given);
	CHECK(!o.target && !o.root_fs && !o.cmdline);
	CHECK(!o.check && !o.print_kargs && !o.if_present && !o.verbose);
}

TEST(options_take_values_in_both_forms)
{
	CHECK_EQ(parse("--sysroot=/a", "--config", "/b", "--check"), 0);
	CHECK_STR(o.sysroot, "/a");
	CHECK_STR(o.config, "/b");
	CHECK(o.config_given && o.check);
	CHECK_EQ(parse("--target=/t", "--cmdline=x y", "--root-fs=/r", "-v"),
		 0);
	CHECK_STR(o.target, "/t");
	CHECK_STR(o.cmdline, "x y");
	CHECK_STR(o.root_fs, "/r");
	CHECK(o.verbose);
	CHECK_EQ(parse("--print-kargs", "--if-present", "--verbose", NULL), 0);
	CHECK(o.print_kargs && o.if_present && o.verbose);
	CHECK_EQ(parse("--help", "--version", NULL, NULL), 0);
	CHECK(o.help && o.version);
}

TEST(options_stand_before_and_after_other_words)
{
	CHECK_EQ(parse("/sbin/init", "--check", "more", "--target=/t"), 0);
	CHECK(o.check);
	CHECK_STR(o.target, "/t");
	CHECK_STR(o.command, "/sbin/init");
	CHECK_EQ(parse("/sbin/init", "--sysroot", "/s", NULL), 0);
	CHECK_STR(o.sysroot, "/s");
	CHECK_EQ(parse("/sbin/init", "--bogus", NULL, NULL), -EINVAL);
	CHECK_EQ(parse("--check", NULL, NULL, NULL), 0);
	CHECK(!o.command);
}

TEST(what_follows_two_dashes_is_no_option)
{
	CHECK_EQ(parse("--check", "--", "--bogus", "--verbose"), 0);
	CHECK(o.check);
	CHECK(!o.verbose);
	CHECK_STR(o.command, "--bogus");
	CHECK_EQ(parse("init", "--", "--bogus", NULL), 0);
	CHECK_STR(o.command, "init");
	CHECK_EQ(parse("--", NULL, NULL, NULL), 0);
	CHECK(!o.command);
}

TEST(unknown_options_and_missing_values_are_refused)
{
	CHECK_EQ(parse("--sysrot=/x", NULL, NULL, NULL), -EINVAL);
	CHECK(strstr(err.msg, "unknown option --sysrot=/x"));
	CHECK_EQ(parse("--sysroot", NULL, NULL, NULL), -EINVAL);
	CHECK(strstr(err.msg, "--sysroot needs a value"));
	CHECK_EQ(parse("-x", NULL, NULL, NULL), -EINVAL);
	CHECK_EQ(parse("--check=1", NULL, NULL, NULL), -EINVAL);
	CHECK_EQ(parse("-vv", NULL, NULL, NULL), -EINVAL);
	CHECK_EQ(parse("--", "--bogus", NULL, NULL), 0);
	CHECK_EQ(parse("--config=", NULL, NULL, NULL), 0);
	CHECK(o.config_given);
}
