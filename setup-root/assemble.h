/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The mounting half of the program: from an open image to the root in its
 * place.  Decides what is tried again in another way; root.h, state.h and
 * preflight.h do it.
 */
#ifndef CFS_SETUP_ROOT_ASSEMBLE_H
#define CFS_SETUP_ROOT_ASSEMBLE_H

#include "setup-root/find.h"
#include "setup-root/marker.h"
#include "setup-root/root.h"

/*
 * Puts the root together, attached nowhere, and fills in what the marker says
 * of it.  @root: CFS_ROOT_INIT, closed by the caller after the attaching.
 * @backend: room for text that the marker borrows.
 * On error @boot->failed says which step it was.
 *
 * Tried again, once each: without verity, an insecure image whose objects are
 * refused; through a loop device, one over which the kernel cannot stack
 * overlays; after loading modules, when the kernel lacks a file system.
 */
int cfs_assemble(struct cfs_boot *boot, struct cfs_root *root,
		 char backend[static 64], struct cfs_marker *marker,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Attaches it where the options say: in the place of the physical root, or
 * over a directory that nothing is mounted on. */
int cfs_assemble_attach(struct cfs_boot *boot, struct cfs_root *root,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
