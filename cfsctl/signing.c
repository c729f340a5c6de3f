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

int cmd_find_signable(const struct cfs_globals *g, const struct cfs_repo *repo,
		      const char *name, struct cfs_digest *ret,
		      struct cfs_err *err)
{
	return cmd_find_made(repo, strip(g, name), ret, err);
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

void cmd_json_signer(struct cfs_json_writer *w,
		     const struct cfs_cert_info *info)
{
	cfs_json_write_text(w, "subject", info->subject);
	cfs_json_write_text(w, "sha256", info->fingerprint);
	cfs_json_write_bool(w, "expired", info->expired);
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

/* Takes the certificate @n out of @certs. */
static void drop_cert(struct cfs_certs *certs, unsigned n)
{
	free((void *)(uintptr_t)certs->v[n].der.data);
	certs->n--;
	memmove(&certs->v[n], &certs->v[n + 1],
		(certs->n - n) * sizeof(*certs->v));
}

int cmd_drop_expired(struct cfs_certs *certs, struct cfs_err *err)
{
	unsigned before = certs->n;

	for (unsigned i = 0; i < certs->n;) {
		const struct cfs_cert *cert = &certs->v[i];
		struct cfs_cert_info info;
		int r = cfs_cert_describe(cert, &info, err);

		if (r < 0)
			return cfs_ctx(err, "%s", cert->file);
		if (!info.expired) {
			i++;
			continue;
		}
		cmd_line(stderr,
			 "note: the certificate of %s expired on %s, and is "
			 "not trusted",
			 cert->file, info.not_after);
		drop_cert(certs, i);
	}
	return certs->n > 0 || before == 0
		       ? 0
		       : cfs_fail(err, EKEYEXPIRED,
				  "all of the given certificates expired");
}
