/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Size, date, format and signers of a named image. */
#ifndef CFS_OPS_IMAGE_DETAILS_H
#define CFS_OPS_IMAGE_DETAILS_H

#include <time.h>

#include "ops/access.h"
#include "ops/signature.h"

struct cfs_image_details {
	time_t named;		    /* when it got its name */
	unsigned version;	    /* of the format: 0, 1 or 2 */
	uint64_t image_size;	    /* bytes of the image itself */
	uint64_t objects;	    /* that its files need, each once */
	uint64_t missing;	    /* of those */
	uint64_t size;		    /* bytes of those that exist */
	struct cfs_signers signers; /* of the signature that is kept */
	struct cfs_err broken;	    /* worded if the image is unusable */
	struct cfs_err no_signers;  /* worded if its signature is */
};

/*
 * Fills in @ret for the image @id that is named @name.
 * A broken image or signature is no error: see broken and
 * no_signers; what depends on it is 0.
 * Errors: -ENOMEM.
 */
int cfs_image_details(const struct cfs_access *access,
		      const struct cfs_repo *repo, const char *name,
		      const struct cfs_digest *id,
		      struct cfs_image_details *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
