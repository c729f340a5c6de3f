/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/failure.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/test.h"

static char said[8192];

static int watch = -1;

static unsigned report(enum cfs_exit status, const char *msg,
		       const char *digest, enum cfs_fail_action action)
{
	CFS_AUTOFD int fd =
		open(getenv("TMPDIR"), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct cfs_err err = { .code = EIO };
	struct cfs_log logger;
	unsigned lines = 0;
	ssize_t n;

	CHECK(fd >= 0);
	cfs_log_init(&logger, fd, false);
	logger.socket = "/nonexistent";
	snprintf(err.msg, sizeof(err.msg), "%s", msg);
	cfs_failure_report(&logger, status, &err, digest, watch, action, 10);
	n = pread(fd, said, sizeof(said) - 1, 0);
	CHECK(n > 0);
	said[n] = '\0';
	for (const char *c = said; *c; c++)
		lines += *c == '\n';
	return lines;
}

TEST(every_failure_fits_on_eight_lines)
{
	for (int s = CFS_EXIT_OTHER; s <= CFS_EXIT_CERTS; s++) {
		CHECK(cfs_failure_stage(s));
		CHECK(report(s, "x: y", "abc", CFS_FAIL_EMERGENCY) <= 8);
		CHECK(strstr(said, "cannot mount the root: x: y\n"));
		CHECK(strstr(said, "next:  emergency shell"));
	}
}

TEST(both_digests_stand_below_each_other_in_full)
{
	char msg[1024], a[129], b[129];

	memset(a, 'a', 128);
	memset(b, 'b', 128);
	a[128] = b[128] = '\0';
	snprintf(msg, sizeof(msg),
		 "images/x: wrong fs-verity digest: expected %s, found %s", a,
		 b);
	CHECK(report(CFS_EXIT_VERITY, msg, a, CFS_FAIL_REBOOT) <= 8);
	CHECK(strstr(said, "root: images/x: wrong fs-verity digest\n"));
	snprintf(msg, sizeof(msg), "  expected  %s\n", a);
	CHECK(strstr(said, msg));
	snprintf(msg, sizeof(msg), "  found     %s\n", b);
	CHECK(strstr(said, msg));
	CHECK(strstr(said, "next:  restart in 10 seconds"));
}

/* Records as Documentation/ABI/testing/dev-kmsg has them; a packet socket gives
 * one a read, as the kernel does. */
TEST(the_kernels_last_words_about_it_are_repeated)
{
	static const char *const records[] = {
		"4,1,1,-;overlayfs: the first of three\n",
		"6,2,2,-;usb 1-1: new device\n",
		"3,3,3,-;erofs: (device x): second\n KEY=value\n",
		"4,4,4,-;overlayfs: lower file 'f' has no fs-verity digest\n",
		"6,5,5,-;erofs: mounted with root inode\n",
		"11,5,5,-;composefs: fs-verity, in our own words\n",
		"odd",
	};
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(records); i++)
		CHECK(send(pair[0], records[i], strlen(records[i]), 0) > 0);
	close(pair[0]);
	watch = pair[1];
	CHECK(report(CFS_EXIT_VERITY, "x: expected 1, found 2", "1",
		     CFS_FAIL_EMERGENCY) == 8);
	watch = -1;
	close(pair[1]);
	CHECK(!strstr(said, "first of three") && !strstr(said, "usb"));
	CHECK(!strstr(said, "KEY") && !strstr(said, "our own"));
	CHECK(strstr(said, "  kernel: erofs: (device x): second\n"));
	CHECK(strstr(said, "  kernel: overlayfs: lower file 'f' has no "
			   "fs-verity digest\n"));
}

static int make_root(void)
{
	char dir[4096];
	int fd;

	snprintf(dir, sizeof(dir), "%s/root-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0 && mkdirat(fd, "etc", 0755) == 0);
	return fd;
}

static void touch(int dir, const char *path)
{
	int fd = openat(dir, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	close(fd);
}

TEST(only_an_initramfs_is_ever_restarted)
{
	/* /proc is neither a tmpfs nor an initramfs. */
	CFS_AUTOFD int system = open("/proc", O_PATH | O_CLOEXEC);
	CFS_AUTOFD int root = make_root();

	CHECK(cfs_failure_decide(CFS_FAIL_REBOOT, system) ==
	      CFS_FAIL_EMERGENCY);
	CHECK(cfs_failure_decide(CFS_FAIL_POWEROFF, system) ==
	      CFS_FAIL_EMERGENCY);
	touch(root, "etc/initrd-release");
	CHECK(cfs_failure_decide(CFS_FAIL_REBOOT, root) == CFS_FAIL_REBOOT);
	CHECK(cfs_failure_decide(CFS_FAIL_POWEROFF, root) == CFS_FAIL_POWEROFF);
	CHECK(cfs_failure_decide(CFS_FAIL_EMERGENCY, root) ==
	      CFS_FAIL_EMERGENCY);
}

TEST(counted_boots_are_restarted_and_others_are_not)
{
	CFS_AUTOFD int root = make_root();

	touch(root, "etc/initrd-release");
	CHECK(cfs_failure_decide(CFS_FAIL_REBOOT_IF_COUNTING, root) ==
	      CFS_FAIL_EMERGENCY);
	CHECK(mkdirat(root, "sys", 0755) == 0);
	CHECK(mkdirat(root, "sys/firmware", 0755) == 0);
	CHECK(mkdirat(root, "sys/firmware/efi", 0755) == 0);
	CHECK(mkdirat(root, "sys/firmware/efi/efivars", 0755) == 0);
	/* Source: systemd src/boot/boot.c, loader vendor GUID. */
	touch(root, "sys/firmware/efi/efivars/LoaderBootCountPath-"
		    "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f");
	CHECK(cfs_failure_decide(CFS_FAIL_REBOOT_IF_COUNTING, root) ==
	      CFS_FAIL_REBOOT);
}

TEST(the_emergency_shell_is_not_waited_for)
{
	cfs_failure_act(CFS_FAIL_EMERGENCY, 3600);
}
