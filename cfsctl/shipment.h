/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The images that a disk is written with. */
#ifndef CFS_CFSCTL_SHIPMENT_H
#define CFS_CFSCTL_SHIPMENT_H

#include "base/json_write.h"
#include "boot/kargs.h"
#include "cfsctl/cfsctl.h"
#include "fsverity/digest_set.h"
#include "ops/image_names.h"

struct cfs_shipped {
	struct cfs_karg karg; /* that boots it */
	bool state;	      /* the disk has its state */
};

/* Zero-initialise it. */
struct cfs_shipment {
	struct cfs_shipped
		*v; /* owned, in the order in which they were added */
	size_t n, room;
	struct cfs_digest_set images;  /* all of them ... */
	struct cfs_digest_set objects; /* ... and the objects they need */
	struct cfs_image_names names;  /* of the repository */
};

#define CFS_AUTOSHIPMENT __attribute__((cleanup(cmd_shipment_free)))
void cmd_shipment_free(struct cfs_shipment *s);

/*
 * Adds the image @id, which the user called @name, once.
 * Errors: as of cmd_image_map() and cfs_require_whole().
 */
int cmd_shipment_add(const struct cfs_globals *g, const struct cfs_repo *repo,
		     const struct cfs_digest *id, const char *name,
		     struct cfs_shipment *s,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Adds all images, in the order of their digests. */
int cmd_shipment_add_all(const struct cfs_globals *g,
			 const struct cfs_repo *repo, struct cfs_shipment *s,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The image @id, or NULL. */
struct cfs_shipped *cmd_shipment_find(struct cfs_shipment *s,
				      const struct cfs_digest *id) CFS_NONNULL;

/* Prints, for each image that has state (or for all when none has), how it is
 * booted from the disk that @root, "root=...", finds. */
void cmd_shipment_print(const struct cfs_shipment *s,
			const char *root) CFS_NONNULL;

/* Writes the member "images". */
void cmd_shipment_json(const struct cfs_shipment *s,
		       struct cfs_json_writer *w) CFS_NONNULL;

#endif
