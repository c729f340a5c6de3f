/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/signing.h"

#include <stdio.h>
#include <string.h>

#include "fsverity/merkle.h"
#include "keys/x509.h"
#include "repo/object.h"
#include "repo/ref.h"

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

int cmd_print_signer(const char *what, const struct cfs_cert *cert,
		     bool check_expiry, struct cfs_err *err)
{
	struct cfs_cert_info info;
	int r = cfs_cert_describe(cert, &info, err);

	if (r < 0)
		return r;
	if (info.expired && check_expiry)
		return cfs_fail(err, EKEYEXPIRED,
				"the certificate of %s expired on %s",
				cert->file, info.not_after);
	printf("%s: %s, sha256 %s\n", what, info.subject, info.fingerprint);
	if (info.expired)
		fprintf(stderr,
			"note: the certificate of %s expired on %s, which "
			"neither the kernel nor this minds\n",
			cert->file, info.not_after);
	return 0;
}
