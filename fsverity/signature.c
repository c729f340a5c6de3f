/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/signature.h"

#include <string.h>

#include "base/kernel.h"

int cfs_verity_read_signature(int fd, uint8_t *ret, struct cfs_err *err)
{
	struct fsverity_read_metadata_arg arg = {
		.metadata_type = FS_VERITY_METADATA_TYPE_SIGNATURE,
		.length = CFS_SIGNATURE_MAX,
		.buf_ptr = (uintptr_t)ret,
	};
	int r = cfs_kernel_read_verity_metadata(fd, &arg);

	if (r == -ENOTTY || r == -EOPNOTSUPP)
		return -ENOTTY;
	if (r == -ENODATA) /* no signature, or no fs-verity at all */
		return 0;
	if (r < 0)
		return cfs_fail_code(err, r, "read fs-verity signature");
	return r;
}
