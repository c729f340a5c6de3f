/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/failure.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/io.h"
#include "tests/test.h"

#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A64 A32 A32

static char said[8192];
static char file[8192];
static struct cfs_err err;
static struct cfs_boot boot;
static enum cfs_fail_action action;

static int temp_file(void)
{
	int fd = open(getenv("TMPDIR"), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	return fd;
}

static void fail(enum cfs_exit step, int code, const char *msg)
{
	(void)cfs_fail(&err, code, "%s", msg);
	boot = (struct cfs_boot){ 0 };
	cfs_boot_init(&boot);
	boot.step = step;
	boot.options.sysroot = "/nonexistent";
	boot.config.failure.delay = 10;
	action = CFS_FAIL_EMERGENCY;
}

/* The image that was to be booted has the digest of @fill bytes. */
static void name_image(int fill)
{
	boot.n_candidates = 1;
	boot.candidates[0].karg.digest.alg = CFS_ALG_SHA256;
	memset(boot.candidates[0].karg.digest.bytes, fill, 32);
	cfs_digest_to_hex(&boot.candidates[0].karg.digest,
			  boot.candidates[0].hex);
}

/* Returns the lines of the report, which is in @said, and in @file without
 * the name in front of each line. */
static unsigned report(void)
{
	CFS_AUTOFD int fd = temp_file();
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	unsigned lines = 0;
	ssize_t n;

	cfs_log_init(&boot.log, fd, false);
	boot.log.socket = "/nonexistent";
	cfs_failure_report(&boot, &err, action, &text);
	n = pread(fd, said, sizeof(said) - 1, 0);
	CHECK(n > 0);
	said[n] = '\0';
	snprintf(file, sizeof(file), "%s", cfs_buf_text(&text));
	for (const char *c = said; *c; c++)
		lines += *c == '\n';
	return lines;
}

TEST(the_report_is_what_failed_and_what_follows)
{
	for (int s = CFS_EXIT_OTHER; s <= CFS_EXIT_CERTS; s++) {
		fail(s, ENOEXEC, "x: y");
		CHECK_EQ(report(), 2);
		CHECK(strstr(said, "composefs: cannot mount the root: x: y\n"));
		CHECK(strstr(said, "next:     emergency shell"));
	}
}

TEST(the_file_has_the_same_lines)
{
	fail(CFS_EXIT_STATE, ENOSPC, "make upper: No space left");
	name_image(0xaa);
	CHECK_EQ(report(), 3);
	CHECK_EQ(strncmp(file,
			 "composefs: cannot mount the root: make upper: ", 46),
		 0);
	CHECK(strstr(file, "\n  cure:     free space on "));
	CHECK(strstr(file, "\n  next:     emergency shell"));
}

TEST(advice_is_by_the_error_and_not_by_the_step)
{
	static const struct {
		enum cfs_exit step;
		int code;
		const char *cure;
	} rows[] = {
		{ CFS_EXIT_STATE, ENOSPC, "free space" },
		{ CFS_EXIT_STATE, EDQUOT, "free space" },
		/* Worded with its cure where it is found. */
		{ CFS_EXIT_STATE, EROFS, NULL },
		{ CFS_EXIT_STATE, ENOENT, NULL },
		{ CFS_EXIT_STATE, ELOOP, NULL },
		{ CFS_EXIT_REPO, ENOENT, NULL },
		{ CFS_EXIT_REPO, EOPNOTSUPP, NULL },
		{ CFS_EXIT_ABSENT, ENOENT, "root=" },
		{ CFS_EXIT_VERITY, ENOKEY, "keys.d" },
		{ CFS_EXIT_REPO, EINVAL, NULL },
		{ CFS_EXIT_VERITY, EIO, "cfsctl fsck" },
		{ CFS_EXIT_VERITY, EBADMSG, NULL },
		{ CFS_EXIT_PREFLIGHT, EIO, "cfsctl fsck" },
		{ CFS_EXIT_PREFLIGHT, ENOENT, NULL },
		{ CFS_EXIT_PREFLIGHT, ENOEXEC, NULL },
		{ CFS_EXIT_BAD_KARG, EINVAL, "correct the argument" },
		{ CFS_EXIT_BAD_KARG, EPERM, "without the \"?\"" },
		{ CFS_EXIT_BAD_KARG, EOPNOTSUPP, "newer" },
		{ CFS_EXIT_NO_KARG, ENOENT, "add composefs.digest=" },
		{ CFS_EXIT_MOUNT, EINVAL, NULL },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		fail(rows[i].step, rows[i].code, "x");
		CHECK_EQ(report(), 2 + (rows[i].cure != NULL));
		CHECK(!rows[i].cure ||
		      strstr(strstr(said, "cure:"), rows[i].cure));
	}
}

TEST(a_cure_that_the_error_carries_is_the_only_one)
{
	fail(CFS_EXIT_STATE, ENOSPC, "x");
	(void)cfs_err_cure(&err, "do this");
	(void)cfs_err_cure(&err, "or that");
	CHECK_EQ(report(), 3);
	CHECK(strstr(said, "cure:     do this\n") && !strstr(said, "free"));
}

TEST(both_digests_stand_below_each_other_in_full)
{
	char line[160];

	fail(CFS_EXIT_VERITY, EBADMSG, "image aa: wrong fs-verity digest");
	memset(err.expected, 'a', 128);
	memset(err.found, 'b', 128);
	name_image(0xaa);
	action = CFS_FAIL_REBOOT;
	CHECK_EQ(report(), 5);
	snprintf(line, sizeof(line), "  expected: %s\n", err.expected);
	CHECK(strstr(said, line));
	snprintf(line, sizeof(line), "  found:    %s\n", err.found);
	CHECK(strstr(said, line));
	CHECK(!strstr(said, "image:"));
	CHECK(strstr(said, "cfsctl fsck") &&
	      strstr(said, "next:     restart in 10 seconds"));
}

TEST(a_sentence_is_not_read_for_digests)
{
	fail(CFS_EXIT_VERITY, EBADMSG, "x: expected 1, found 2");
	CHECK_EQ(report(), 2);
	CHECK(strstr(said, "root: x: expected 1, found 2\n"));
	CHECK(!strstr(said, "expected:"));
}

/* A field of the record in the binary form of the journal's protocol. */
static bool has_field(const char *record, size_t len, const char *name,
		      const char *value)
{
	char want[512];
	size_t n = strlen(value), head;

	head = (size_t)snprintf(want, sizeof(want), "%s\n", name);
	memset(want + head, 0, 8);
	want[head] = (char)n;
	memcpy(want + head + 8, value, n);
	return memmem(record, len, want, head + 8 + n);
}

TEST(journal_fields_come_from_the_data_of_the_error)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	CFS_AUTOFD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CFS_AUTOFD int out = temp_file();
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	char record[8192];
	ssize_t n;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket",
		 getenv("TMPDIR"));
	CHECK(fd >= 0);
	CHECK_EQ(bind(fd, (void *)&at, sizeof(at)), 0);
	fail(CFS_EXIT_VERITY, EBADMSG, "in whatever words");
	strcpy(err.expected, "aaaa");
	strcpy(err.found, "bbbb");
	(void)cfs_err_path(&err, "usr/lib/x");
	name_image(0xaa);
	cfs_log_init(&boot.log, out, false);
	boot.log.socket = at.sun_path;
	cfs_failure_report(&boot, &err, action, &text);
	n = recv(fd, record, sizeof(record), MSG_DONTWAIT);
	CHECK(n > 0);
	CHECK(has_field(record, n, "MESSAGE", "in whatever words"));
	CHECK(has_field(record, n, "MESSAGE_ID", CFS_MSG_FAILED));
	CHECK(has_field(record, n, "COMPOSEFS_STAGE", "verify"));
	CHECK(has_field(record, n, "COMPOSEFS_EXIT", "6"));
	CHECK(has_field(record, n, "COMPOSEFS_DIGEST", A64));
	CHECK(has_field(record, n, "COMPOSEFS_EXPECTED", "aaaa"));
	CHECK(has_field(record, n, "COMPOSEFS_ACTUAL", "bbbb"));
	CHECK(has_field(record, n, "COMPOSEFS_PATH", "usr/lib/x"));

	/* A trial is no event of the system. */
	boot.options.check = true;
	cfs_failure_report(&boot, &err, action, &text);
	CHECK(recv(fd, record, sizeof(record), MSG_DONTWAIT) < 0);
}

TEST(a_trial_has_nothing_that_follows)
{
	fail(CFS_EXIT_STATE, ENOSPC, "x");
	boot.options.check = true;
	CHECK_EQ(report(), 2);
	CHECK(strstr(said, "cure:") && !strstr(said, "next:"));
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

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair),
		 0);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(records); i++)
		CHECK(send(pair[0], records[i], strlen(records[i]), 0) > 0);
	close(pair[0]);
	fail(CFS_EXIT_PREFLIGHT, EIO, "read /sbin/init: Input/output error");
	boot.watch_fd = pair[1];
	CHECK_EQ(report(), 5);
	close(pair[1]);
	CHECK(!strstr(said, "first of three") && !strstr(said, "usb"));
	CHECK(!strstr(said, "KEY") && !strstr(said, "our own"));
	CHECK(strstr(said, "  kernel:   erofs: (device x): second\n"));
	CHECK(strstr(said, "  kernel:   overlayfs: lower file 'f' has no "
			   "fs-verity digest\n"));
}

static int make_root(void);

/* The physical root is the directory @root. */
static void offer(int root)
{
	static char path[CFS_FD_PATH_MAX];

	cfs_fd_path(root, path);
	boot.options.sysroot = path;
}

TEST(images_of_the_disk_are_offered)
{
	CFS_AUTOFD int root = make_root();
	char name[160], digest[65] = "";

	memset(digest, 'a', 64);
	fail(CFS_EXIT_NO_KARG, ENOENT, "none");
	offer(root);
	CHECK_EQ(report(), 4);
	CHECK(strstr(said, "  on disk:  no image\n"));
	CHECK_EQ(mkdirat(root, "composefs", 0755), 0);
	CHECK_EQ(mkdirat(root, "composefs/images", 0755), 0);
	for (int i = 0; i < 5; i++) {
		digest[63] = (char)('0' + i);
		snprintf(name, sizeof(name), "composefs/images/%s", digest);
		CHECK_EQ(symlinkat("x", root, name), 0);
		CHECK_EQ(report(), 4 + (unsigned)i - (i == 4));
	}
	CHECK(strstr(said, "and 2 more\n"));
	fail(CFS_EXIT_BAD_KARG, EINVAL, "digest has 63 digits");
	offer(root);
	memset(err.found, 'a', 63);
	err.found[62] = '4';
	err.found[63] = '\0';
	CHECK_EQ(report(), 7);
	CHECK_EQ(strncmp(strstr(said, "on disk:  ") + 10 + 63, "4\n", 2), 0);
	/* Another digest would not help. */
	fail(CFS_EXIT_BAD_KARG, EPERM, "forbidden");
	offer(root);
	CHECK_EQ(report(), 3);
	CHECK(!strstr(said, "on disk:"));
	fail(CFS_EXIT_REPO, ENOENT, "no repository");
	offer(root);
	CHECK_EQ(report(), 2);
	fail(CFS_EXIT_NO_KARG, ENOENT, "none");
	offer(root);
	boot.options.print_kargs = true;
	CHECK_EQ(report(), 2);
	CHECK(strstr(said, "cure:"));
}

static int make_root(void)
{
	char dir[4096];
	int fd;

	snprintf(dir, sizeof(dir), "%s/root-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(mkdirat(fd, "etc", 0755), 0);
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

	CHECK_EQ(cfs_failure_decide(CFS_FAIL_REBOOT, system),
		 CFS_FAIL_EMERGENCY);
	CHECK_EQ(cfs_failure_decide(CFS_FAIL_POWEROFF, system),
		 CFS_FAIL_EMERGENCY);
	touch(root, "etc/initrd-release");
	CHECK_EQ(cfs_failure_decide(CFS_FAIL_REBOOT, root), CFS_FAIL_REBOOT);
	CHECK_EQ(cfs_failure_decide(CFS_FAIL_POWEROFF, root),
		 CFS_FAIL_POWEROFF);
	CHECK_EQ(cfs_failure_decide(CFS_FAIL_EMERGENCY, root),
		 CFS_FAIL_EMERGENCY);
}

TEST(counted_boots_are_restarted_and_others_are_not)
{
	CFS_AUTOFD int root = make_root();

	touch(root, "etc/initrd-release");
	CHECK_EQ(cfs_failure_decide(CFS_FAIL_REBOOT_IF_COUNTING, root),
		 CFS_FAIL_EMERGENCY);
	CHECK_EQ(mkdirat(root, "sys", 0755), 0);
	CHECK_EQ(mkdirat(root, "sys/firmware", 0755), 0);
	CHECK_EQ(mkdirat(root, "sys/firmware/efi", 0755), 0);
	CHECK_EQ(mkdirat(root, "sys/firmware/efi/efivars", 0755), 0);
	/* Source: systemd src/boot/boot.c, loader vendor GUID. */
	touch(root, "sys/firmware/efi/efivars/LoaderBootCountPath-"
		    "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f");
	CHECK_EQ(cfs_failure_decide(CFS_FAIL_REBOOT_IF_COUNTING, root),
		 CFS_FAIL_REBOOT);
}

TEST(the_emergency_shell_is_not_waited_for)
{
	cfs_failure_act(CFS_FAIL_EMERGENCY, 3600);
}
