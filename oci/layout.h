/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writing an OCI layout: a directory of blobs by their digests, and an index of
 * what is in it.  A blob has its name once it is whole and is what the name
 * says; the index is replaced at once, and last.
 *
 * Source: OCI image specification, image-layout.md.
 */
#ifndef CFS_OCI_LAYOUT_H
#define CFS_OCI_LAYOUT_H

#include "base/sink.h"
#include "oci/manifest.h"

struct cfs_layout {
	int fd; /* owned */
};

#define CFS_LAYOUT_INIT      \
	{                    \
		.fd = -EBADF \
	}

void cfs_layout_close(struct cfs_layout *layout);

#define CFS_AUTOLAYOUT __attribute__((cleanup(cfs_layout_close)))

/*
 * Opens the layout @path, which is made if there is none.
 * Errors: -ENOTEMPTY it is a directory with other things in it, -EINVAL a
 * layout of another version, the system calls'.
 */
int cfs_layout_open(const char *path, struct cfs_layout *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the path of the blob @id below a layout, "blobs/ALGORITHM/HEX". */
#define CFS_LAYOUT_BLOB_PATH_MAX (sizeof("blobs/") + CFS_OCI_ID_MAX)
void cfs_layout_blob_path(const struct cfs_oci_id *id,
			  char ret[static CFS_LAYOUT_BLOB_PATH_MAX])
	CFS_NONNULL;

/*
 * Writes the blob @id, all of @source, unless it is there.
 * Sets *@ret_size to its size (may be NULL).
 * Errors: -EBADMSG it is not what @id says; those of @source; the system
 * calls'.
 */
int cfs_layout_put(struct cfs_layout *layout, const struct cfs_oci_id *id,
		   const struct cfs_source *source, uint64_t *ret_size,
		   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 3, 5)));

/* Writes the blob @bytes, whose digest is @id.  Errors: as above. */
int cfs_layout_put_bytes(struct cfs_layout *layout, const struct cfs_oci_id *id,
			 struct cfs_bytes bytes,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Adds descriptors to the index: members mediaType, digest and size, and the
 * artifact type and tag of those that have one.  Entries with the digests or
 * tags of the new ones give way to them, all others stay as they are.
 * Errors: those of cfs_oci_index_parse() for the index that is there; the
 * system calls'.
 */
int cfs_layout_list(struct cfs_layout *layout,
		    const struct cfs_oci_descriptor *v, size_t n,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Writes the layout as a tar archive, which depends on its contents alone.
 * Errors: -EIO, -ENOENT it is being changed; those of @to.
 */
int cfs_layout_archive(const struct cfs_layout *layout,
		       const struct cfs_sink *to,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
