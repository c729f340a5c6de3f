/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/run/volume.h"

#include <errno.h>

#include "tests/test.h"

static struct cfs_err err;

TEST(a_volume_is_two_absolute_paths_and_a_mode)
{
	struct cfs_run_volume v;

	CHECK_EQ(cfs_run_volume_parse("/a/../b:/c..d", &v, &err), 0);
	CHECK_STR(v.source, "/a/../b");
	CHECK_STR(v.target, "/c..d");
	CHECK(!v.read_only);
	CHECK_EQ(cfs_run_volume_parse("/a:/b:ro", &v, &err), 0);
	CHECK(v.read_only);
	CHECK_STR(v.target, "/b");
	CHECK_EQ(cfs_run_volume_parse("/a:/b:rw", &v, &err), 0);
	CHECK(!v.read_only);
}

TEST(other_words_and_targets_are_refused)
{
	static const char *const bad[] = {
		"",	  "/a",	   "/a:",	"a:/b",	      "/a:b",
		":/b",	  "/a:/",  "/a://.",	"/a:/b/..",   "/a:/../b",
		"/a:/b:", "/a:/.", "/a:/b:rox", "/a:/b:ro:x", "/a:/b/../c",
	};
	struct cfs_run_volume v = { .source = "before" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_run_volume_parse(bad[i], &v, &err), -EINVAL);
	CHECK_STR(v.source, "before");
}

TEST(paths_have_a_maximum)
{
	char text[2 * CFS_RUN_TEXT_MAX];
	struct cfs_run_volume v;

	memset(text, 'x', sizeof(text));
	text[0] = '/';
	strcpy(text + CFS_RUN_TEXT_MAX - 1, ":/b");
	CHECK_EQ(cfs_run_volume_parse(text, &v, &err), 0);
	text[CFS_RUN_TEXT_MAX - 1] = 'x';
	strcpy(text + CFS_RUN_TEXT_MAX, ":/b");
	CHECK_EQ(cfs_run_volume_parse(text, &v, &err), -ENAMETOOLONG);
}
