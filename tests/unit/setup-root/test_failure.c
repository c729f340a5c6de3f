/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/failure.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/test.h"

static char said[8192];

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
	cfs_failure_report(&logger, status, &err, digest, action, 10);
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
