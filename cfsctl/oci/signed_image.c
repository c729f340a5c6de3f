/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/oci/signed_image.h"

#include "ops/oci_erofs.h"

int cmd_oci_signed_image(const struct cfs_globals *g,
			 const struct cfs_repo *repo,
			 const struct cfs_proof *proof, struct cfs_digest *ret,
			 struct cfs_err *err)
{
	const struct cfs_access access = cmd_access(g);
	int r = cfs_oci_signed_erofs(&access, repo, proof, ret, err);

	if (r == 0)
		cmd_trust_print(proof);
	return r;
}
