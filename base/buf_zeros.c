/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Padding, which only writers need: kept apart from buf.c, which
 * composefs-setup-root is linked from. */
#include <string.h>

#include "base/buf.h"

void cfs_buf_addz(struct cfs_buf *buf, size_t len)
{
	if (len == 0 || !cfs_buf_reserve(buf, len))
		return;
	memset(buf->data + buf->len, 0, len);
	buf->len += len;
}
