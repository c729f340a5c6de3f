/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/signature.h"

#include <unistd.h>

#include "fsverity/enable.h"
#include "fsverity/merkle.h"
#include "keys/sign.h"
#include "repo/object.h"
#include "repo/ref.h"
#include "repo/signature.h"

static int check_bytes(int fd, const struct cfs_digest *id, struct cfs_err *err)
{
	struct cfs_digest own;
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return cfs_fail_errno(err, "read the image");
	r = cfs_verity_digest_fd(id->alg, fd, &own, NULL, err);
	if (r == 0 && !cfs_digest_equal(&own, id)) {
		char hex[CFS_DIGEST_HEX_MAX];

		cfs_digest_to_hex(&own, hex);
		r = cfs_fail(err, EBADMSG,
			     "the image's bytes have the digest %s, which is "
			     "not its name: create it anew",
			     hex);
	}
	return r;
}

int cfs_signature_open(const struct cfs_repo *repo, const struct cfs_digest *id,
		       int *ret_fd, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int r = cfs_image_open(repo, id, false, &fd, err);

	if (r == CFS_CHECKED_MEASURED)
		r = check_bytes(fd, id, err);
	if (r < 0)
		return r;
	*ret_fd = cfs_steal_fd(&fd);
	return 0;
}

int cfs_signature_find(const struct cfs_repo *repo, const struct cfs_digest *id,
		       int fd, struct cfs_buf *ret, struct cfs_err *err)
{
	int r = cfs_signature_read(repo, id, ret, err);

	if (r != 0)
		return r;
	if (!cfs_buf_reserve(ret, CFS_SIGNATURE_MAX))
		return cfs_buf_check(ret, err);
	r = cfs_verity_read_signature(fd, ret->data, err);
	/* -ENOTTY: this kernel or file system cannot tell. */
	if (r == -ENOTTY)
		return 0;
	if (r > 0)
		ret->len = (size_t)r;
	return r;
}

int cfs_signers_list(struct cfs_bytes der, const struct cfs_certs *certs,
		     struct cfs_signers *ret, struct cfs_err *err)
{
	struct cfs_pkcs7 p7;
	int r = cfs_pkcs7_parse(der, &p7, err);

	if (r < 0)
		return r;
	ret->n = p7.n;
	for (unsigned i = 0; r == 0 && i < p7.n; i++) {
		ret->cert[i] = -1;
		for (unsigned c = 0; ret->cert[i] < 0 && c < certs->n; c++)
			if (cfs_signer_is(&p7.v[i], &certs->v[c]))
				ret->cert[i] = (int)c;
		r = cfs_signer_describe(&p7.v[i], &ret->v[i], err);
	}
	return r;
}

int cfs_signers_refuse(const struct cfs_signers *signers, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	for (unsigned i = 0; i < signers->n; i++)
		cfs_buf_addf(&text, "%s%s, serial %s", i ? "; " : "",
			     signers->v[i].issuer, signers->v[i].serial);
	if (!cfs_buf_text(&text))
		return cfs_no_memory(err);
	return cfs_fail(err, ENOKEY,
			"not signed by any of the given certificates, but by "
			"that of %s",
			(char *)text.data);
}

int cfs_signers_attach(struct cfs_bytes more, const struct cfs_digest *digest,
		       const struct cfs_certs *certs, struct cfs_bytes old,
		       struct cfs_buf *ret, struct cfs_err *err)
{
	int r = cfs_signature_attach(more, digest, certs, old, ret, err);
	struct cfs_signers signers;
	struct cfs_err ignored;

	if (r == -ENOKEY &&
	    cfs_signers_list(more, certs, &signers, &ignored) == 0)
		r = cfs_signers_refuse(&signers, err);
	return r;
}
