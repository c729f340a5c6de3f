/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/oci_erofs.h"

#include "repo/image.h"
#include "repo/image_store.h"
#include "repo/init.h"

int cfs_oci_linked_erofs(const struct cfs_repo *repo,
			 const struct cfs_oci_image *image,
			 enum cfs_seal_role role, struct cfs_digest *ret,
			 struct cfs_err *err)
{
	const bool bootable = role == CFS_SEAL_BOOTABLE;

	/* An image in the other format will do, or of the other xattrs. */
	for (unsigned i = 0; i < 4; i++) {
		const struct cfs_oci_erofs erofs = {
			.bootable = bootable,
			.v1 = (repo->meta.erofs_default < 2) != (i & 1),
			.filter = i & 2 ? CFS_XATTRS_KEEP_USER
					: CFS_XATTRS_ALLOWLIST,
		};

		if (cfs_oci_image_erofs(image, &erofs, ret))
			return 0;
	}
	if (!image->is_container)
		return cfs_fail(err, ENOENT,
				"%s is an artifact and no container image: it "
				"has no files",
				image->id.text);
	if (bootable)
		return cfs_fail(err, ENOENT,
				"No boot EROFS image linked — try pulling "
				"with --bootable");
	return cfs_fail(err, ENOENT,
			"No composefs EROFS image linked — try re-pulling the "
			"image");
}

/* Files that are not verified may be other ones than were signed. */
static int require_secure(const struct cfs_access *access,
			  const struct cfs_repo *repo, struct cfs_err *err)
{
	int r = access->flags & CFS_ACCESS_INSECURE
			? 1
			: cfs_repo_is_secure(repo, err);

	if (r != 0)
		return r < 0 ? r : 0;
	return cfs_fail(err, EPERM,
			"signatures are demanded of the image, and its files "
			"are not under fs-verity: `cfsctl enable-verity` "
			"protects the repository, and --insecure does without");
}

int cfs_oci_signed_erofs(const struct cfs_access *access,
			 const struct cfs_repo *repo,
			 const struct cfs_proof *proof, struct cfs_digest *ret,
			 struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	CFS_AUTOFD int fd = -EBADF;
	int r = require_secure(access, repo, err);

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
	return 0;
}

int cfs_oci_used_erofs(const struct cfs_access *access,
		       const struct cfs_trust_subject *subject,
		       const struct cfs_proof *proof, struct cfs_digest *ret,
		       struct cfs_err *err)
{
	if (proof->n > 0)
		return cfs_oci_signed_erofs(access, subject->repo, proof, ret,
					    err);
	return cfs_oci_linked_erofs(subject->repo, subject->image,
				    subject->role, ret, err);
}

int cfs_oci_erofs_compute(const struct cfs_repo *repo,
			  const struct cfs_oci_image *image,
			  const struct cfs_oci_tree_options *options,
			  struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int r = cfs_oci_image_tree(repo, image, options, &tree, err);

	return r < 0 ? r
		     : cfs_image_compute(tree, repo->meta.erofs_default,
					 repo->meta.alg, ret, NULL, err);
}
