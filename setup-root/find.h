/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The reading half of the program: from the command line to an open image
 * that is vouched for.  Nothing is mounted here.  After an error @boot->step is
 * the step that failed.
 */
#ifndef CFS_SETUP_ROOT_FIND_H
#define CFS_SETUP_ROOT_FIND_H

#include "setup-root/boot.h"

/*
 * Reads the configuration and then the command line, of which the arguments
 * that change the configuration are applied at once: [failure] action holds
 * for whatever is wrong with the others, or with the files.
 */
int cfs_boot_read_config(struct cfs_boot *boot,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Parses the images that the command line names into @boot->candidates.
 * Returns 1, or 0 when it names none.
 */
int cfs_boot_read_kargs(struct cfs_boot *boot,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Words the failure that no image is named, with the first argument that was
 * perhaps meant to be one.  Returns -ENOENT.
 */
int cfs_boot_no_image(struct cfs_boot *boot, struct cfs_err *err) CFS_NONNULL;

/*
 * Is the physical root one that only an image boots: with a repository, and
 * without the os-release of an operating system?
 */
bool cfs_boot_needs_image(const struct cfs_boot *boot) CFS_NONNULL;

/*
 * Opens the physical root.  Returns 1, or 0 when a composefs is mounted there
 * already.
 */
int cfs_boot_open_sysroot(struct cfs_boot *boot,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Loads the certificates, opens the repository and chooses the image. */
int cfs_boot_find_image(struct cfs_boot *boot,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
