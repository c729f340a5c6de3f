/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What else the kernel command line decides, besides the images that
 * boot/kargs.h reads from it.
 *
 *   systemd.volatile=   yes, overlay: the root is transient; state and those:
 *                       /var is left to systemd
 *   composefs.onfail=   as [failure] action
 *   composefs.debug     say more
 *
 * Source: systemd systemd-volatile-root.service(8).
 */
#ifndef CFS_SETUP_ROOT_CMDLINE_H
#define CFS_SETUP_ROOT_CMDLINE_H

#include "boot/kargs.h"
#include "setup-root/config.h"

/* Puts what @cmdline says over @config and the level of @log.  A value that
 * is none of the choices is warned of and changes nothing. */
void cfs_cmdline_apply(struct cfs_bytes cmdline, struct cfs_config *config,
		       struct cfs_log *log) CFS_NONNULL;

#endif
