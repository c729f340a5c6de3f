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
	CHECK(parse(NULL, NULL, NULL, NULL) == 0);
	CHECK(strcmp(o.sysroot, "/sysroot") == 0);
	CHECK(strcmp(o.config, CFS_CONFIG_PATH) == 0 && !o.config_given);
	CHECK(!o.target && !o.root_fs && !o.cmdline);
	CHECK(!o.check && !o.print_kargs && !o.if_present && !o.verbose);
}

TEST(options_take_values_in_both_forms)
{
	CHECK(parse("--sysroot=/a", "--config", "/b", "--check") == 0);
	CHECK(strcmp(o.sysroot, "/a") == 0 && strcmp(o.config, "/b") == 0);
	CHECK(o.config_given && o.check);
	CHECK(parse("--target=/t", "--cmdline=x y", "--root-fs=/r", "-v") == 0);
	CHECK(strcmp(o.target, "/t") == 0 && strcmp(o.cmdline, "x y") == 0);
	CHECK(strcmp(o.root_fs, "/r") == 0 && o.verbose);
	CHECK(parse("--print-kargs", "--if-present", "--verbose", NULL) == 0);
	CHECK(o.print_kargs && o.if_present && o.verbose);
	CHECK(parse("--help", "--version", NULL, NULL) == 0);
	CHECK(o.help && o.version);
}

TEST(options_stand_before_and_after_other_words)
{
	CHECK(parse("/sbin/init", "--check", "more", "--target=/t") == 0);
	CHECK(o.check && strcmp(o.target, "/t") == 0);
	CHECK(strcmp(o.command, "/sbin/init") == 0);
	CHECK(parse("/sbin/init", "--sysroot", "/s", NULL) == 0);
	CHECK(strcmp(o.sysroot, "/s") == 0);
	CHECK(parse("/sbin/init", "--bogus", NULL, NULL) == -EINVAL);
	CHECK(parse("--check", NULL, NULL, NULL) == 0 && !o.command);
}

TEST(what_follows_two_dashes_is_no_option)
{
	CHECK(parse("--check", "--", "--bogus", "--verbose") == 0);
	CHECK(o.check && !o.verbose && strcmp(o.command, "--bogus") == 0);
	CHECK(parse("init", "--", "--bogus", NULL) == 0);
	CHECK(strcmp(o.command, "init") == 0);
	CHECK(parse("--", NULL, NULL, NULL) == 0 && !o.command);
}

TEST(unknown_options_and_missing_values_are_refused)
{
	CHECK(parse("--sysrot=/x", NULL, NULL, NULL) == -EINVAL);
	CHECK(strstr(err.msg, "unknown option --sysrot=/x"));
	CHECK(parse("--sysroot", NULL, NULL, NULL) == -EINVAL);
	CHECK(strstr(err.msg, "--sysroot needs a value"));
	CHECK(parse("-x", NULL, NULL, NULL) == -EINVAL);
	CHECK(parse("--check=1", NULL, NULL, NULL) == -EINVAL);
	CHECK(parse("-vv", NULL, NULL, NULL) == -EINVAL);
	CHECK(parse("--", "--bogus", NULL, NULL) == 0);
	CHECK(parse("--config=", NULL, NULL, NULL) == 0 && o.config_given);
}
