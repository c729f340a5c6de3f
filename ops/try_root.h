/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OPS_TRY_ROOT_H
#define CFS_OPS_TRY_ROOT_H

#include "base/buf.h"
#include "tree/node.h"

struct cfs_try_root {
	struct cfs_tree *tree; /* of the image */
	int objects;	       /* objects/ of the repository */
	const char *karg;      /* names the image, see boot/kargs.h */
	const char *sysroot;   /* the physical root */
};

/* Zero-initialise it. */
struct cfs_tried_root {
	int status;	       /* exit status of composefs-setup-root */
	struct cfs_buf marker; /* JSON, if status is 0; owned */
	struct cfs_buf said;   /* on its standard error; owned */
};

#define CFS_AUTOTRIED __attribute__((cleanup(cfs_tried_root_free)))
void cfs_tried_root_free(struct cfs_tried_root *checked);

/*
 * Runs composefs-setup-root --check, which puts the root together as at boot,
 * on this kernel, and attaches nothing.  It gets the configuration and the
 * certificates that are in the image, of which its initramfs is made; the image
 * may have no state directory yet.
 *
 * What it is given is in a directory of its own in $TMPDIR, or else /tmp, which
 * is removed.
 * Returns 0, whatever ret->status is.
 * Errors: -ENOENT there is no such program; -ENOMEM; -EFBIG, -EBADMSG a file of
 * the configuration; those of writing.
 */
int cfs_try_root(const struct cfs_try_root *check, struct cfs_tried_root *ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
