/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is told to the person before the screen, and what happens to the
 * machine, when the root cannot be mounted.
 */
#ifndef CFS_SETUP_ROOT_FAILURE_H
#define CFS_SETUP_ROOT_FAILURE_H

#include "base/err.h"
#include "setup-root/config.h"
#include "setup-root/log.h"

/* Exit status; composefs-setup-root(8) has the list. */
enum cfs_exit {
	CFS_EXIT_OK = 0,
	CFS_EXIT_OTHER = 1,
	CFS_EXIT_USAGE = 2,
	CFS_EXIT_NO_KARG = 3,
	CFS_EXIT_BAD_KARG = 4,
	CFS_EXIT_ABSENT = 5,
	CFS_EXIT_VERITY = 6,
	CFS_EXIT_REPO = 7,
	CFS_EXIT_MOUNT = 8,
	CFS_EXIT_STATE = 9,
	CFS_EXIT_PREFLIGHT = 10,
	CFS_EXIT_CERTS = 11,
};

/* "verify", "mount", ...: the COMPOSEFS_STAGE of the journal record. */
const char *cfs_failure_stage(enum cfs_exit status);

/*
 * Opens the kernel's log at its end: what comes later is ours.  Returns a
 * descriptor, or negative errno.
 */
int cfs_failure_watch(void);

/*
 * Says in at most eight lines what went wrong, the likely cause and the way
 * out, and sends the journal record.  @digest (may be NULL): the image, hex.
 * @watch: of cfs_failure_watch(), or negative: its last two lines about
 * overlayfs, erofs or fs-verity are repeated, as nobody else says which object
 * is wrong and how.
 * @action is what will follow, as cfs_failure_decide() has it.
 */
void cfs_failure_report(struct cfs_log *log, enum cfs_exit status,
			const struct cfs_err *err, const char *digest,
			int watch, enum cfs_fail_action action, unsigned delay)
	__attribute__((nonnull(1, 3)));

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
