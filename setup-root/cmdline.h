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

#include "setup-root/config.h"

#define CFS_CMDLINE_MAX 65536 /* bytes we are ready to read */

/*
 * Looks up the last argument @name of @cmdline (split as the kernel does:
 * blanks separate outside double quotes, quotes around the argument or its
 * value go away).  *@ret, NUL-terminated, is its value, "" without "=".
 * Returns false when it is not there; one whose value does not fit is not.
 */
bool cfs_cmdline_get(const char *cmdline, const char *name, char *ret,
		     size_t size) CFS_MUST_CHECK CFS_NONNULL;

/* Puts what @cmdline says over @config and the level of @log.  A value that
 * is none of the choices is warned of and changes nothing. */
void cfs_cmdline_apply(const char *cmdline, struct cfs_config *config,
		       struct cfs_log *log) CFS_NONNULL;

#endif
