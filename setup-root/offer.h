/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The images that a disk has instead of the one that the boot entry names, for
 * the report of a failure.  Names only: nothing of it is opened or trusted.
 */
#ifndef CFS_SETUP_ROOT_OFFER_H
#define CFS_SETUP_ROOT_OFFER_H

#include "fsverity/digest.h"

#define CFS_OFFER_MAX  3    /* images that are offered */
#define CFS_OFFER_READ 4096 /* names that are looked at */

struct cfs_offer {
	unsigned n;	/* those in hex */
	unsigned total; /* all that were found */
	char hex[CFS_OFFER_MAX][CFS_DIGEST_HEX_MAX];
};

/*
 * Lists the digests among the names in composefs/images of the directory
 * @root_fd: those that differ least from the text @wanted (a digest, perhaps
 * mistyped or cut off) first; or, when @wanted is empty, the newest first.
 * What cannot be read has no images.
 */
void cfs_offer_find(int root_fd, const char *wanted,
		    struct cfs_offer *ret) CFS_NONNULL;

#endif
