/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/acl.h"

#include "base/disk.h"
#include "base/io.h"
#include "mount/erofs.h"

/*
 * The header of a composefs image, in its first bytes.
 * Source: composefs libcomposefs/lcfs-erofs.h, struct lcfs_erofs_header_s.
 */
struct header {
	cfs_le32 magic;
	cfs_le32 version;
	cfs_le32 flags;
	cfs_le32 composefs_version;
	cfs_le32 unused[4];
};
_Static_assert(sizeof(struct header) == 32, "composefs header layout");

#define HEADER_MAGIC 0xd078629aU
#define FLAG_HAS_ACL 1U

int cfs_erofs_acl_flag(int image_fd, const char *name, struct cfs_err *err)
{
	struct header header = { 0 };
	ssize_t n = cfs_pread_full(image_fd, &header, sizeof(header), 0);

	if (n < 0)
		return cfs_fail_code(err, (int)n,
				     "image %s: read its first bytes", name);
	/* Images of format 2 never have the flag, even if they have ACLs. */
	return cfs_get32(header.magic) == HEADER_MAGIC &&
			       cfs_get32(header.composefs_version) < 2 &&
			       !(cfs_get32(header.flags) & FLAG_HAS_ACL)
		       ? CFS_EROFS_NOACL
		       : 0;
}
