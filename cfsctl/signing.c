/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/signing.h"

#include <stdio.h>
#include <string.h>

#include "cfsctl/cli/line.h"
#include "fsverity/enable.h"
#include "fsverity/merkle.h"
#include "repo/object.h"
#include "repo/ref.h"
#include "repo/signature.h"

/* The name behind "REPO/images/" or "images/". */
static const char *strip(const struct cfs_globals *g, const char *name)
{
	size_t len = strlen(g->repo);

	if (strncmp(name, g->repo, len) == 0 && name[len] == '/')
		name += len + 1;
	if (strncmp(name, "images/", strlen("images/")) == 0)
		name += strlen("images/");
	return name;
}

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

int cmd_open_signed(const struct cfs_globals *g, const struct cfs_repo *repo,
		    const char *name, struct cfs_digest *ret, int *ret_fd,
		    struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id;
	int r = cmd_find_image(repo, strip(g, name), &id, err);

	if (r >= 0)
		r = cfs_image_open(repo, &id, false, &fd, err);
	if (r == CFS_CHECKED_MEASURED)
		r = check_bytes(fd, &id, err);
	if (r < 0)
		return r;
	*ret = id;
	*ret_fd = cfs_steal_fd(&fd);
	return 0;
}

int cmd_read_certs(const struct cfs_opt_list *files, struct cfs_certs *ret,
		   struct cfs_err *err)
{
	for (unsigned i = 0; i < files->n; i++) {
		int r = cfs_certs_add_file(ret, files->v[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

int cmd_read_signature(const struct cfs_repo *repo, const struct cfs_digest *id,
		       int fd, struct cfs_buf *ret, struct cfs_err *err)
{
	int r = cfs_signature_read(repo, id, ret, err);

	if (r != 0)
		return r;
	if (!cfs_buf_reserve(ret, CFS_SIGNATURE_MAX))
		return cfs_buf_check(ret, err);
	r = cfs_verity_read_signature(fd, ret->data, err);
	if (r == -ENOTTY)
		return 0;
	if (r > 0)
		ret->len = (size_t)r;
	return r;
}

int cmd_signers(struct cfs_bytes der, const struct cfs_certs *certs,
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

int cmd_name_signers(const struct cfs_signers *signers, struct cfs_err *err)
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

void cmd_print_signer(const char *what, const struct cfs_cert_info *info)
{
	cmd_line(stdout, "%s: %s, sha256 %s", what, info->subject,
		 info->fingerprint);
}

void cmd_note_expiry(const struct cfs_cert *cert,
		     const struct cfs_cert_info *info)
{
	if (info->expired)
		cmd_line(stderr,
			 "note: the certificate of %s expired on %s, which "
			 "neither the kernel nor this minds",
			 cert->file, info->not_after);
}
