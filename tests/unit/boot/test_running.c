/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/running.h"

#include "tests/unit/boot/visits.h"

static struct cfs_err err;
static struct visits visits;
static char root[4096];

static void start(void)
{
	strcpy(root, fresh_dir());
	make_dir(root, "proc");
	make_dir(root, "proc/1");
	make_link(root, "proc/self", "1");
	make_dir(root, "run");
	make_dir(root, "run/composefs");
}

static void check(const char *found, const char *broken)
{
	struct cfs_boot_visitor visitor = visitor_of(&visits);
	CFS_AUTOFD int fd = open_dir(root);

	CHECK_EQ(cfs_boot_running(fd, &visitor, &err), 0);
	check_visits(&visits, found, broken);
}

TEST(each_file_may_be_missing)
{
	strcpy(root, fresh_dir());
	check("", "");
}

TEST(the_kernel_command_line_names_images)
{
	start();
	put(root, "proc/cmdline", "quiet composefs=?" A " composefs=" B "\n");
	check("proc/cmdline=a3 proc/cmdline=b3 ", "");
	put(root, "proc/cmdline", "composefs=1\n");
	check("", "proc/cmdline: kernel argument 'composefs=1': digest must "
		  "have 64 or 128 hex digits, not 1\n");
}

TEST(the_marker_names_what_was_booted)
{
	start();
	put(root, "run/composefs/booted",
	    "{\"digest\": \"" LONG "\", \"algorithm\": \"sha512\",\n"
	    " \"candidates\": [{\"digest\": \"" B "\"}]}\n");
	check("run/composefs/booted=a3:512 ", "");
	put(root, "run/composefs/booted", "{}");
	check("", "run/composefs/booted: it has no digest\n");
	put(root, "run/composefs/booted", "{\"digest\": 1}");
	check("", "run/composefs/booted: it has no digest\n");
}

/* Lines as Linux 6.1 prints them. */
TEST(mounts_name_images_by_their_source)
{
	start();
	put(root, "proc/1/mountinfo",
	    "21 1 8:2 / / ro,relatime - overlay composefs:" A
	    " ro,lowerdir=/a::/b,metacopy=on\n"
	    "22 21 0:20 / /sys rw,nosuid shared:7 master:2 - sysfs sysfs rw\n"
	    "30 21 0:30 / /mnt/a\\040b rw shared:9 - overlay composefs:" B
	    " ro\n"
	    "31 21 0:31 / /x rw - overlay composefs:a-name ro\n"
	    "32 21 0:32 / /y rw - overlay transient:composefs=" LONG " rw\n"
	    "33 21 0:33 / /z rw - overlay xcomposefs:" C " rw\n"
	    "broken\n"
	    "34 - - -\n");
	check("/=a3 /mnt/a\\040b=b3 /y=a3:512 ", "");
}

TEST(the_real_proc_can_be_read)
{
	struct cfs_boot_visitor visitor = visitor_of(&visits);
	CFS_AUTOFD int fd = open_dir("/");

	CHECK_EQ(cfs_boot_running(fd, &visitor, &err), 0);
	cfs_buf_free(&visits.found);
	printf("# broken: %s\n", cfs_buf_text(&visits.broken));
	CHECK(!strstr((char *)visits.broken.data, "mountinfo"));
	cfs_buf_free(&visits.broken);
}
