/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The images that a disk is written with. */
#ifndef CFS_OPS_SHIPMENT_H
#define CFS_OPS_SHIPMENT_H

#include "base/vec.h"
#include "boot/kargs.h"
#include "fsverity/digest_set.h"
#include "ops/access.h"
#include "ops/image_names.h"

struct cfs_shipped {
	struct cfs_karg karg; /* that boots it */
	bool state;	      /* the disk has its state */
};

/* Zero-initialise it. */
struct cfs_shipment {
	CFS_VEC(struct cfs_shipped);   /* in the order of additions */
	struct cfs_digest_set images;  /* all of them ... */
	struct cfs_digest_set objects; /* ... and the objects they need */
	struct cfs_image_names names;  /* of the repository */
};

#define CFS_AUTOSHIPMENT __attribute__((cleanup(cfs_shipment_free)))
void cfs_shipment_free(struct cfs_shipment *s);

/*
 * Adds the image @id, which the user called @name, once.
 * Errors: as of cfs_image_map() and cfs_require_whole().
 */
int cfs_shipment_add(const struct cfs_access *access,
		     const struct cfs_repo *repo, const struct cfs_digest *id,
		     const char *name, struct cfs_shipment *s,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Adds all images, in the order of their digests. */
int cfs_shipment_add_all(const struct cfs_access *access,
			 const struct cfs_repo *repo, struct cfs_shipment *s,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The image @id, or NULL. */
struct cfs_shipped *cfs_shipment_find(struct cfs_shipment *s,
				      const struct cfs_digest *id) CFS_NONNULL;

/* What to call the image @id: one of its names, else its digest, which is put
 * into @hex.  The result is not fit to be printed. */
const char *cfs_shipment_name(const struct cfs_shipment *s,
			      const struct cfs_digest *id,
			      char hex[static CFS_DIGEST_HEX_MAX]) CFS_NONNULL;

#endif
