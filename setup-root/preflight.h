/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Will the new root get as far as init?  Asked while a message can still be
 * read: one page each of os-release, of init and of its loader is read through
 * the assembled root, by which the kernel checks their objects.
 */
#ifndef CFS_SETUP_ROOT_PREFLIGHT_H
#define CFS_SETUP_ROOT_PREFLIGHT_H

#include "setup-root/config.h"

/*
 * Probes the root mounted as @root_fd.
 * @init: of the kernel command line, or NULL for /sbin/init.
 * Links are followed inside the root only.
 *
 * Errors: -EIO an object is refused or damaged, -ENOENT something is missing,
 * -ENOEXEC init is no program, ...; worded with the file and the likely cause.
 */
int cfs_preflight(int root_fd, const char *init,
		  const struct cfs_config *config,
		  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 4)));

#endif
