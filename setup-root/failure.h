/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Failure reporting: what the user sees when the root cannot be mounted, and
 * what the machine does next.
 */
#ifndef CFS_SETUP_ROOT_FAILURE_H
#define CFS_SETUP_ROOT_FAILURE_H

#include "setup-root/boot.h"

/*
 * Opens the kernel's log at its end: what comes later is ours.  Returns a
 * descriptor, or negative errno.
 */
int cfs_failure_watch(void);

/* Ways out that several rooms of the program name. */
#define CFS_CURE_FSCK \
	"boot another entry, then run `cfsctl fsck` on the repository"
#define CFS_CURE_IMAGE                                              \
	"boot another entry, and build the image from a whole root" \
	" file system (cfsctl create-image --bootable)"
#define CFS_CURE_INIT "correct init= of the boot entry, or leave it out"
#define CFS_CURE_SPACE \
	"free space on the physical root, whose file system is full"

/*
 * Reports the failure @err of the step at which @boot is: what went wrong,
 * the digests or the image it was about, images that could be booted instead,
 * the kernel's last two lines about overlayfs, erofs or fs-verity (nobody else
 * says which object is wrong and how), the way out as far as the error itself
 * tells it, and that @action follows, unless this is a trial.
 *
 * @text: gets the report too, a line each.
 *
 * Sends the journal record, whose fields are data of the error, not read from
 * its words; a trial is no event of the system and sends none.
 */
void cfs_failure_report(struct cfs_boot *boot, const struct cfs_err *err,
			enum cfs_fail_action action,
			struct cfs_buf *text) CFS_NONNULL;

/* Is the system whose / is @root_fd an initramfs? */
bool cfs_failure_in_initramfs(int root_fd);

/*
 * What to do by @action on the system whose / is @root_fd: a restart that is
 * wanted only while systemd-boot counts attempts becomes one, or the emergency
 * shell; outside an initramfs nothing is ever restarted.
 */
enum cfs_fail_action cfs_failure_decide(enum cfs_fail_action action,
					int root_fd);

/* Counts @delay seconds down on the console and restarts or powers off.
 * Returns at once for CFS_FAIL_EMERGENCY, or when the kernel refuses. */
void cfs_failure_act(enum cfs_fail_action action, unsigned delay);

#endif
