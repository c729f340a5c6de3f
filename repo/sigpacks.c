/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/sigpacks.h"

#include <string.h>

#include "base/io.h"
#include "repo/dir.h"

#define HEX "0123456789abcdef"

enum cfs_signature_file cfs_signature_file_of(const char *name,
					      struct cfs_digest *ret)
{
	size_t len = strspn(name, HEX);
	struct cfs_err ignored;

	if (cfs_digest_from_hex(name, len, ret, &ignored) < 0)
		return CFS_SIGNATURE_FILE_OTHER;
	if (strcmp(name + len, ".p7s") == 0)
		return CFS_SIGNATURE_FILE_IMAGE;
	return strcmp(name + len, ".pack") == 0 ? CFS_SIGNATURE_FILE_PACK
						: CFS_SIGNATURE_FILE_OTHER;
}

void cfs_sigpack_path(const struct cfs_digest *image,
		      char path[static CFS_SIGPACK_PATH_MAX])
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(image, hex);
	snprintf(path, CFS_SIGPACK_PATH_MAX, "signatures/%s.pack", hex);
}

void cfs_sigpacks_free(struct cfs_sigpacks *packs)
{
	for (size_t i = 0; i < packs->n; i++)
		cfs_buf_free(&packs->v[i].bytes);
	cfs_vec_free(packs);
}

static int load(const struct cfs_repo *repo, struct cfs_sigpack_loaded *to,
		struct cfs_err *err)
{
	char path[CFS_SIGPACK_PATH_MAX];
	int r;

	cfs_sigpack_path(&to->image, path);
	r = cfs_read_file(repo->fd, path, CFS_SIGPACK_MAX, &to->bytes, err);
	if (r <= 0)
		return r;
	r = cfs_sigpack_read(cfs_buf_bytes(&to->bytes), &to->pack, err);
	if (r == 0 && to->pack.alg != repo->meta.alg)
		r = cfs_fail(err, EBADMSG,
			     "signature pack for %s digests, which are not the "
			     "repository's",
			     cfs_alg_name(to->pack.alg));
	return r < 0 ? cfs_ctx(err, "%s", path) : 1;
}

static int add(const struct cfs_repo *repo, const struct cfs_digest *image,
	       struct cfs_sigpacks *packs, struct cfs_err *err)
{
	struct cfs_sigpack_loaded loaded = { .image = *image };
	int r = load(repo, &loaded, err);

	if (r > 0 && cfs_vec_add(packs, loaded))
		return 0;
	cfs_buf_free(&loaded.bytes);
	return r > 0 ? cfs_no_memory(err) : r;
}

int cfs_sigpacks_read(const struct cfs_repo *repo, struct cfs_digest_set *only,
		      struct cfs_sigpacks *ret, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int r = cfs_dir_list(repo->fd, "signatures", &names, err);

	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		struct cfs_digest image;

		if (cfs_signature_file_of(names.v[i].name, &image) ==
			    CFS_SIGNATURE_FILE_PACK &&
		    (!only || cfs_digest_set_has(only, &image)))
			r = add(repo, &image, ret, err);
	}
	return r;
}

const struct cfs_sigpack_loaded *cfs_sigpacks_of(
	const struct cfs_sigpacks *packs, const struct cfs_digest *id)
{
	for (size_t i = 0; i < packs->n; i++)
		if (cfs_digest_equal(&packs->v[i].image, id))
			return &packs->v[i];
	return NULL;
}

bool cfs_sigpacks_find(const struct cfs_sigpacks *packs,
		       const struct cfs_digest *id, struct cfs_bytes *ret)
{
	struct cfs_bytes der, best = { NULL, 0 };

	/* Signers add up, so the longest signature has the most of them. */
	for (size_t i = 0; i < packs->n; i++)
		if (cfs_sigpack_find(&packs->v[i].pack, id, &der) &&
		    der.len > best.len)
			best = der;
	if (best.len == 0)
		return false;
	*ret = best;
	return true;
}
