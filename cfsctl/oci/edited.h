/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by the commands that change an image: oci seal and oci sign. */
#ifndef CFS_CFSCTL_OCI_EDITED_H
#define CFS_CFSCTL_OCI_EDITED_H

#include "oci/image.h"

/* An image that the operand @name of a command line means, and the texts that
 * replace its own. */
struct cmd_edit {
	const char *name;
	const struct cfs_oci_image *from;
	struct cfs_bytes manifest, config;
};

/*
 * Stores the image as it is after @edit; see cfs_seal_store_edited().  If the
 * name is a tag, it then leads to the new image.  Notes on stderr tell what
 * becomes of the image before and of the artifacts about it.
 * *@ret: the image; it is the same as before if no text changed.
 */
int cmd_oci_edit(struct cfs_store *store, const struct cmd_edit *edit,
		 struct cfs_oci_image *ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
