/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/namespace.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>

#include "base/io.h"

bool cfs_fuse_has_root(void)
{
	CFS_AUTOBUF struct cfs_buf map = { 0 };
	struct cfs_err ignored = { 0 };
	unsigned long inside, outside, n;

	if (cfs_read_file(AT_FDCWD, "/proc/self/uid_map", 4096, &map,
			  &ignored) <= 0)
		return false;
	cfs_buf_addc(&map, '\0');
	return cfs_buf_check(&map, &ignored) == 0 &&
	       sscanf((const char *)map.data, "%lu %lu %lu", &inside, &outside,
		      &n) == 3 &&
	       inside == 0 && outside == 0 && n == UINT32_MAX;
}
