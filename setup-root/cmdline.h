/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Arguments of the kernel command line other than those of the images that
 * boot/kargs.h reads from it.
 *
 *   systemd.volatile=   yes, overlay: root and /etc are transient; state and
 *                       those: /var is left to systemd.  Defaults: what the
 *                       configuration sets stays.
 *   composefs.onfail=   as [failure] action
 *   composefs.debug     say more
 *
 * Source: systemd systemd-volatile-root.service(8).
 */
#ifndef CFS_SETUP_ROOT_CMDLINE_H
#define CFS_SETUP_ROOT_CMDLINE_H

#include "boot/kargs.h"
#include "setup-root/config.h"

#define CFS_UNKNOWN_MAX 160

/*
 * Finds the next word of *@rest that was meant for this program and has no
 * effect: an argument "composefs.*" that it does not know, a name like one of
 * its own, or an image's argument without a value.  @text gets the name, what
 * is wrong with it and what was meant.
 * Returns false when there is no further one.
 */
bool cfs_cmdline_unknown(struct cfs_bytes *rest,
			 char text[static CFS_UNKNOWN_MAX]) CFS_NONNULL;

/*
 * Copies the value of the last word called @name to @ret, NUL-terminated.
 * Returns false if there is no such word, or its value has @size bytes or more:
 * it is no word that is known.
 */
bool cfs_cmdline_value(struct cfs_bytes cmdline, const char *name, char *ret,
		       size_t size) CFS_NONNULL;

/* Applies the arguments of @cmdline to @config and to the level of @log.
 * Unknown arguments and values are warned of and change nothing. */
void cfs_cmdline_apply(struct cfs_bytes cmdline, struct cfs_config *config,
		       struct cfs_log *log) CFS_NONNULL;

#endif
