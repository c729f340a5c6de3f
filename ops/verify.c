/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/verify.h"

#include "keys/verify.h"

static int check_expiry(const struct cfs_cert *cert,
			const struct cfs_cert_info *info, struct cfs_err *err)
{
	if (!info->expired)
		return 0;
	return cfs_fail(err, EKEYEXPIRED, "the certificate of %s expired on %s",
			cert->file, info->not_after);
}

static int check_signature(struct cfs_bytes der, const struct cfs_digest *id,
			   const struct cfs_verify_params *params,
			   struct cfs_verify_result *ret, struct cfs_err *err)
{
	const struct cfs_certs *certs = params->certs;
	int r = cfs_signers_list(der, certs, &ret->signers, err);

	if (r < 0)
		return r;
	if (certs->n == 0)
		return cfs_fail(err, ENOKEY,
				"nothing was verified: name the certificates "
				"that you trust with --cert");
	r = cfs_signature_verify(der, id, certs, &ret->cert, err);
	if (r == -ENOKEY)
		return cfs_signers_refuse(&ret->signers, err);
	if (r == 0)
		r = cfs_cert_describe(&certs->v[ret->cert], &ret->info, err);
	if (r == 0 && params->check_expiry)
		r = check_expiry(&certs->v[ret->cert], &ret->info, err);
	return r;
}

int cfs_verify_image(const struct cfs_repo *repo, const struct cfs_digest *id,
		     const char *name, const struct cfs_verify_params *params,
		     struct cfs_verify_result *ret, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	CFS_AUTOFD int fd = -EBADF;
	int r = cfs_signature_open(repo, id, &fd, err);

	ret->is_image = r == 0;
	if (r == 0)
		r = cfs_signature_find(repo, id, fd, &der, err);
	if (r == 0)
		return cfs_fail(err, ENODATA,
				"image %s has no signature: `cfsctl sign` "
				"makes one",
				name);
	if (r > 0)
		r = check_signature(cfs_buf_bytes(&der), id, params, ret, err);
	return r < 0 ? cfs_ctx(err, "image %s", name) : 0;
}
