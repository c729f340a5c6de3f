/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OPS_WHOLE_H
#define CFS_OPS_WHOLE_H

#include "fsverity/digest.h"
#include "repo/open.h"

/*
 * Refuses the image @id, which the user called @name, unless it is whole: a
 * sane image, and the objects of all its files exist and have the right
 * size.  Their contents are not read, as with `fsck --metadata-only`.
 *
 * What boots, is signed or is shipped is checked by this first: a missing file
 * would be noticed only on the machine that boots it, when it is needed.
 *
 * Errors: -ENOENT objects are missing or of another size, with the first files
 * that need them; -EBADMSG the image is not sane.
 */
int cfs_require_whole(const struct cfs_repo *repo, const struct cfs_digest *id,
		      const char *name,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
