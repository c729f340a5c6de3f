/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/prefix.h"

#include <string.h>
#include <sys/stat.h>

#include "erofs/format.h"

static const char *const prefixes[CFS_EROFS_PREFIX_MAX + 1] = {
	[0] = "",
	[1] = "user.",
	[2] = "system.posix_acl_access",
	[3] = "system.posix_acl_default",
	[4] = "trusted.",
	[5] = "lustre.",
	[6] = "security.",
};

/* mkcomposefs does not use this prefix. */
#define LUSTRE 5

uint8_t cfs_erofs_prefix_of(const char *key,
			    const struct cfs_erofs_rules *rules,
			    uint8_t *ret_len)
{
	*ret_len = 0;
	/* No prefix is the beginning of another, so the first is the only
	 * one. */
	for (uint8_t i = 1; i <= CFS_EROFS_PREFIX_MAX; i++) {
		size_t len = strlen(prefixes[i]);

		if (strncmp(key, prefixes[i], len) != 0 ||
		    (i == LUSTRE && !rules->lustre_prefix))
			continue;
		*ret_len = (uint8_t)len;
		return i;
	}
	return 0;
}

const char *cfs_erofs_prefix_text(uint8_t index)
{
	return index <= CFS_EROFS_PREFIX_MAX ? prefixes[index] : NULL;
}

uint8_t cfs_erofs_file_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return CFS_EROFS_FT_REG;
	case S_IFDIR:
		return CFS_EROFS_FT_DIR;
	case S_IFCHR:
		return CFS_EROFS_FT_CHR;
	case S_IFBLK:
		return CFS_EROFS_FT_BLK;
	case S_IFIFO:
		return CFS_EROFS_FT_FIFO;
	case S_IFSOCK:
		return CFS_EROFS_FT_SOCK;
	default:
		return CFS_EROFS_FT_SYMLINK;
	}
}
