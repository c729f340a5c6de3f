/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/sign.h"

#include <string.h>

#include "ops/whole.h"

int cfs_sign_open(const struct cfs_repo *repo, const struct cfs_digest *id,
		  const char *name, int *ret_fd, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int r = cfs_signature_open(repo, id, &fd, err);

	if (r == 0)
		r = cfs_require_whole(repo, id, name, err);
	if (r < 0)
		return r;
	*ret_fd = cfs_steal_fd(&fd);
	return 0;
}

static int enrol(struct cfs_store *store, const struct cfs_digest *id, int fd,
		 struct cfs_bytes der, struct cfs_sign_result *ret)
{
	int r = cfs_enrol(store, id, fd, der, &ret->why_not);

	if (r < 0)
		return r;
	ret->enrolled = (enum cfs_enrolled)r;
	return 0;
}

/* One blob out of the one so far and all signers.  Replaces *@blob. */
static int sign_all(const struct cfs_sign_params *params,
		    const struct cfs_digest *id, struct cfs_buf *blob,
		    struct cfs_sign_result *ret, struct cfs_err *err)
{
	for (; ret->n < params->n; ret->n++) {
		CFS_AUTOBUF struct cfs_buf next = { 0 };
		const struct cfs_signing *signer = params->keys[ret->n];
		struct cfs_buf old = *blob;
		int r = cfs_sign(signer, id, cfs_buf_bytes(blob), &next, err);

		if (r < 0)
			return r;
		*blob = next;
		next = old;
		ret->signer[ret->n].is_new = r;
		r = cfs_cert_describe(cfs_signing_cert(signer),
				      &ret->signer[ret->n].info, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Adds the signers of params->attach to *@blob, which is replaced. */
static int attach(const struct cfs_sign_params *params,
		  const struct cfs_digest *id, struct cfs_buf *blob,
		  struct cfs_sign_result *ret, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf next = { 0 };
	struct cfs_buf old = *blob;
	int r = cfs_signers_attach(params->attach, id, params->attach_certs,
				   cfs_buf_bytes(blob), &next, err);

	if (r < 0)
		return cfs_ctx(err, "%s", params->attach_name);
	*blob = next;
	next = old;
	ret->attached = r;
	return 0;
}

static bool same(const struct cfs_buf *a, const struct cfs_buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* An image that is being signed: an open file, and its signature. */
struct signing {
	const struct cfs_digest *id;
	int fd;
	struct cfs_buf blob;
};

static void signing_end(struct signing *s)
{
	cfs_buf_free(&s->blob);
	cfs_closep(&s->fd);
}

/*
 * Makes the new signature of @s, and writes it if it is another one than is
 * kept.  If none is, signers in the one that the kernel keeps with the file
 * stay: there is room for one.
 */
static int keep(struct cfs_store *store, const struct cfs_sign_params *params,
		struct signing *s, struct cfs_sign_result *ret,
		struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf kept = { 0 };
	const struct cfs_digest *id = s->id;
	struct cfs_buf *blob = &s->blob;
	int r = cfs_signature_read(&store->repo, id, &kept, err);

	if (r >= 0)
		r = cfs_signature_find(&store->repo, id, s->fd, blob, err);
	if (r < 0)
		return r;
	cfs_signature_path(id, ret->path);
	r = params->n ? sign_all(params, id, blob, ret, err)
		      : attach(params, id, blob, ret, err);
	if (r == 0 && !same(&kept, blob))
		r = cfs_store_write_file(store, ret->path, cfs_buf_bytes(blob),
					 err);
	ret->kept = r == 0;
	return r;
}

int cfs_sign_image(struct cfs_store *store,
		   const struct cfs_sign_params *params,
		   const struct cfs_digest *id, const char *name,
		   struct cfs_sign_result *ret, struct cfs_err *err)
{
	__attribute__((cleanup(signing_end))) struct signing s = {
		.id = id,
		.fd = -EBADF,
	};
	int r = cfs_sign_open(&store->repo, id, name, &s.fd, err);

	if (r < 0)
		return r;
	r = keep(store, params, &s, ret, err);
	if (r < 0)
		return cfs_ctx(err, "sign %s", name);
	if (params->kernel == CFS_KERNEL_NO)
		return 0;
	r = enrol(store, id, s.fd, cfs_buf_bytes(&s.blob), ret);
	if (r < 0 && params->kernel == CFS_KERNEL_YES)
		return cfs_fail(err, -r, "hand the signature to the kernel: %s",
				ret->why_not.msg);
	return 0;
}
