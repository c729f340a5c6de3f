/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/oci/signed_image.h"

#include "repo/image.h"
#include "repo/init.h"

/* Files that are not verified may be other ones than were signed. */
static int require_secure(const struct cfs_globals *g,
			  const struct cfs_repo *repo, struct cfs_err *err)
{
	int r = g->insecure ? 1 : cfs_repo_is_secure(repo, err);

	if (r != 0)
		return r < 0 ? r : 0;
	return cfs_fail(err, EPERM,
			"signatures are demanded of the image, and its files "
			"are not under fs-verity: `cfsctl enable-verity` "
			"protects the repository, and --insecure does without");
}

int cmd_oci_signed_image(const struct cfs_globals *g,
			 const struct cfs_repo *repo,
			 const struct cfs_proof *proof, struct cfs_digest *ret,
			 struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	CFS_AUTOFD int fd = -EBADF;
	int r = require_secure(g, repo, err);

	if (r == 0)
		r = cfs_repo_open_image(repo, &proof->digest, &fd, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&proof->digest, hex);
	if (r != CFS_IMAGE_PRESENT)
		return cfs_fail(err, ENOENT,
				"the image that was signed, %s, is not in the "
				"repository: `cfsctl oci seal` makes it",
				hex);
	*ret = proof->digest;
	cmd_trust_print(proof);
	return 0;
}
