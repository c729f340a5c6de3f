/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/signing.h"

#include <stdio.h>
#include <string.h>

#include "cfsctl/cli/line.h"

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

int cmd_find_signed(const struct cfs_globals *g, const struct cfs_repo *repo,
		    const char *name, struct cfs_digest *ret,
		    struct cfs_err *err)
{
	return cmd_find_image(repo, strip(g, name), ret, err);
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
