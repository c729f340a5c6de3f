/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/failure.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/vfs.h>

#include "base/io.h"

/* Source: systemd-boot(7), LoaderBootCountPath: set while boots are counted. */
#define COUNTING                    \
	"sys/firmware/efi/efivars/" \
	"LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"

struct advice {
	const char *stage;
	const char *cause;
	const char *cure;
};

static const struct advice advices[] = {
	[CFS_EXIT_OTHER] = { "setup", NULL, NULL },
	[CFS_EXIT_USAGE] = { "usage", NULL, NULL },
	[CFS_EXIT_NO_KARG] = { "cmdline", "the boot entry names no image",
			       "boot another entry, or add composefs.digest= to this one" },
	[CFS_EXIT_BAD_KARG] = { "cmdline", "the boot entry was written wrongly",
				"boot another entry and write this one again with cfsctl" },
	[CFS_EXIT_ABSENT] = { "select",
			      "the image was removed, or this is another disk",
			      "boot another entry" },
	[CFS_EXIT_VERITY] = { "verify",
			      "the image was changed or damaged, or copied without fs-verity",
			      "boot another entry, then run cfsctl fsck on the repository" },
	[CFS_EXIT_REPO] = { "repository",
			    "the disk holds no composefs repository we know",
			    "check root= of the boot entry, or boot another entry" },
	[CFS_EXIT_MOUNT] = { "mount",
			     "kernel, modules of the initramfs and image disagree",
			     "boot another entry, then build the initramfs again" },
	[CFS_EXIT_STATE] = { "state",
			     "the deployment was not prepared or was removed",
			     "boot another entry, or set state.missing to \"transient\"" },
	[CFS_EXIT_PREFLIGHT] = { "preflight",
				 "an object of the image is missing or damaged",
				 "boot another entry, then run cfsctl fsck on the repository" },
	[CFS_EXIT_CERTS] = { "certificates",
			     "the initramfs has no certificate that this kernel can use",
			     "build the initramfs again with its keys.d" },
};

const char *cfs_failure_stage(enum cfs_exit status)
{
	return advices[status].stage;
}

int cfs_failure_watch(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		(void)lseek(fd, 0, SEEK_END);
	return fd < 0 ? -errno : fd;
}

/* Source: Documentation/ABI/testing/dev-kmsg: "prio,seq,time,flags;text\n",
 * one record a read. */
static void repeat_kernel(struct cfs_log *log, int watch)
{
	char record[1024], last[2][256] = { "", "" };
	ssize_t n;

	while (watch >= 0 &&
	       ((n = read(watch, record, sizeof(record) - 1)) > 0 ||
		(n < 0 && errno == EPIPE))) {
		char *text;

		record[n < 0 ? 0 : n] = '\0';
		text = strchr(record, ';');
		/* Warnings and worse; what programs wrote, as we do, has a
		 * number over 7. */
		if (!text || atoi(record) > LOG_WARNING ||
		    (!strstr(text, "overlayfs:") && !strstr(text, "erofs") &&
		     !strstr(text, "fs-verity")))
			continue;
		memcpy(last[0], last[1], sizeof(last[0]));
		snprintf(last[1], sizeof(last[1]), "%.*s",
			 (int)strcspn(text + 1, "\n"), text + 1);
	}
	for (int i = 0; i < 2; i++)
		if (last[i][0])
			cfs_log(log, LOG_ERR, "  kernel: %s", last[i]);
}

static void say_next(struct cfs_log *log, enum cfs_fail_action action,
		     unsigned delay)
{
	if (action == CFS_FAIL_EMERGENCY)
		cfs_log(log, LOG_ERR,
			"  next:  emergency shell (composefs.onfail=reboot on "
			"the kernel command line restarts instead)");
	else
		cfs_log(log, LOG_ERR, "  next:  %s in %u seconds",
			action == CFS_FAIL_POWEROFF ? "power off" : "restart",
			delay);
}

void cfs_failure_report(struct cfs_log *log, enum cfs_exit status,
			const struct cfs_err *err, const char *digest,
			int watch, enum cfs_fail_action action, unsigned delay)
{
	const struct advice *a = &advices[status];
	const char *expected = strstr(err->msg, ": expected ");
	const char *found = expected ? strstr(expected, ", found ") : NULL;
	char want[160] = "", have[160] = "", number[12];
	const struct cfs_log_field fields[] = {
		{ "COMPOSEFS_STAGE", a->stage }, { "COMPOSEFS_DIGEST", digest },
		{ "COMPOSEFS_EXPECTED", want },	 { "COMPOSEFS_ACTUAL", have },
		{ "COMPOSEFS_EXIT", number },
	};

	snprintf(number, sizeof(number), "%d", status);
	if (found) {
		expected += strlen(": expected ");
		snprintf(want, sizeof(want), "%.*s", (int)(found - expected),
			 expected);
		snprintf(have, sizeof(have), "%s", found + strlen(", found "));
		/* Two digests below each other can be compared by eye. */
		cfs_log(log, LOG_ERR, "cannot mount the root: %.*s",
			(int)(expected - strlen(": expected ") - err->msg),
			err->msg);
		cfs_log(log, LOG_ERR, "  expected  %s", want);
		cfs_log(log, LOG_ERR, "  found     %s", have);
	} else {
		cfs_log(log, LOG_ERR, "cannot mount the root: %s", err->msg);
	}
	if (digest && !found)
		cfs_log(log, LOG_ERR, "  image: %s", digest);
	repeat_kernel(log, watch);
	if (a->cause)
		cfs_log(log, LOG_ERR, "  cause: %s", a->cause);
	if (a->cure)
		cfs_log(log, LOG_ERR, "  cure:  %s", a->cure);
	say_next(log, action, delay);
	(void)cfs_log_journal(log, LOG_ERR, CFS_MSG_FAILED, err->msg, fields,
			      CFS_ARRAY_SIZE(fields));
}

static bool in_initramfs(int root_fd)
{
	struct statfs st;

	return faccessat(root_fd, "etc/initrd-release", F_OK, 0) == 0 ||
	       (fstatfs(root_fd, &st) == 0 &&
		(st.f_type == RAMFS_MAGIC || st.f_type == TMPFS_MAGIC));
}

enum cfs_fail_action cfs_failure_decide(enum cfs_fail_action action,
					int root_fd)
{
	if (!in_initramfs(root_fd))
		return CFS_FAIL_EMERGENCY;
	if (action != CFS_FAIL_REBOOT_IF_COUNTING)
		return action;
	/* systemd-boot counts down before it starts an entry: only a restart
	 * gives it the chance to choose the one before. */
	return faccessat(root_fd, COUNTING, F_OK, 0) == 0 ? CFS_FAIL_REBOOT
							  : CFS_FAIL_EMERGENCY;
}

void cfs_failure_act(enum cfs_fail_action action, unsigned delay)
{
	CFS_AUTOFD int console = -EBADF;

	if (action == CFS_FAIL_EMERGENCY)
		return;
	console = open("/dev/console", O_WRONLY | O_CLOEXEC | O_NOCTTY);
	for (; delay > 0; delay--) {
		if (console >= 0)
			dprintf(console, "\r%u seconds left ", delay);
		(void)sleep(1);
	}
	sync();
	(void)reboot(action == CFS_FAIL_POWEROFF ? RB_POWER_OFF : RB_AUTOBOOT);
}
