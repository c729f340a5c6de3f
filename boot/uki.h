/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Checks which images the command lines of an EFI program name.
 *
 * Source: UAPI.5, Unified Kernel Image, "UKI Components" and "Multi-Profile
 * UKIs": each section .profile begins a profile, whose sections take the place
 * of those before the first one.
 */
#ifndef CFS_BOOT_UKI_H
#define CFS_BOOT_UKI_H

#include "base/err.h"
#include "fsverity/digest.h"

enum cfs_uki_kind {
	CFS_UKI,       /* each way to start it needs a command line */
	CFS_UKI_ADDON, /* may have command lines that name no image */
	CFS_UKI_MAYBE, /* any file; without a command line it is passed over */
};

#define CFS_UKI_IMAGES_MAX 8

/* Digests of the image that is to be booted, in each of its formats. */
struct cfs_uki_images {
	size_t n; /* 1 to CFS_UKI_IMAGES_MAX */
	const struct cfs_digest *v;
};

/*
 * Makes sure that the EFI program @fd boots @images and nothing else: every
 * section .cmdline names at least one of them, and no other image.  A section
 * of CFS_UKI_ADDON may name none.
 *
 * Sets bit i of *@named for each image i that a command line names; the other
 * bits stay.
 * Errors: -EINVAL it is no EFI program, or has no command line; -EBADMSG a
 * command line lacks the image, names another one, or is not understood; those
 * of cfs_pe_open() and cfs_pe_read().
 */
int cfs_uki_check(int fd, enum cfs_uki_kind kind,
		  const struct cfs_uki_images *images, unsigned *named,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
