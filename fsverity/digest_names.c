/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Names of objects and algorithms that only a repository's writers need; kept
 * apart from digest.c, which composefs-setup-root is linked from. */
#include "fsverity/digest.h"

void cfs_digest_to_path(const struct cfs_digest *digest,
			char path[static CFS_OBJECT_PATH_MAX])
{
	/* Written where all but its first two digits are to stand. */
	cfs_digest_to_hex(digest, path + 1);
	path[0] = path[1];
	path[1] = path[2];
	path[2] = '/';
}

const char *cfs_alg_id(enum cfs_alg alg)
{
	return alg == CFS_ALG_SHA512 ? "fsverity-sha512-12"
				     : "fsverity-sha256-12";
}
