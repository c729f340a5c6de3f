/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl genkey: a key to sign images with while developing. */
#include "keys/genkey.h"

#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "keys/pem.h"
#include "keys/x509.h"

struct options {
	const char *name;
};

static const struct cfs_opt options[] = {
	{ .name = "name",
	  .value = "NAME",
	  .help = "common name of the certificate",
	  CFS_OPT_SETS(struct options, name) },
	{ 0 },
};

static int report(const char *dir, struct cfs_err *err)
{
	CFS_AUTOCERTS struct cfs_certs certs = { 0 };
	CFS_AUTOFREE char *path = NULL;
	struct cfs_cert_info info;
	int r;

	if (asprintf(&path, "%s/" CFS_GENKEY_CERT, dir) < 0) {
		path = NULL;
		return cfs_no_memory(err);
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

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	const char *dir = call->operand[0];
	int r = cfs_genkey(dir, o->name ? o->name : "composefs development",
			   err);

	return r < 0 ? r : report(dir, err);
}

const struct cfs_cmd cmd_genkey = {
	.name = "genkey",
	.help = "make a key and its certificate, for development",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "DIR", CFS_TAKES_DIR } },
	.run = run,
};
