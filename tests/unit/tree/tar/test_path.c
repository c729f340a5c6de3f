/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/path.h"

#include "tests/test.h"
#include "tree/node.h"

static struct cfs_err err;
static uint8_t buf[CFS_TAR_PATH_MAX];

static int make(const void *path, size_t len, struct cfs_bytes *ret)
{
	return cfs_tar_path((struct cfs_bytes){ path, len }, buf, ret, &err);
}

static void becomes(const char *path, const char *want)
{
	struct cfs_bytes got;

	CHECK_EQ(make(path, strlen(path), &got), 0);
	CHECK_EQ(got.len, strlen(want));
	CHECK_MEM(got.data, want, got.len);
}

TEST(slashes_and_dots_that_say_nothing_are_left_out)
{
	becomes("usr/bin/sh", "usr/bin/sh");
	becomes("a", "a");
	becomes("./usr//bin/./sh", "usr/bin/sh");
	becomes("/etc/passwd", "etc/passwd");
	becomes("//etc///sub//", "etc/sub");
	becomes("etc/.", "etc");
	becomes("a/././b/", "a/b");
	becomes(".hidden/..more/...", ".hidden/..more/...");
	becomes("a/.b/c.", "a/.b/c.");
}

TEST(the_root_is_empty)
{
	becomes(".", "");
	becomes("/", "");
	becomes("./", "");
	becomes("/././/.", "");
}

TEST(names_are_any_bytes)
{
	becomes("\xff\xfe/\n/ \t/\\", "\xff\xfe/\n/ \t/\\");
}

TEST(dot_dot_is_refused_wherever_it_stands)
{
	static const char *const bad[] = { "..",     "../a",	 "a/..",
					   "a/../b", "/..",	 "./..",
					   "../",    "a//..//b", "a/b/.." };
	struct cfs_bytes got;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CHECK_EQ(make(bad[i], strlen(bad[i]), &got), -EINVAL);
		CHECK(strstr(err.msg, "'..'"));
	}
}

TEST(nothing_and_a_nul_are_no_path)
{
	struct cfs_bytes got;

	CHECK_EQ(make("", 0, &got), -EINVAL);
	CHECK_EQ(make("a\0b", 3, &got), -EINVAL);
	CHECK_EQ(make("a\0", 2, &got), -EINVAL);
	CHECK_EQ(make("\0", 1, &got), -EINVAL);
}

TEST(names_and_paths_have_a_longest)
{
	char path[CFS_TAR_PATH_MAX + 2];
	struct cfs_bytes got;

	memset(path, 'n', sizeof(path));
	CHECK_EQ(make(path, CFS_NAME_MAX, &got), 0);
	CHECK_EQ(got.len, CFS_NAME_MAX);
	CHECK_EQ(make(path, CFS_NAME_MAX + 1, &got), -ENAMETOOLONG);
	for (size_t i = 200; i < sizeof(path); i += 201)
		path[i] = '/';
	CHECK_EQ(make(path, CFS_TAR_PATH_MAX, &got), 0);
	CHECK_EQ(got.len, CFS_TAR_PATH_MAX);
	CHECK_MEM(got.data, path, got.len);
	CHECK_EQ(make(path, CFS_TAR_PATH_MAX + 1, &got), -ENAMETOOLONG);
	memset(path, '/', sizeof(path));
	CHECK_EQ(make(path, CFS_TAR_PATH_MAX, &got), 0);
	CHECK_EQ(got.len, 0);
}

TEST(directories_have_a_deepest)
{
	char path[2 * CFS_TAR_DEPTH_MAX + 2];
	struct cfs_bytes got;

	for (size_t i = 0; i < sizeof(path); i += 2) {
		path[i] = 'd';
		path[i + 1] = '/';
	}
	CHECK_EQ(make(path, 2 * CFS_TAR_DEPTH_MAX, &got), 0);
	CHECK_EQ(got.len, 2 * CFS_TAR_DEPTH_MAX - 1);
	CHECK_EQ(make(path, sizeof(path), &got), -ELOOP);
}

TEST(long_paths_are_shown_from_their_end)
{
	char path[600], shown[CFS_TAR_SHOWN_MAX];

	CHECK_STR(cfs_tar_shown((struct cfs_bytes){ NULL, 0 }, shown), "");
	memset(path, 'x', sizeof(path));
	memcpy(path + sizeof(path) - 3, "end", 3);
	CHECK_STR(cfs_tar_shown((struct cfs_bytes){ (uint8_t *)path + 590, 10 },
				shown),
		  "xxxxxxxend");
	cfs_tar_shown((struct cfs_bytes){ (uint8_t *)path, sizeof(path) },
		      shown);
	CHECK_EQ(strlen(shown), CFS_TAR_SHOWN_MAX - 1);
	CHECK_EQ(strncmp(shown, "...xxx", 6), 0);
	CHECK(strstr(shown, "xend"));
	cfs_tar_shown(
		(struct cfs_bytes){ (uint8_t *)path, CFS_TAR_SHOWN_MAX - 1 },
		shown);
	CHECK_EQ(strlen(shown), CFS_TAR_SHOWN_MAX - 1);
	CHECK_EQ(shown[0], 'x');
}
