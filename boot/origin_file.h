/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_BOOT_ORIGIN_FILE_H
#define CFS_BOOT_ORIGIN_FILE_H

#include "base/buf.h"
#include "fsverity/digest.h"

/* Where a deployment comes from.  Strings are owned, and NULL where the file
 * says nothing. */
struct cfs_origin_file {
	char *image;	/* [origin] container-image-reference */
	char *manifest; /* [image] manifest_digest */
};

#define CFS_AUTOORIGINFILE __attribute__((cleanup(cfs_origin_file_free)))
void cfs_origin_file_free(struct cfs_origin_file *origin);

/*
 * Reads HEX/HEX.origin below @dirfd, the directory of deployments, for the
 * deployment of the image @id.  bootc writes it.
 * Returns 1, or 0 with an empty *@ret if there is none.
 * Errors: -EFBIG, -EINVAL not a regular file, -ENOMEM, those of
 * cfs_open_regular().
 * Source: ostree, ostree-deployment(5) (the key file); bootc,
 * crates/lib/src/composefs_consts.rs.
 */
int cfs_origin_file_read(int dirfd, const struct cfs_digest *id,
			 struct cfs_origin_file *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The members of an .origin file of bootc; strings of one line, borrowed. */
struct cfs_origin_text {
	const char *image;	 /* as in struct cfs_origin_file */
	const char *boot_type;	 /* "bls" or "uki" */
	const char *boot_digest; /* SHA-256 of kernel and initrd, in hex, or
				  * NULL */
	const char *manifest;	 /* as in struct cfs_origin_file, or NULL */
};

/* Appends the text of an origin file.
 * Source: bootc, crates/lib/src/bootc_composefs/state.rs. */
void cfs_origin_file_write(const struct cfs_origin_text *origin,
			   struct cfs_buf *ret) CFS_NONNULL;

#endif
