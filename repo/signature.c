/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/signature.h"

#include <string.h>

#include "base/io.h"
#include "fsverity/signature.h"

void cfs_signature_path(const struct cfs_digest *id,
			char path[static CFS_SIGNATURE_PATH_MAX])
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
	snprintf(path, CFS_SIGNATURE_PATH_MAX, "signatures/%s.p7s", hex);
}

int cfs_signature_read(const struct cfs_repo *repo, const struct cfs_digest *id,
		       struct cfs_buf *ret, struct cfs_err *err)
{
	char path[CFS_SIGNATURE_PATH_MAX];

	cfs_signature_path(id, path);
	return cfs_read_file(repo->fd, path, CFS_SIGNATURE_MAX, ret, err);
}
