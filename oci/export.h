/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writing an image of a repository, and the artifacts about it, into a layout.
 *
 * The manifest that came in goes out again, byte for byte, if every layer can:
 * one that came uncompressed, or whose blob was kept.  Then all that is said of
 * the image by its digest still holds.  A compressed layer that was not kept
 * cannot be made again, as no two compressors agree: it goes out uncompressed,
 * in a manifest whose descriptors say so and that is otherwise the same.  The
 * configuration, and so the digests of layers and EROFS images, stay.  Of the
 * artifacts those that seal the image go with it, about the new manifest and
 * without an entry for the old one; all others are about something else now.
 */
#ifndef CFS_OCI_EXPORT_H
#define CFS_OCI_EXPORT_H

#include "oci/image.h"
#include "oci/layout.h"

/* An artifact that is not exported, and why. */
struct cfs_oci_left {
	struct cfs_oci_id id;
	char why[160];
};

struct cfs_oci_exported {
	/* The manifest, and then the artifacts, as they are listed: without
	 * tags. */
	struct cfs_oci_descriptors written;
	bool is_same;	  /* the manifest is the one of the repository */
	size_t n_unkept;  /* layers that go out uncompressed */
	size_t n_remade;  /* artifacts that had to be made anew */
	size_t n_dropped; /* entries for the manifest, left out of those */
	CFS_VEC(struct cfs_oci_left) left;
};

void cfs_oci_exported_free(struct cfs_oci_exported *exported);

#define CFS_AUTOEXPORTED __attribute__((cleanup(cfs_oci_exported_free)))

/*
 * Writes @image with all its blobs and artifacts to @layout, whose index is not
 * changed: cfs_layout_list().  An artifact that is damaged is left out.
 * *@ret is to be freed, also after an error.
 * Errors: -ENOENT, -EBADMSG of layers; those of cfs_layout_put().
 */
int cfs_oci_export(const struct cfs_repo *repo,
		   const struct cfs_oci_image *image, struct cfs_layout *layout,
		   struct cfs_oci_exported *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
