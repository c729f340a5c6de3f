/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_LAYER_DUMP_H
#define CFS_OCI_LAYER_DUMP_H

#include "base/buf.h"
#include "oci/layer_tree.h"

/*
 * Appends @entry of a layer as a line of a dumpfile: what the archive says, and
 * not what becomes of it.  Links of a file are not counted, whiteouts are
 * files, a sparse file has its size and no content.  @id: of an external entry,
 * else NULL.
 */
void cfs_oci_layer_dump(const struct cfs_tar_entry *entry,
			const struct cfs_digest *id, struct cfs_buf *out)
	__attribute__((nonnull(1, 3)));

#endif
