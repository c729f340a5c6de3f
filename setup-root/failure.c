/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/failure.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/vfs.h>

#include "base/io.h"
#include "base/text.h"
#include "setup-root/offer.h"

#define KEYS                                                            \
	"boot another entry, or build the initramfs with the signer's " \
	"certificate in its keys.d"

/* Source: systemd-boot(7), LoaderBootCountPath: set while boots are counted. */
#define COUNTING                    \
	"sys/firmware/efi/efivars/" \
	"LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"

static const char *const stages[] = {
	[CFS_EXIT_OTHER] = "setup",	   [CFS_EXIT_USAGE] = "usage",
	[CFS_EXIT_NO_KARG] = "cmdline",	   [CFS_EXIT_BAD_KARG] = "cmdline",
	[CFS_EXIT_ABSENT] = "select",	   [CFS_EXIT_VERITY] = "verify",
	[CFS_EXIT_REPO] = "repository",	   [CFS_EXIT_MOUNT] = "mount",
	[CFS_EXIT_STATE] = "state",	   [CFS_EXIT_PREFLIGHT] = "preflight",
	[CFS_EXIT_CERTS] = "certificates",
};

/*
 * The way out by step and errno, for faults whose finder names none.  A pair
 * that is not listed gets no advice: none is better than a wrong one.
 */
static const struct {
	enum cfs_exit step;
	int code;
	const char *cure;
} cures[] = {
	{ CFS_EXIT_NO_KARG, ENOENT,
	  "boot another entry, or add composefs.digest= with one of the disk" },
	{ CFS_EXIT_BAD_KARG, EINVAL,
	  "boot another entry, or correct the argument" },
	{ CFS_EXIT_BAD_KARG, EOPNOTSUPP,
	  "boot another entry, or build the initramfs with a newer composefs" },
	{ CFS_EXIT_BAD_KARG, EPERM, "boot an entry without the \"?\"" },
	{ CFS_EXIT_ABSENT, ENOENT,
	  "boot another entry, or correct the digest or root=" },
	{ CFS_EXIT_VERITY, EIO, CFS_CURE_FSCK },
	{ CFS_EXIT_STATE, ENOSPC, CFS_CURE_SPACE },
	{ CFS_EXIT_STATE, EDQUOT, CFS_CURE_SPACE },
	{ CFS_EXIT_PREFLIGHT, EIO, CFS_CURE_FSCK },
	{ CFS_EXIT_CERTS, ENOENT, KEYS },
	{ CFS_EXIT_CERTS, ENOKEY, KEYS },
	{ CFS_EXIT_VERITY, ENOKEY, KEYS },
};

struct report {
	struct cfs_boot *boot;
	const struct cfs_err *err;
	struct cfs_buf *text;
};

static const char *find_cure(const struct report *r)
{
	const struct cfs_err *err = r->err;

	if (err->cure)
		return err->cure;
	/* Two digests that differ: the file is not what its name says. */
	if (err->expected[0])
		return CFS_CURE_FSCK;
	for (size_t i = 0; i < CFS_ARRAY_SIZE(cures); i++)
		if (cures[i].step == r->boot->step &&
		    cures[i].code == err->code)
			return cures[i].cure;
	return NULL;
}

int cfs_failure_watch(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	/* What the kernel said before is not about this root. */
	if (fd >= 0)
		(void)lseek(fd, 0, SEEK_END);
	return fd < 0 ? -errno : fd;
}

/* One line of the report: on the screen, and in the file. */
static void say(const struct report *r, const char *label, const char *text)
{
	char line[1280];

	if (!text || !text[0])
		return;
	snprintf(line, sizeof(line), "%s%s", label, text);
	cfs_log(&r->boot->log, LOG_ERR, "%s", cfs_text_clean(line));
	cfs_buf_addf(r->text, "%s%s\n", r->text->len ? "" : CFS_LOG_NAME ": ",
		     line);
}

static void say_next(const struct report *r, enum cfs_fail_action action)
{
	char text[64];

	if (action == CFS_FAIL_EMERGENCY) {
		say(r, "  next:     ",
		    "emergency shell (composefs.onfail=reboot on the kernel "
		    "command line restarts instead)");
		return;
	}
	snprintf(text, sizeof(text), "%s in %u seconds",
		 action == CFS_FAIL_POWEROFF ? "power off" : "restart",
		 r->boot->config.failure.delay);
	say(r, "  next:     ", text);
}

/* Would another digest on the command line help? */
static bool is_wrong_name(const struct report *r)
{
	enum cfs_exit step = r->boot->step;

	return !r->boot->options.print_kargs &&
	       (step == CFS_EXIT_NO_KARG || step == CFS_EXIT_ABSENT ||
		(step == CFS_EXIT_BAD_KARG && r->err->code == EINVAL));
}

static void say_images(const struct report *r, const char *image)
{
	CFS_AUTOFD int root = open(r->boot->options.sysroot,
				   O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cfs_offer offer;
	char text[64];

	if (root < 0)
		return;
	cfs_offer_find(root, image[0] ? image : r->err->found, &offer);
	for (unsigned i = 0; i < offer.n; i++)
		say(r, i ? "            " : "  on disk:  ", offer.hex[i]);
	snprintf(text, sizeof(text), offer.n ? "and %u more" : "no image",
		 offer.total - offer.n);
	if (offer.n == 0 || offer.total > offer.n)
		say(r, offer.n ? "            " : "  on disk:  ", text);
}

/* Source: Documentation/ABI/testing/dev-kmsg: "prio,seq,time,flags;text\n",
 * one record a read. */
static void repeat_kernel(const struct report *r)
{
	char record[1024], last[2][256] = { "", "" };
	ssize_t n;

	/* EPIPE: records were overwritten before they were read; the next read
	 * goes on behind them. */
	while (r->boot->watch_fd >= 0 &&
	       ((n = read(r->boot->watch_fd, record, sizeof(record) - 1)) > 0 ||
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
		say(r, "  kernel:   ", last[i]);
}

void cfs_failure_report(struct cfs_boot *b, const struct cfs_err *err,
			enum cfs_fail_action action, struct cfs_buf *text)
{
	const struct report report = { b, err, text }, *r = &report;
	/* Empty if the command line names none. */
	const char *image = cfs_boot_chosen(b)->hex;
	char number[12];
	const struct cfs_log_field fields[] = {
		{ "COMPOSEFS_STAGE", stages[b->step] },
		{ "COMPOSEFS_EXIT", number },
		{ "COMPOSEFS_DIGEST", image },
		{ "COMPOSEFS_EXPECTED", err->expected },
		{ "COMPOSEFS_ACTUAL", err->expected[0] ? err->found : NULL },
		{ "COMPOSEFS_PATH", err->path },
	};

	snprintf(number, sizeof(number), "%d", b->step);
	say(r, "cannot mount the root: ", err->msg);
	/* Two digests below each other can be compared by eye. */
	say(r, "  expected: ", err->expected);
	if (err->expected[0])
		say(r, "  found:    ", err->found);
	else if (b->step != CFS_EXIT_STATE) /* whose path has the digest */
		say(r, "  image:    ", image);
	if (is_wrong_name(r))
		say_images(r, image);
	repeat_kernel(r);
	say(r, "  cure:     ", find_cure(r));
	if (cfs_boot_is_trial(b))
		return;
	say_next(r, action);
	(void)cfs_log_journal(&b->log, LOG_ERR, CFS_MSG_FAILED, err->msg,
			      fields, CFS_ARRAY_SIZE(fields));
}

bool cfs_failure_in_initramfs(int root_fd)
{
	struct statfs st;

	/* Not every initramfs has the file of systemd, but the root of each is
	 * in memory. */
	return faccessat(root_fd, "etc/initrd-release", F_OK, 0) == 0 ||
	       (fstatfs(root_fd, &st) == 0 &&
		((uint32_t)st.f_type == RAMFS_MAGIC ||
		 st.f_type == TMPFS_MAGIC));
}

enum cfs_fail_action cfs_failure_decide(enum cfs_fail_action action,
					int root_fd)
{
	/* A running system, where soft reboots and --check can fail, is not
	 * restarted by this program. */
	if (!cfs_failure_in_initramfs(root_fd))
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
