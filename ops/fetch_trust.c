/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Signatures of images that are fetched, and of their objects. */
#include "fsverity/signature.h"
#include "ops/copy_objects.h"
#include "ops/fetching.h"
#include "ops/signature.h"
#include "repo/signature.h"
#include "repo/sigpacks.h"

_Static_assert(CFS_EXPORT_PATH_MAX >= CFS_SIGNATURE_PATH_MAX, "for one array");
_Static_assert(CFS_EXPORT_PATH_MAX >= CFS_SIGPACK_PATH_MAX, "for one array");

int cfs_fetch_signature(struct cfs_fetching *f, const struct cfs_digest *id,
			struct cfs_buf *ret, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf der = { 0 }, old = { 0 };
	char path[CFS_EXPORT_PATH_MAX];
	const struct cfs_fetch_file file = { .path = path,
					     .max = CFS_SIGNATURE_MAX,
					     .may_change = true };
	int r;

	if (f->is_repository)
		cfs_signature_path(id, path);
	else
		cfs_export_image_path(id, ".p7", path);
	r = cfs_fetch_file(f, &file, &der, err);
	if (r == 0)
		return cfs_fail(err, ENODATA,
				"%s has no signature of the image, %s",
				f->params->http.urls[0], path);
	if (r > 0)
		r = cfs_signature_read(&f->store->repo, id, &old, err);
	if (r < 0)
		return r;
	r = cfs_signers_attach(cfs_buf_bytes(&der), id, f->params->certs,
			       cfs_buf_bytes(&old), ret, err);
	return r < 0 ? cfs_ctx(err, "%s", path) : 0;
}

/* The largest pack of signatures of so many objects. */
static uint64_t pack_max(size_t n)
{
	uint64_t max = 4096 + n * (UINT64_C(68) + CFS_SIGNATURE_MAX);

	return max < CFS_SIGPACK_MAX ? max : CFS_SIGPACK_MAX;
}

int cfs_fetch_object_signatures(struct cfs_fetching *f,
				const struct cfs_digest *id, size_t n,
				struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	char path[CFS_EXPORT_PATH_MAX];
	const struct cfs_fetch_file file = { .path = path,
					     .max = pack_max(n),
					     .zstd = !f->is_repository,
					     .is_optional = true };
	struct cfs_sigpack pack;
	int r;

	if (f->is_repository)
		cfs_sigpack_path(id, path);
	else
		cfs_export_image_path(id, ".sigpack.zst", path);
	r = cfs_fetch_file(f, &file, &bytes, err);
	if (r <= 0)
		return r;
	r = cfs_sigpack_read(cfs_buf_bytes(&bytes), &pack, err);
	if (r == 0 && pack.alg != id->alg)
		r = cfs_fail(err, EBADMSG, "signatures of %s objects",
			     cfs_alg_name(pack.alg));
	if (r == 0)
		r = cfs_take_object_signatures(&pack, id, f->params->certs,
					       f->store, err);
	return r < 0 ? cfs_ctx(err, "%s", path) : 0;
}
