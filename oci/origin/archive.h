/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where the files of an OCI layout lie in a tar archive: an index, made by
 * reading headers and skipping contents.
 */
#ifndef CFS_OCI_ORIGIN_ARCHIVE_H
#define CFS_OCI_ORIGIN_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/own.h"

/* Files of a layout that are noted. */
#define CFS_ARCHIVE_MEMBERS_MAX (1u << 16)
/* Headers that are read, extension headers among them. */
#define CFS_ARCHIVE_HEADERS_MAX (1u << 20)
/* Bytes of a noted name with its NUL: "blobs/sha512/" and the digits. */
#define CFS_ARCHIVE_NAME_MAX 160

struct cfs_archive_member {
	char name[CFS_ARCHIVE_NAME_MAX];
	uint64_t at, size; /* of the content, bytes; inside the file */
	bool is_regular;   /* and not sparse: its content is that range */
};

struct cfs_archive;

/*
 * Indexes the archive @fd of @file_size bytes, which need not outlive the
 * index.  "oci-layout", "index.json" and everything below "blobs/" is noted; of
 * several entries with one name the last one counts, as if the archive had been
 * unpacked.
 *
 * Errors: -EINVAL (not an archive, compressed, malformed, cut short), -EFBIG
 * (limits above), those of cfs_tar_entry_make(); worded with the offset.
 */
int cfs_archive_read(int fd, uint64_t file_size, struct cfs_archive **ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_archive_free(struct cfs_archive *archive);
CFS_DEFINE_AUTO(struct cfs_archive, cfs_archive_free);

/* Borrowed from @archive; NULL: no such file. */
const struct cfs_archive_member *cfs_archive_find(
	const struct cfs_archive *archive, const char *name) CFS_NONNULL;

/* The members in the order of their names. */
size_t cfs_archive_members(const struct cfs_archive *archive,
			   const struct cfs_archive_member **ret) CFS_NONNULL;

#endif
