/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/image_version.h"

#include <string.h>

#include "base/io.h"
#include "erofs/format.h"
#include "repo/meta_formats.h"

int cfs_image_version(int fd, unsigned *ret, struct cfs_err *err)
{
	struct {
		struct cfs_erofs_header head;
		uint8_t gap[CFS_EROFS_SUPER_START -
			    sizeof(struct cfs_erofs_header)];
		struct cfs_erofs_super super;
	} image;
	ssize_t n = cfs_pread_full(fd, &image, sizeof(image), 0);

	if (n < 0)
		return cfs_fail(err, (int)-n, "read: %s", strerror((int)-n));
	if (n != sizeof(image) ||
	    cfs_get32(image.head.magic) != CFS_EROFS_HEADER_MAGIC ||
	    cfs_get32(image.super.magic) != CFS_EROFS_MAGIC)
		return cfs_fail(err, EINVAL, "not a composefs image");
	if (cfs_get32(image.head.version) != CFS_EROFS_HEADER_VERSION ||
	    cfs_get32(image.head.composefs_version) > CFS_META_FORMAT_MAX)
		return cfs_fail(err, EINVAL,
				"composefs image in a newer format; upgrade "
				"cfsctl");
	*ret = cfs_get32(image.head.composefs_version);
	return 0;
}
