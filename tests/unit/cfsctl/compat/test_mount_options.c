/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/compat/mount_options.h"

#include <linux/mount.h>

#include "cfsctl/cli/options.h"
#include "tests/test.h"

static struct cfs_err err;
static struct cfs_mount_options o;
static char text[512];

static int parse(const char *options)
{
	err = (struct cfs_err){ 0 };
	o = (struct cfs_mount_options){ .digest = "untouched" };
	snprintf(text, sizeof(text), "%s", options);
	return cmd_mount_options(text, 0, &o, &err);
}

static bool is(const char *got, const char *want)
{
	return got && !strcmp(got, want);
}

/* The basedirs, each in brackets. */
static const char *dirs(void)
{
	static char all[512];
	const char *dir = o.basedirs;

	all[0] = '\0';
	for (size_t i = 0; i < o.n_basedirs; i++) {
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "<%s>",
			 dir);
		dir += strlen(dir) + 1;
	}
	return all;
}

/* @options are refused, saying exactly @words. */
static bool refused(const char *options, int code, const char *words)
{
	int r = parse(options);

	if (r == -code && is(err.msg, words) && is(o.digest, "untouched"))
		return true;
	printf("  %s: %d, %s\n", options, r, err.msg);
	return false;
}

TEST(a_place_for_objects_is_all_that_is_needed)
{
	CHECK_EQ(parse("basedir=/a/b"), 0);
	CHECK(is(dirs(), "</a/b>"));
	CHECK(!o.digest && !o.idmap && !o.upperdir && !o.workdir);
	CHECK(!o.verity);
	CHECK(!o.tryverity);
	CHECK_EQ(o.attr, 0);
}

TEST(every_option_has_its_effect)
{
	CHECK_EQ(parse("basedir=a:b,digest=12,verity,tryverity,idmap=/i=j,"
		       "upperdir=u,workdir=w,ro,nosuid,nodev,noexec,noatime"),
		 0);
	CHECK(is(dirs(), "<a><b>") && is(o.digest, "12"));
	CHECK(is(o.idmap, "/i=j"));
	CHECK(is(o.upperdir, "u") && is(o.workdir, "w"));
	CHECK(o.verity && o.tryverity);
	CHECK_EQ(o.attr,
		 (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
		  MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME));
}

TEST(the_last_of_an_option_counts)
{
	CHECK_EQ(parse("basedir=a:b:c,basedir=d"), 0);
	CHECK(is(dirs(), "<d>"));
	CHECK_EQ(parse("basedir=a,ro,rw"), 0);
	CHECK_EQ(o.attr, 0);
	CHECK_EQ(parse("basedir=a,rw,ro"), 0);
	CHECK_EQ(o.attr, MOUNT_ATTR_RDONLY);
	CHECK_EQ(parse("basedir=a,nosuid,nodev,noexec,suid,dev,exec"), 0);
	CHECK_EQ(o.attr, 0);
	CHECK_EQ(parse("basedir=a,noatime,relatime"), 0);
	CHECK_EQ(o.attr, 0);
	CHECK_EQ(parse("basedir=a,digest=,digest=12"), 0);
	CHECK(is(o.digest, "12"));
}

TEST(options_of_mount_become_attributes)
{
	static const struct {
		const char *options;
		unsigned attr;
	} rows[] = {
		{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW },
		{ "nosymfollow,symfollow", 0 },
		{ "nodiratime", MOUNT_ATTR_NODIRATIME },
		{ "nodiratime,diratime", 0 },
		{ "strictatime", MOUNT_ATTR_STRICTATIME },
		{ "strictatime,nostrictatime", 0 },
		{ "noatime,strictatime", MOUNT_ATTR_STRICTATIME },
		{ "strictatime,noatime", MOUNT_ATTR_NOATIME },
		{ "noatime,atime", 0 },
		{ "strictatime,atime", MOUNT_ATTR_STRICTATIME },
		{ "noatime,nostrictatime", MOUNT_ATTR_NOATIME },
		{ "noatime,norelatime", MOUNT_ATTR_NOATIME },
		{ "strictatime,relatime", 0 },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		char options[64];

		snprintf(options, sizeof(options), "basedir=a,%s",
			 rows[i].options);
		CHECK_EQ(parse(options), 0);
		if (o.attr != rows[i].attr)
			printf("  %s: %x\n", options, o.attr);
		CHECK_EQ(o.attr, rows[i].attr);
	}
}

TEST(mounts_that_users_may_make_have_what_that_implies)
{
	const unsigned owner = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	const unsigned user = owner | MOUNT_ATTR_NOEXEC;

	CHECK_EQ(parse("basedir=a,user"), 0);
	CHECK_EQ(o.attr, user);
	CHECK_EQ(parse("basedir=a,user=joe"), 0);
	CHECK_EQ(o.attr, user);
	CHECK_EQ(parse("basedir=a,users"), 0);
	CHECK_EQ(o.attr, user);
	CHECK_EQ(parse("basedir=a,owner"), 0);
	CHECK_EQ(o.attr, owner);
	CHECK_EQ(parse("basedir=a,group"), 0);
	CHECK_EQ(o.attr, owner);
	/* "Unless overridden by subsequent options". */
	CHECK_EQ(parse("basedir=a,user,exec,dev"), 0);
	CHECK_EQ(o.attr, MOUNT_ATTR_NOSUID);
	CHECK_EQ(parse("basedir=a,exec,user,nouser"), 0);
	CHECK_EQ(o.attr, user);
}

TEST(words_for_other_programs_are_ignored)
{
	static const char *const words[] = {
		"defaults",
		"auto",
		"noauto",
		"nofail",
		"_netdev",
		"nouser",
		"nousers",
		"noowner",
		"nogroup",
		"comment=a backup\\, of sorts",
		"comment",
		"helper=x",
		"uhelper=hal",
		"x-systemd.automount",
		"x-systemd.requires=a.service",
		"x-",
		"X-mount.mkdir=0755",
		"silent",
		"loud",
		"dirsync",
		"lazytime",
		"nolazytime",
		"iversion",
		"noiversion",
		"mand",
		"nomand",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(words); i++) {
		char options[80];

		snprintf(options, sizeof(options), "%s,basedir=a", words[i]);
		CHECK_EQ(parse(options), 0);
		CHECK(is(dirs(), "<a>"));
		CHECK_EQ(o.attr, 0);
		CHECK(!o.sync);
		CHECK(!o.verity);
	}
	CHECK(refused("basedir=a,xattr", EINVAL, "Unsupported option xattr"));
	CHECK(refused("basedir=a,netdev", EINVAL, "Unsupported option netdev"));
}

TEST(sync_is_a_matter_of_the_file_system)
{
	CHECK_EQ(parse("basedir=a,sync"), 0);
	CHECK(o.sync);
	CHECK_EQ(o.attr, 0);
	CHECK_EQ(parse("basedir=a,sync,async"), 0);
	CHECK(!o.sync);
	CHECK_EQ(parse("basedir=a,async,sync"), 0);
	CHECK(o.sync);
}

TEST(sloppily_unknown_options_are_ignored_and_known_ones_are_not)
{
	static const char *const others[] = { "remount", "bind", "rbind",
					      "move" };
	char words[64];

	snprintf(text, sizeof(text), "basedir=a,nonsense=1,,verity,context=x");
	CHECK_EQ(cmd_mount_options(text, CFS_MOUNT_SLOPPY, &o, &err), 0);
	CHECK(is(dirs(), "<a>") && o.verity);
	snprintf(text, sizeof(text), "basedir=a,digest=");
	CHECK_EQ(cmd_mount_options(text, CFS_MOUNT_SLOPPY, &o, &err), -EINVAL);
	snprintf(text, sizeof(text), "nonsense");
	CHECK_EQ(cmd_mount_options(text, CFS_MOUNT_SLOPPY, &o, &err),
		 -CFS_EUSAGE);
	/* Ignoring these would make a second mount. */
	for (size_t i = 0; i < CFS_ARRAY_SIZE(others); i++) {
		snprintf(text, sizeof(text), "basedir=a,%s", others[i]);
		snprintf(words, sizeof(words), "Unsupported option %s",
			 others[i]);
		CHECK_EQ(cmd_mount_options(text, CFS_MOUNT_SLOPPY, &o, &err),
			 -EINVAL);
		CHECK(is(err.msg, words));
	}
}

TEST(flags_take_no_notice_of_a_value)
{
	CHECK_EQ(parse("basedir=a,verity=no,ro=0"), 0);
	CHECK(o.verity);
	CHECK_EQ(o.attr, MOUNT_ATTR_RDONLY);
}

TEST(a_backslash_protects_commas_and_itself)
{
	CHECK_EQ(parse("basedir=a\\,b,ro"), 0);
	CHECK(is(dirs(), "<a,b>"));
	CHECK(o.attr);
	CHECK_EQ(parse("basedir=a\\\\,ro"), 0);
	CHECK(is(dirs(), "<a\\>"));
	CHECK(o.attr);
	CHECK_EQ(parse("basedir=\\a\\\\\\b"), 0);
	CHECK(is(dirs(), "<a\\b>"));
	/* Parts are told apart afterwards: a colon cannot be protected. */
	CHECK_EQ(parse("basedir=a\\:b"), 0);
	CHECK(is(dirs(), "<a><b>"));
	/* At the end there is nothing to protect. */
	CHECK_EQ(parse("basedir=a\\"), 0);
	CHECK(is(dirs(), "<a>"));
	CHECK_EQ(parse("ro,basedir=\\,\\,"), 0);
	CHECK(is(dirs(), "<,,>"));
}

TEST(names_know_no_backslash)
{
	CHECK(refused("b\\asedir=a", EINVAL, "Unsupported option b\\asedir"));
	CHECK(refused("basedir\\=a", EINVAL, "Unsupported option basedir\\=a"));
}

TEST(values_have_to_be_there)
{
	static const char *const names[] = { "basedir", "digest", "idmap",
					     "upperdir", "workdir" };
	char option[64], words[64];

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++) {
		snprintf(option, sizeof(option), "basedir=a,%s", names[i]);
		snprintf(words, sizeof(words),
			 "No value specified for %s option", names[i]);
		CHECK(refused(option, EINVAL, words));
	}
}

TEST(an_empty_digest_is_no_digest)
{
	CHECK(refused("basedir=a,digest=", EINVAL,
		      "No value specified for digest option"));
	CHECK(refused("basedir=a,digest=12,verity,digest=", EINVAL,
		      "No value specified for digest option"));
	CHECK(refused("basedir=a,digest=\\", EINVAL,
		      "No value specified for digest option"));
}

TEST(a_basedir_has_no_empty_part)
{
	static const char *const values[] = { "", ":", "a:", ":a", "a::b" };
	char option[64];

	for (size_t i = 0; i < CFS_ARRAY_SIZE(values); i++) {
		snprintf(option, sizeof(option), "basedir=%s", values[i]);
		CHECK(refused(option, EINVAL,
			      "Value for basedir option has incorrect format"));
	}
}

TEST(unknown_options_are_refused_by_name)
{
	CHECK(refused("basedir=a,lowerdir=x", EINVAL,
		      "Unsupported option lowerdir"));
	CHECK(refused("basedir=a,RO", EINVAL, "Unsupported option RO"));
	CHECK(refused("basedir=a, ro", EINVAL, "Unsupported option  ro"));
	CHECK(refused("basedi=a", EINVAL, "Unsupported option basedi"));
	/* An empty one is one. */
	CHECK(refused("", EINVAL, "Unsupported option "));
	CHECK(refused("basedir=a,", EINVAL, "Unsupported option "));
	CHECK(refused(",basedir=a", EINVAL, "Unsupported option "));
	CHECK(refused("=a", EINVAL, "Unsupported option "));
}

TEST(what_goes_together_is_checked_at_the_end)
{
	const char *both = "Both workdir and upperdir must be specified if "
			   "used";

	CHECK(refused("upperdir=u,basedir=a", EINVAL, both));
	CHECK(refused("basedir=a,workdir=w", EINVAL, both));
	CHECK(refused("upperdir=u", CFS_EUSAGE, "No object dirs specified"));
	CHECK(refused("ro", CFS_EUSAGE, "No object dirs specified"));
}

TEST(options_of_another_helper_are_read_by_its_rows)
{
	char words[] = "mode=a\\,b,deep,rw,noexec,x-y,nofail",
	     bad[] = "basedir=x";
	const char *mode = NULL;
	bool deep = false;
	const struct cmd_mount_row rows[] = {
		{ "mode", .text = &mode },
		{ "deep", .flag = &deep },
		{ 0 },
	};
	unsigned attr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV;
	struct cfs_err e = { 0 };

	CHECK_EQ(cmd_mount_words(words, rows, 0, &attr, &e), 0);
	CHECK_STR(mode, "a,b");
	CHECK(deep);
	CHECK_EQ(attr, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	CHECK_EQ(cmd_mount_words(bad, rows, 0, &attr, &e), -EINVAL);
	CHECK_EQ(cmd_mount_words(bad, rows, CFS_MOUNT_SLOPPY, &attr, &e), 0);
}
