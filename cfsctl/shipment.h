/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The images of a disk (ops/shipment.h), in words and as JSON. */
#ifndef CFS_CFSCTL_SHIPMENT_H
#define CFS_CFSCTL_SHIPMENT_H

#include "base/json_write.h"
#include "ops/shipment.h"

/* Prints, for each image that has state (or for all when none has), how it is
 * booted from the disk that @root, "root=...", finds. */
void cmd_shipment_print(const struct cfs_shipment *s,
			const char *root) CFS_NONNULL;

/* Writes the member "images". */
void cmd_shipment_json(const struct cfs_shipment *s,
		       struct cfs_json_writer *w) CFS_NONNULL;

#endif
