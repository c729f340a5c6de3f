/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/try_root.h"

#include <sys/stat.h>

#include "tests/unit/boot/visits.h"
#include "tree/dump/dump.h"

static struct cfs_err err;
static char bin[4096];

/* A composefs-setup-root that is this shell script. */
static void put_program(const char *script)
{
	CFS_AUTOFREE char *path = NULL;
	CFS_AUTOFREE char *search = NULL;

	strcpy(bin, fresh_dir());
	put(bin, "composefs-setup-root", script);
	path = below(bin, "composefs-setup-root");
	CHECK_EQ(chmod(path, 0755), 0);
	CHECK(asprintf(&search, "%s:/usr/bin:/bin", bin) > 0);
	CHECK_EQ(setenv("PATH", search, 1), 0);
	CHECK_EQ(setenv("TMPDIR", bin, 1), 0);
}

static int check_tree(const char *dump, struct cfs_tried_root *ret)
{
	const struct cfs_bytes text = { (const uint8_t *)dump, strlen(dump) };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_try_root params = { .objects = -EBADF,
				       .karg = "composefs=00",
				       .sysroot = "/x" };

	CHECK_EQ(cfs_dump_read(text, 0, &tree, &err), 0);
	params.tree = tree;
	return cfs_try_root(&params, ret, &err);
}

static int check(struct cfs_tried_root *ret)
{
	static const char dump[] =
		"/ 0 40755 2 0 0 0 1.0 - - -\n"
		"/etc 0 40755 2 0 0 0 1.0 - - -\n"
		"/etc/composefs 0 40755 2 0 0 0 1.0 - - -\n"
		"/etc/composefs/keys.d 0 40755 2 0 0 0 1.0 - - -\n"
		"/etc/composefs/keys.d/b 1 100644 1 0 0 0 1.0 - b -\n"
		"/usr 0 40755 2 0 0 0 1.0 - - -\n"
		"/usr/lib 0 40755 2 0 0 0 1.0 - - -\n"
		"/usr/lib/composefs 0 40755 2 0 0 0 1.0 - - -\n"
		"/usr/lib/composefs/keys.d 0 40755 2 0 0 0 1.0 - - -\n"
		"/usr/lib/composefs/keys.d/a 1 100644 1 0 0 0 1.0 - a -\n"
		"/usr/lib/composefs/keys.d/l 1 120777 1 0 0 0 1.0 a - -\n"
		"/usr/lib/composefs/setup-root-conf.d 0 40755 2 0 0 0 1.0 - - "
		"-\n"
		"/usr/lib/composefs/setup-root-conf.d/x.toml 4 100644 1 0 0 0 "
		"1.0 - drop -\n"
		"/usr/lib/composefs/setup-root-conf.toml 4 100644 1 0 0 0 1.0 "
		"- main -\n";

	return check_tree(dump, ret);
}

TEST(the_program_gets_what_its_initramfs_would_have)
{
	CFS_AUTOTRIED struct cfs_tried_root checked = { 0 };

	put_program("#!/bin/sh\n"
		    "echo \"$1 $2 $3 $4 $5 $6\"\n"
		    "cd \"${7%/*}\" && cat conf.toml conf.d/-x.toml keys.d/a "
		    "keys.d/b && ls keys.d | tr '\\n' ' ' && "
		    "grep -c 'transient\\|keys.d' conf.d/~cfsctl.toml\n"
		    "echo words >&2\n");
	CHECK_EQ(check(&checked), 0);
	CHECK_EQ(checked.status, 0);
	CHECK_STR(cfs_buf_text(&checked.marker),
		  "--check --sysroot /x --cmdline composefs=00 --config\n"
		  "maindropaba b 2\n");
	CHECK_STR(cfs_buf_text(&checked.said), "words\n");
	/* Nothing is left. */
	CHECK_EQ(count(bin, ".", ""), 1);
}

TEST(what_the_check_needs_is_read_last)
{
	static const char dump[] =
		"/ 0 40755 2 0 0 0 1.0 - - -\n"
		"/usr 0 40755 2 0 0 0 1.0 - - -\n"
		"/usr/lib 0 40755 2 0 0 0 1.0 - - -\n"
		"/usr/lib/composefs 0 40755 2 0 0 0 1.0 - - -\n"
		"/usr/lib/composefs/setup-root-conf.d 0 40755 2 0 0 0 1.0 - - "
		"-\n"
		"/usr/lib/composefs/setup-root-conf.d/.x.toml 1 100644 1 0 0 0 "
		"1.0 - a -\n"
		"/usr/lib/composefs/setup-root-conf.d/~~.toml 1 100644 1 0 0 0 "
		"1.0 - a -\n";
	CFS_AUTOTRIED struct cfs_tried_root checked = { 0 };

	put_program("#!/bin/sh\nls -A \"${7%/*}/conf.d\" | LC_ALL=C sort\n");
	CHECK_EQ(check_tree(dump, &checked), 0);
	CHECK_STR(cfs_buf_text(&checked.marker), "-~~.toml\n~cfsctl.toml\n");
}

TEST(an_image_without_configuration_has_an_empty_one)
{
	CFS_AUTOTRIED struct cfs_tried_root checked = { 0 };

	put_program("#!/bin/sh\nwc -c < \"$7\"\n");
	CHECK_EQ(check_tree("/ 0 40755 2 0 0 0 1.0 - - -\n", &checked), 0);
	CHECK_STR(cfs_buf_text(&checked.marker), "0\n");
}

TEST(the_temporary_directory_may_have_any_name)
{
	CFS_AUTOTRIED struct cfs_tried_root checked = { 0 };
	CFS_AUTOFREE char *odd = NULL;

	put_program("#!/bin/sh\n"
		    "sed -n 's/cfsctl-check-[^/]*/X/; s/^dirs = //p' "
		    "\"${7%/*}/conf.d/~cfsctl.toml\"\n");
	odd = below(bin, "a'b\"c\\");
	CHECK_EQ(mkdir(odd, 0700), 0);
	CHECK_EQ(setenv("TMPDIR", odd, 1), 0);
	CHECK_EQ(check(&checked), 0);
	CHECK(cfs_buf_text(&checked.marker) != NULL);
	CHECK(strstr((char *)checked.marker.data,
		     "/a'b\\\"c\\\\/X/keys.d\"]\n") != NULL);
}

TEST(a_failure_has_its_exit_status)
{
	CFS_AUTOTRIED struct cfs_tried_root checked = { 0 };

	put_program("#!/bin/sh\necho no >&2\nexit 6\n");
	CHECK_EQ(check(&checked), 0);
	CHECK_EQ(checked.status, 6);
	CHECK_STR(cfs_buf_text(&checked.said), "no\n");
}

TEST(without_the_program_there_is_no_answer)
{
	CFS_AUTOTRIED struct cfs_tried_root checked = { 0 };

	put_program("");
	CHECK_EQ(setenv("PATH", "/nowhere", 1), 0);
	/* Unless it is installed where programs of the system are. */
	if (access("/usr/sbin/composefs-setup-root", F_OK) != 0)
		CHECK_EQ(check(&checked), -ENOENT);
}
