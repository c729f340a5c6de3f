/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/state_dir.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "tests/test.h"

#define DIGITS32 "0123456789abcdef0123456789abcdef"
#define HEX	 DIGITS32 DIGITS32

static struct cfs_err err;

/* An empty directory that is new. */
static int make_dir(void)
{
	static unsigned n;
	char path[4096];

	snprintf(path, sizeof(path), "%s/state-%u", getenv("TMPDIR"), n++);
	CHECK_EQ(mkdir(path, 0755), 0);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void add(int dir, const char *name)
{
	CHECK_EQ(mkdirat(dir, name, 0755), 0);
}

static bool exists(int dir, const char *name)
{
	return cfs_name_exists(dir, name) > 0;
}

TEST(a_state_directory_loses_its_name)
{
	CFS_AUTOFD int dir = make_dir();

	CHECK_EQ(cfs_state_hide(dir, HEX, &err), 0);
	add(dir, HEX);
	CHECK_EQ(cfs_state_hide(dir, HEX, &err), 1);
	CHECK(!exists(dir, HEX) && exists(dir, "." HEX ".removed"));
}

TEST(what_is_left_is_removed_and_nothing_else)
{
	static const char *const both[] = { CFS_STATE_NEW, CFS_STATE_REMOVED,
					    NULL };
	static const char *const stay[] = { HEX,
					    "." HEX,
					    HEX ".removed",
					    "." DIGITS32 ".removed",
					    "." HEX ".removed.x",
					    ".removed",
					    "." HEX "g.new" };
	CFS_AUTOFD int dir = make_dir();

	for (size_t i = 0; i < CFS_ARRAY_SIZE(stay); i++)
		add(dir, stay[i]);
	add(dir, "." HEX ".removed");
	add(dir, "." HEX ".removed/var");
	add(dir, "." HEX HEX ".new");
	CHECK_EQ(cfs_state_sweep(dir, both + 1, &err), 1);
	CHECK(exists(dir, "." HEX HEX ".new"));
	CHECK_EQ(cfs_state_sweep(dir, both, &err), 1);
	CHECK_EQ(cfs_state_sweep(dir, both, &err), 0);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(stay); i++)
		CHECK(exists(dir, stay[i]));
	CHECK(!exists(dir, "." HEX ".removed"));
}
