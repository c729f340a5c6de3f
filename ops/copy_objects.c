/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/copy_objects.h"

#include <string.h>

#include "keys/sign.h"
#include "repo/sigpacks.h"

/* A copy of signatures from one repository to another. */
struct copy {
	struct cfs_sigpacks to; /* the image's pack, or none */
	struct cfs_sigpack_entry *entries;
	struct cfs_buf *blobs; /* of entries */
	size_t n;
};

static void copy_free(struct copy *c)
{
	for (size_t i = 0; i < c->n; i++)
		cfs_buf_free(&c->blobs[i]);
	free(c->blobs);
	free(c->entries);
	cfs_sigpacks_free(&c->to);
}

static int read_pack(const struct cfs_repo *repo,
		     const struct cfs_digest *image, struct cfs_sigpacks *ret,
		     struct cfs_err *err)
{
	CFS_AUTODIGESTSET struct cfs_digest_set only = { 0 };
	int r = cfs_digest_set_add(&only, image, err);

	return r < 0 ? r : cfs_sigpacks_read(repo, &only, ret, err);
}

/* Adds what @certs have signed of @e to the signature so far. */
static int take(struct copy *c, const struct cfs_sigpack_entry *e,
		const struct cfs_certs *certs, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf blob = { 0 };
	struct cfs_bytes old = { 0 };
	char hex[CFS_DIGEST_HEX_MAX];
	int r;

	(void)!cfs_sigpacks_find(&c->to, &e->id, &old);
	r = cfs_signature_attach(e->der, &e->id, certs, old, &blob, err);
	if (r == -ENOKEY) /* signed by another key */
		return 0;
	cfs_digest_to_hex(&e->id, hex);
	if (r < 0)
		return cfs_ctx(err, "signature of object %s", hex);
	c->entries[c->n] =
		(struct cfs_sigpack_entry){ e->id, cfs_buf_bytes(&blob) };
	c->blobs[c->n++] = blob;
	blob = (struct cfs_buf){ 0 };
	return 0;
}

static int take_all(struct copy *c, const struct cfs_sigpack *pack,
		    const struct cfs_certs *certs, struct cfs_err *err)
{
	int r = 0;

	c->entries = calloc(pack->n, sizeof(*c->entries));
	c->blobs = calloc(pack->n, sizeof(*c->blobs));
	if (!c->entries || !c->blobs)
		return cfs_no_memory(err);
	for (uint32_t i = 0; r == 0 && i < pack->n; i++) {
		struct cfs_sigpack_entry e;

		cfs_sigpack_get(pack, i, &e);
		r = take(c, &e, certs, err);
	}
	return r;
}

static int write_pack(const struct copy *c, const struct cfs_digest *image,
		      struct cfs_store *store, struct cfs_err *err)
{
	const struct cfs_sigpack *old = c->to.n ? &c->to.v[0].pack : NULL;
	CFS_AUTOBUF struct cfs_buf pack = { 0 };
	char path[CFS_SIGPACK_PATH_MAX];
	int r = cfs_sigpack_merge(old, c->entries, c->n, &pack, err);

	cfs_sigpack_path(image, path);
	return r < 0 ? r
		     : cfs_store_write_file(store, path, cfs_buf_bytes(&pack),
					    err);
}

int cfs_take_object_signatures(const struct cfs_sigpack *pack,
			       const struct cfs_digest *image,
			       const struct cfs_certs *certs,
			       struct cfs_store *store, struct cfs_err *err)
{
	__attribute__((cleanup(copy_free))) struct copy c = { 0 };
	int r = read_pack(&store->repo, image, &c.to, err);

	if (r == 0)
		r = take_all(&c, pack, certs, err);
	if (r == 0 && c.n > 0)
		r = write_pack(&c, image, store, err);
	return r < 0 ? r : (int)c.n;
}

int cfs_copy_object_signatures(const struct cfs_repo *from,
			       const struct cfs_digest *image,
			       const struct cfs_certs *certs,
			       struct cfs_store *store, struct cfs_err *err)
{
	CFS_AUTOSIGPACKS struct cfs_sigpacks packs = { 0 };
	int r;

	/* The repository names objects by another algorithm: these signatures
	 * are of no use to it. */
	if (image->alg != store->repo.meta.alg)
		return 0;
	r = read_pack(from, image, &packs, err);
	if (r < 0 || packs.n == 0)
		return r;
	return cfs_take_object_signatures(&packs.v[0].pack, image, certs, store,
					  err);
}

int cfs_enrol_pack(struct cfs_store *store, const struct cfs_digest *image,
		   struct cfs_err *why_not, struct cfs_err *err)
{
	CFS_AUTOSIGPACKS struct cfs_sigpacks packs = { 0 };
	int r = read_pack(&store->repo, image, &packs, err);

	if (r < 0 || packs.n == 0)
		return r < 0 ? r : 1;
	for (uint32_t i = 0; i < packs.v[0].pack.n; i++) {
		struct cfs_sigpack_entry e;

		cfs_sigpack_get(&packs.v[0].pack, i, &e);
		if (cfs_enrol_object(store, &e.id, e.der, why_not) < 0)
			return 0;
	}
	return 1;
}
