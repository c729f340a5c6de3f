/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lines are in the form of proc_pid_mountinfo(5). */
#include "setup-root/mountinfo.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/io.h"
#include "tests/test.h"

static struct cfs_err err;
static struct cfs_mountinfo info;
static char table[PATH_MAX], sysroot[PATH_MAX];

static void make(void)
{
	char dir[4000];

	snprintf(dir, sizeof(dir), "%s/mountinfo-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	snprintf(table, sizeof(table), "%s/table", dir);
	snprintf(sysroot, sizeof(sysroot), "%s/sysroot", dir);
	CHECK_EQ(mkdir(sysroot, 0755), 0);
}

/* A table of / and up to two more lines, each "%s"-filled with the sysroot. */
static void write_table(const char *one, const char *two)
{
	char real[PATH_MAX],
		text[16384] = "22 1 0:2 / / rw - rootfs rootfs rw\n";
	int fd = open(table, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	const char *const lines[] = { one, two };

	CHECK(realpath(sysroot, real));
	for (int i = 0; i < 2; i++) {
		const char *mark = lines[i] ? strstr(lines[i], "@") : NULL;

		if (mark)
			snprintf(text + strlen(text),
				 sizeof(text) - strlen(text), "%.*s%s%s\n",
				 (int)(mark - lines[i]), lines[i], real,
				 mark + 1);
	}
	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, text, strlen(text)), 0);
	close(fd);
}

TEST(a_plain_directory_is_not_mounted)
{
	make();
	write_table(NULL, NULL);
	CHECK_EQ(cfs_mountinfo_read(table, sysroot, &info, &err), 0);
	CHECK(!info.mounted && !info.composefs && !info.var);
}

TEST(a_disk_is_mounted_and_may_be_read_only)
{
	make();
	write_table("30 22 8:2 / @ rw,relatime shared:1 - ext4 /dev/sda2 rw",
		    NULL);
	CHECK_EQ(cfs_mountinfo_read(table, sysroot, &info, &err), 0);
	CHECK(info.mounted && !info.composefs && !info.read_only);
	CHECK_STR(info.source, "/dev/sda2");
	write_table("30 22 8:2 / @ ro,relatime - ext4 /dev/sda2 rw", NULL);
	CHECK_EQ(cfs_mountinfo_read(table, sysroot, &info, &err), 0);
	CHECK(info.read_only);
	write_table("30 22 8:2 / @ rw,relatime - ext4 /dev/sda2 ro", NULL);
	CHECK_EQ(cfs_mountinfo_read(table, sysroot, &info, &err), 0);
	CHECK(info.read_only);
}

static bool claims(const char *line, const char *digest)
{
	write_table("30 22 8:2 / @ rw - ext4 /dev/sda2 rw", line);
	CHECK_EQ(cfs_mountinfo_read(table, sysroot, &info, &err), 0);
	CHECK_STR(info.digest, digest);
	return info.composefs;
}

TEST(the_mount_on_top_counts)
{
	make();
	CHECK(claims("31 30 0:40 / @ ro - overlay composefs:abc ro", "abc"));
	CHECK_STR(info.source, "composefs:abc");
	CHECK(claims("31 30 0:40 / @ rw - overlay transient:composefs=abc rw",
		     "abc"));
	CHECK(!claims("31 30 0:40 / @ rw - overlay overlay rw", ""));
}

TEST(whatever_calls_itself_a_composefs_is_known_for_what_it_is)
{
	make();
	CHECK(claims("31 30 8:3 / @ rw - ext4 composefs:abc rw", "abc"));
	CHECK(!info.overlay && !info.verity);
	CHECK(claims("31 30 0:40 / @ ro - overlay composefs:abc rw,lowerdir=/a",
		     "abc"));
	CHECK(info.overlay && !info.verity);
	CHECK(claims("31 30 0:40 / @ ro - overlay composefs:abc "
		     "ro,lowerdir+=/a,metacopy=on,verity=require",
		     "abc"));
	CHECK(info.overlay && info.verity);
	CHECK(claims("31 30 0:40 / @ ro - overlay composefs: ro,verity=on",
		     ""));
	CHECK(info.overlay && !info.verity);
	CHECK(claims("31 30 0:40 / @ ro - overlay composefs:a "
		     "ro,verity=required",
		     "a"));
	CHECK(!info.verity);
}

TEST(a_mount_at_var_is_noticed)
{
	make();
	write_table("30 22 8:2 / @ rw - ext4 /dev/sda2 rw",
		    "31 30 8:3 / @/var rw - ext4 /dev/sda3 rw");
	CHECK_EQ(cfs_mountinfo_read(table, sysroot, &info, &err), 0);
	CHECK(info.mounted && info.var);
}

TEST(a_var_of_a_mount_that_is_covered_is_none)
{
	make();
	write_table("31 30 8:3 / @/var rw - ext4 /dev/sda3 rw",
		    "32 30 8:2 / @ rw - ext4 /dev/sda2 rw");
	CHECK_EQ(cfs_mountinfo_read(table, sysroot, &info, &err), 0);
	CHECK(info.mounted && !info.var);
}

TEST(what_cannot_be_read_is_an_error)
{
	make();
	write_table(NULL, NULL);
	CHECK(cfs_mountinfo_read("/nonexistent", sysroot, &info, &err) < 0);
	CHECK(strstr(err.msg, "/proc"));
	CHECK_EQ(rmdir(sysroot), 0);
	CHECK_EQ(cfs_mountinfo_read(table, sysroot, &info, &err), -ENOENT);
}
