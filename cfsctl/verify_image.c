/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl verify-image: did one of these sign this image? */
#include <string.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/signing.h"
#include "fsverity/enable.h"
#include "keys/verify.h"
#include "repo/signature.h"

struct options {
	struct cfs_opt_list certs;
	bool check_expiry;
};

static const struct cfs_opt options[] = {
	{ .name = "cert",
	  .value = "PEM",
	  .help = "a signer's own certificate; repeatable",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, certs) },
	{ .name = "check-expiry",
	  .help = "refuse an expired certificate",
	  CFS_OPT_SETS(struct options, check_expiry) },
	{ 0 },
};

/* What is kept beside the image, else what the kernel keeps with it.  0 when
 * there is neither. */
static int read_signature(const struct cfs_repo *repo,
			  const struct cfs_digest *id, int fd,
			  struct cfs_buf *ret, struct cfs_err *err)
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

static int verify(const struct cfs_globals *g, const char *name,
		  const struct cfs_certs *certs, bool check_expiry,
		  struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	CFS_AUTOFD int fd = -EBADF;
	char what[sizeof("verified ") + CFS_DIGEST_HEX_MAX] = "verified ";
	struct cfs_digest id;
	unsigned cert;
	int r;

	r = cmd_open_repo(g, &repo, err);
	if (r >= 0)
		r = cmd_open_signed(g, &repo, name, &id, &fd, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&id, what + strlen(what));
	r = read_signature(&repo, &id, fd, &der, err);
	if (r == 0)
		return cfs_fail(err, ENODATA,
				"image %s has no signature: `cfsctl sign` "
				"makes one",
				name);
	if (r > 0)
		r = cfs_signature_verify(cfs_buf_bytes(&der), &id, certs, &cert,
					 err);
	if (r < 0)
		return cfs_ctx(err, "image %s", name);
	return cmd_print_signer(what, &certs->v[cert], check_expiry, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOCERTS struct cfs_certs certs = { 0 };
	int r;

	if (!o->certs.n)
		return cfs_fail(err, CFS_EUSAGE,
				"--cert is missing: a signature proves nothing "
				"without knowing whose");
	r = cmd_read_certs(&o->certs, &certs, err);
	if (r < 0)
		return r;
	return verify(call->g, call->operand[0], &certs, o->check_expiry, err);
}

const struct cfs_cmd cmd_verify_image = {
	.name = "verify-image",
	.help = "succeed if one of these certificates signed the image",
	.needs = "--cert PEM",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE", CFS_TAKES_IMAGE } },
	.run = run,
};
