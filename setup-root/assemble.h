/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The mounting half of the program: from an open image to the root in its
 * place.  Decides what is tried again in another way; root.h, state.h and
 * preflight.h do it.  After an error @boot->step is the step that failed.
 */
#ifndef CFS_SETUP_ROOT_ASSEMBLE_H
#define CFS_SETUP_ROOT_ASSEMBLE_H

#include "setup-root/boot.h"

/*
 * Puts @boot->root together, attached nowhere.
 *
 * Tried again, once each: without verity, an insecure image whose objects are
 * refused; through a loop device, one over which the kernel cannot stack
 * overlays; after loading modules, when the kernel lacks a file system.
 */
int cfs_assemble(struct cfs_boot *boot,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Attaches the root where the options say: in the place of the physical root,
 * or over a directory that nothing is mounted on. */
int cfs_assemble_attach(struct cfs_boot *boot,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
