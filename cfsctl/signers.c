/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/signers.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cfsctl/cli/output.h"
#include "cfsctl/signing.h"
#include "fsverity/signature.h"
#include "ops/signature.h"

void cmd_signing_keys_close(struct cfs_signing_keys *keys)
{
	for (unsigned i = 0; i < keys->n; i++)
		cfs_signing_free(keys->v[i]);
	cfs_certs_free(&keys->certs);
}

static int open_pairs(const struct cfs_signers_options *o,
		      struct cfs_signing_keys *keys, struct cfs_err *err)
{
	if (!o->certs.n || o->certs.n != o->keys.n)
		return cfs_fail(err, CFS_EUSAGE,
				"give at least one --cert, each with its "
				"--key");
	if (o->certs.n > CFS_SIGNERS_MAX)
		return cfs_fail(err, CFS_EUSAGE,
				"too many signers (%u; at most %d)", o->certs.n,
				CFS_SIGNERS_MAX);
	for (; keys->n < o->certs.n; keys->n++) {
		int r = cfs_signing_open(o->certs.v[keys->n],
					 o->keys.v[keys->n], &keys->v[keys->n],
					 err);

		if (r < 0)
			return r;
	}
	return 0;
}

int cmd_signing_keys_open(const struct cfs_signers_options *o,
			  struct cfs_signing_keys *keys, struct cfs_err *err)
{
	if (o->emit && (o->attach || o->certs.n || o->keys.n))
		return cfs_fail(err, CFS_EUSAGE,
				"--emit-tbs cannot be combined with --cert, "
				"--key or --attach");
	if (o->emit)
		return 0;
	if (!o->attach)
		return open_pairs(o, keys, err);
	if (o->keys.n || !o->certs.n)
		return cfs_fail(err, CFS_EUSAGE,
				"--attach needs --cert, and no --key");
	keys->attach = o->attach;
	return cmd_read_certs(&o->certs, &keys->certs, err);
}

/* DIR/NAME.SUFFIX; the caller frees it. */
static int path_of(const char *dir, const char *name, const char *suffix,
		   char **ret, struct cfs_err *err)
{
	if (asprintf(ret, "%s/%s.%s", dir, name, suffix) >= 0)
		return 0;
	*ret = NULL;
	return cfs_no_memory(err);
}

int cmd_emit_tbs(const char *dir, const char *name,
		 const struct cfs_digest *digest, char **ret_path,
		 struct cfs_err *err)
{
	uint8_t text[CFS_FORMATTED_MAX];
	size_t len = cfs_digest_format(digest, text);
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	CFS_AUTOFREE char *path = NULL;
	int r;

	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return cfs_fail_errno(err, "make directory %s", dir);
	r = path_of(dir, name, "tbs", &path, err);
	if (r < 0)
		return r;
	r = cmd_output_open_file(path, CFS_OUTPUT_REPLACE, &out, err);
	if (r == 0)
		r = cmd_output_write(&out, text, len, err);
	if (r == 0)
		r = cmd_output_commit(&out, err);
	if (r < 0)
		return cfs_ctx(err, "write %s", path);
	*ret_path = cfs_steal_ptr(&path);
	return 0;
}

int cmd_read_p7(const struct cfs_signing_keys *keys, const char *name,
		struct cfs_buf *ret, char **ret_path, struct cfs_err *err)
{
	CFS_AUTOFREE char *path = NULL;
	int r = path_of(keys->attach, name, "p7", &path, err);

	if (r < 0)
		return r;
	r = cfs_read_file(AT_FDCWD, path, CFS_SIGNATURE_MAX, ret, err);
	if (r == 0)
		return cfs_fail(err, ENOENT, "there is no signature %s", path);
	if (r < 0)
		return cfs_ctx(err, "%s", path);
	*ret_path = cfs_steal_ptr(&path);
	return 0;
}

int cmd_attach_p7(const struct cfs_signing_keys *keys, const char *name,
		  const struct cfs_digest *digest, struct cfs_bytes old,
		  struct cfs_buf *ret, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf more = { 0 };
	CFS_AUTOFREE char *path = NULL;
	int r = cmd_read_p7(keys, name, &more, &path, err);

	if (r < 0)
		return r;
	r = cfs_signers_attach(cfs_buf_bytes(&more), digest, &keys->certs, old,
			       ret, err);
	return r < 0 ? cfs_ctx(err, "%s", path) : r;
}
