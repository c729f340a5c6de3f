/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which images can a machine boot, and which one is it running?  Asked before
 * images are removed: an image that is not found here is lost, while one that
 * is found for no good reason only costs space.  Hence everything counts that
 * could name an image, also arguments for newer programs, and what cannot be
 * read is reported and not skipped.
 */
#ifndef CFS_BOOT_ROOTS_H
#define CFS_BOOT_ROOTS_H

#include "base/bytes.h"
#include "base/err.h"
#include "fsverity/digest.h"

/* The largest command line of a unified kernel image that is read, in bytes. */
#define CFS_BOOT_CMDLINE_MAX 65536

/* Receives what is found.  @where is a path below the directory looked
 * through, borrowed for the call; its bytes are those of the disk. */
struct cfs_boot_visitor {
	/* @where names the image @id.  What it returns but 0 ends the
	 * search. */
	int (*found)(void *arg, const char *where, const struct cfs_digest *id,
		     struct cfs_err *err);
	/* @where may name images, but cannot be read or understood. */
	void (*broken)(void *arg, const char *where, const char *reason);
	void *arg;
	/* Set to the errno when something is broken because this machine could
	 * not read it (cfs_boot_is_unread()); may be NULL. */
	int *unread;
};

/* Is @code an error that says nothing about what was to be read? */
bool cfs_boot_is_unread(int code);

/* Reports the failure @why to read @where, unless that is -ENOMEM, which is
 * returned with @err set. */
int cfs_boot_broken(const struct cfs_boot_visitor *visitor, const char *where,
		    const struct cfs_err *why,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Visits the images that the kernel command line @cmdline, found in @where,
 * names.  Errors: those of the visitor, -ENOMEM. */
int cfs_boot_words(const struct cfs_boot_visitor *visitor, const char *where,
		   struct cfs_bytes cmdline,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Looks through the boot partition, or the copy of one, that is mounted at
 * @dirfd:
 *
 *   loader/entries/NAME.conf, loader/entries.staged/NAME.conf
 *	arguments in the options, and in the files that the keys linux, efi and
 *	uki name
 *   NAME.efi below EFI/ and loader/addons/
 *	arguments in every section .cmdline: of unified kernel images, with all
 *	of their profiles, and of addons
 *
 * Names that begin with a dot are left out, as boot loaders do.
 * A directory without any entry is reported as broken: a boot partition that
 * is not mounted looks like that.
 *
 * Errors: -ENOMEM and those of the visitor; whatever is wrong with the
 * directory is reported.
 */
int cfs_boot_roots(int dirfd, const struct cfs_boot_visitor *visitor,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Visits the images that one entry of the boot partition at @dirfd names: of
 * @where, the path of a loader entry (NAME.conf) or of a unified kernel image
 * (NAME.efi), whose addons count as well (cfs_boot_addons_path()).  The first
 * image is the one that is booted if it is there.
 * Errors: see cfs_boot_roots().
 */
int cfs_boot_entry(int dirfd, const char *where,
		   const struct cfs_boot_visitor *visitor,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Looks through state/deploy below @dirfd, the physical root of a system:
 * every deployment is named by its image.  It need not exist.
 * Errors: see cfs_boot_roots().
 */
int cfs_boot_deployments(int dirfd, const struct cfs_boot_visitor *visitor,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
