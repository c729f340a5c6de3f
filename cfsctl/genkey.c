/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl genkey: a key to sign images with while developing. */
#include "keys/genkey.h"

#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "keys/pem.h"
#include "keys/x509.h"

static int report(const char *dir, struct cfs_err *err)
{
	CFS_AUTOCERTS struct cfs_certs certs = { 0 };
	CFS_AUTOFREE char *path = NULL;
	struct cfs_cert_info info;
	int r;

	if (asprintf(&path, "%s/" CFS_GENKEY_CERT, dir) < 0) {
		path = NULL;
		return cfs_fail(err, ENOMEM, "out of memory");
	}
	r = cfs_certs_add_file(&certs, path, err);
	if (r >= 0)
		r = cfs_cert_describe(&certs.v[0], &info, err);
	if (r < 0)
		return r;
	printf("Private key:  %s/" CFS_GENKEY_KEY "\n"
	       "Certificate:  %s\n"
	       "  subject:    %s\n"
	       "  sha256:     %s\n",
	       dir, path, info.subject, info.fingerprint);
	return 0;
}

int cmd_genkey(const struct cfs_globals *g, int argc, char **argv,
	       struct cfs_err *err)
{
	const char *name = NULL;
	const struct cfs_opt opts[] = {
		{ .name = "name", .text = &name },
		{ 0 },
	};
	int r;

	(void)g;
	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 1, 1, err);
	if (r == 0)
		r = cfs_genkey(argv[1], name ? name : "composefs development",
			       err);
	return r < 0 ? r : report(argv[1], err);
}
