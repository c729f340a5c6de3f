/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/fetch.h"

#include <string.h>

#include "ops/copy_objects.h"
#include "ops/fetching.h"
#include "repo/name.h"
#include "repo/ref.h"
#include "repo/signature.h"

void cfs_fetching_free(struct cfs_fetching *f)
{
	if (!f)
		return;
	if (f->http)
		cfs_http_free(f->http);
	cfs_export_catalogue_free(&f->names);
	free(f);
}

static int check_alg(const struct cfs_fetching *f, enum cfs_alg served,
		     struct cfs_err *err)
{
	enum cfs_alg own = f->store->repo.meta.alg;

	return served == own
		       ? 0
		       : cfs_fail(err, EINVAL,
				  "%s: images of %s; this repository has those "
				  "of %s",
				  f->params->http.urls[0], cfs_alg_name(served),
				  cfs_alg_name(own));
}

/* A repository that is served as it is. */
static int ask_repository(struct cfs_fetching *f, struct cfs_err *err)
{
	const struct cfs_fetch_file file = { .path = "meta.json",
					     .max = CFS_META_MAX,
					     .may_change = true };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_meta meta;
	int r = cfs_fetch_file(f, &file, &text, err);

	if (r == 0)
		return cfs_fail(err, ENOENT,
				"%s: neither export.json nor meta.json is "
				"there: `cfsctl publish` writes what to serve",
				f->params->http.urls[0]);
	if (r > 0)
		r = cfs_meta_parse(cfs_buf_bytes(&text), &meta, err);
	f->is_repository = true;
	return r < 0 ? r : check_alg(f, meta.alg, err);
}

static int ask(struct cfs_fetching *f, struct cfs_err *err)
{
	const struct cfs_fetch_file file = { .path = CFS_EXPORT_JSON,
					     .max = CFS_EXPORT_JSON_MAX,
					     .may_change = true };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = cfs_fetch_file(f, &file, &text, err);

	if (r == 0)
		return ask_repository(f, err);
	if (r < 0)
		return r;
	r = cfs_export_catalogue_read(cfs_buf_bytes(&text), &f->names, err);
	if (r < 0)
		return cfs_ctx(err, "%s", f->params->http.urls[0]);
	return check_alg(f, f->names.alg, err);
}

int cfs_fetch_begin(struct cfs_store *store, const struct cfs_fetch *params,
		    struct cfs_fetching **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_fetching_free) struct cfs_fetching *f = NULL;
	int r;

	f = calloc(1, sizeof(*f));
	if (!f)
		return cfs_no_memory(err);
	f->store = store;
	f->params = params;
	cfs_store_trust_names(store);
	r = cfs_http_open(&params->http, &f->http, err);
	if (r == 0)
		r = ask(f, err);
	if (r == 0)
		*ret = cfs_steal_ptr(&f);
	return r;
}

/* Is @said a digest?  One of the other algorithm is an error. */
static int find_digest(const struct cfs_fetching *f, const char *said,
		       struct cfs_digest *ret, struct cfs_err *err)
{
	enum cfs_alg named;
	const char *hex = cfs_name_digits(said, &named);
	struct cfs_err ignored;

	if (cfs_digest_from_hex(hex, strlen(hex), ret, &ignored) < 0)
		return named ? cfs_fail(err, EINVAL, "%s is not a whole digest",
					said)
			     : 0;
	if (named && named != ret->alg)
		return cfs_fail(err, EINVAL, "%s is a digest of %s", said,
				cfs_alg_name(ret->alg));
	if (ret->alg != f->store->repo.meta.alg)
		return cfs_fail(err, EINVAL,
				"%s is of %s; this repository has images of %s",
				said, cfs_alg_name(ret->alg),
				cfs_alg_name(f->store->repo.meta.alg));
	return 1;
}

int cfs_fetch_find(struct cfs_fetching *f, const char *said,
		   struct cfs_digest *ret, const char **ret_name,
		   struct cfs_err *err)
{
	const struct cfs_digest *id;
	int r = find_digest(f, said, ret, err);

	if (r > 0)
		*ret_name = NULL;
	if (r != 0)
		return r < 0 ? r : 0;
	if (f->params->certs->n == 0)
		return cfs_fail(err, EPERM,
				"%s is a name, and what image it means only "
				"the server says: give the image's digest, or "
				"--cert with the certificate of its signer",
				said);
	if (f->is_repository)
		return cfs_fail(err, ENOENT,
				"%s: a repository is served, in which names "
				"cannot be looked up: give the image's digest",
				said);
	id = cfs_export_catalogue_find(&f->names, said);
	if (!id)
		return cfs_fail(err, ENOENT, "%s has no image %s",
				f->params->http.urls[0], said);
	*ret = *id;
	*ret_name = said;
	return 0;
}

static int keep_signature(struct cfs_store *store, const struct cfs_digest *id,
			  struct cfs_bytes der, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf old = { 0 };
	char path[CFS_SIGNATURE_PATH_MAX];
	int r = cfs_signature_read(&store->repo, id, &old, err);

	if (r < 0 || cfs_bytes_same(cfs_buf_bytes(&old), der))
		return r < 0 ? r : 0;
	cfs_signature_path(id, path);
	return cfs_store_write_file(store, path, der, err);
}

/* The kernel checks what it can: whether it has the certificate, the user
 * decides by `cfsctl keyring`. */
static int enrol(struct cfs_store *store, const struct cfs_digest *id,
		 struct cfs_bytes der, struct cfs_err *err)
{
	struct cfs_err why_not;

	if (cfs_enrol_object(store, id, der, &why_not) < 0)
		return 0;
	return cfs_enrol_pack(store, id, &why_not, err) < 0 ? -err->code : 0;
}

/* Everything is there: objects are written to the disk before names. */
static int commit(struct cfs_fetching *f, const struct cfs_digest *id,
		  const char *name, struct cfs_bytes signature,
		  struct cfs_err *err)
{
	struct cfs_store *store = f->store;
	int r = cfs_store_flush(store, err);

	if (r == 0 && signature.len > 0)
		r = keep_signature(store, id, signature, err);
	if (r == 0 && signature.len > 0)
		r = enrol(store, id, signature, err);
	if (r == 0)
		r = cfs_image_commit(store, id, err);
	if (r == 0 && name)
		r = cfs_ref_set(store, name, id, err);
	return r;
}

int cfs_fetch_image(struct cfs_fetching *f, const struct cfs_digest *id,
		    const char *name, struct cfs_err *err)
{
	CFS_AUTONEEDS struct cfs_export_needs needs = { 0 };
	CFS_AUTOBUF struct cfs_buf signature = { 0 };
	bool is_signed = f->params->certs->n > 0;
	int r = 0;

	if (is_signed)
		r = cfs_fetch_signature(f, id, &signature, err);
	if (r == 0)
		r = cfs_fetch_image_object(f, id, &needs, err);
	if (r == 0 && is_signed)
		r = cfs_fetch_object_signatures(f, id, needs.n, err);
	if (r == 0)
		r = cfs_fetch_objects(f, id, &needs, err);
	return r < 0 ? r : commit(f, id, name, cfs_buf_bytes(&signature), err);
}

struct cfs_fetch_result cfs_fetch_result(const struct cfs_fetching *f)
{
	struct cfs_fetch_result result = f->result;

	result.http = cfs_http_counts(f->http);
	return result;
}
