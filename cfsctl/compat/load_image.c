/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/compat/load_image.h"

#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "erofs/reader.h"

int cmd_load_bytes(const char *path, struct cfs_buf *ret, struct cfs_err *err)
{
	CFS_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0)
		return cfs_fail_errno(err, "Failed to open '%s'", path);
	/* The size only saves growing step by step. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (uint64_t)st.st_size <= CFS_EROFS_IMAGE_MAX)
		(void)cfs_buf_reserve(ret, (size_t)st.st_size + 65536);
	r = cfs_read_all(fd, CFS_EROFS_IMAGE_MAX, ret);
	if (r == -EFBIG)
		return cfs_fail(err, EFBIG,
				"Failed to load '%s': it is longer than 1 GiB",
				path);
	if (r < 0)
		return cfs_fail(err, -r, "Failed to load '%s': %s", path,
				strerror(-r));
	return 0;
}

int cmd_load_image(const char *path, struct cfs_tree **ret,
		   unsigned *ret_version, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	int r = cmd_load_bytes(path, &image, err);

	if (r < 0)
		return r;
	r = cfs_erofs_read(cfs_buf_bytes(&image), CFS_EROFS_READ_INFO, ret,
			   ret_version, err);
	return r < 0 ? cfs_ctx(err, "Failed to load '%s'", path) : 0;
}
