/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/shipment.h"

#include <string.h>

#include "erofs/reader.h"
#include "ops/image_map.h"
#include "ops/whole.h"
#include "repo/dir.h"

void cfs_shipment_free(struct cfs_shipment *s)
{
	cfs_vec_free(s);
	cfs_digest_set_free(&s->images);
	cfs_digest_set_free(&s->objects);
	cfs_image_names_free(&s->names);
}

struct cfs_shipped *cfs_shipment_find(struct cfs_shipment *s,
				      const struct cfs_digest *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (cfs_digest_equal(&s->v[i].karg.digest, id))
			return &s->v[i];
	return NULL;
}

static int add_object(void *ctx, const struct cfs_digest *id,
		      struct cfs_err *err)
{
	return cfs_digest_set_add(ctx, id, err);
}

static int add(const struct cfs_access *access, const struct cfs_repo *repo,
	       const struct cfs_digest *id, const char *name,
	       struct cfs_shipment *s, struct cfs_err *err)
{
	CFS_AUTOMAP struct cfs_image_map image = { 0 };
	struct cfs_karg karg = { .digest = *id };
	int r;

	if (cfs_shipment_find(s, id))
		return 0;
	r = cfs_image_map(access, repo, id, &image, err);
	if (r == 0)
		r = cfs_require_whole(repo, id, name, err);
	if (r == 0)
		r = cfs_erofs_objects(image.bytes, repo->meta.alg, add_object,
				      &s->objects, err);
	if (r == 0)
		r = cfs_digest_set_add(&s->objects, id, err);
	if (r == 0)
		r = cfs_digest_set_add(&s->images, id, err);
	if (r < 0)
		return r;
	/* To a system that boots them, versions 0 and 1 are the same. */
	karg.version = image.version ? image.version : 1;
	return cfs_vec_add(s, (struct cfs_shipped){ .karg = karg })
		       ? 0
		       : cfs_no_memory(err);
}

static int read_names(struct cfs_shipment *s, const struct cfs_repo *repo,
		      struct cfs_err *err)
{
	return s->names.n ? 0 : cfs_image_names_read(&s->names, repo, err);
}

int cfs_shipment_add(const struct cfs_access *access,
		     const struct cfs_repo *repo, const struct cfs_digest *id,
		     const char *name, struct cfs_shipment *s,
		     struct cfs_err *err)
{
	int r = read_names(s, repo, err);

	return r < 0 ? r : add(access, repo, id, name, s, err);
}

const char *cfs_shipment_name(const struct cfs_shipment *s,
			      const struct cfs_digest *id,
			      char hex[static CFS_DIGEST_HEX_MAX])
{
	size_t at = 0;
	const char *name = cfs_image_names_next(&s->names, id, &at);

	cfs_digest_to_hex(id, hex);
	return name ? name : hex;
}

int cfs_shipment_add_all(const struct cfs_access *access,
			 const struct cfs_repo *repo, struct cfs_shipment *s,
			 struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	char hex[CFS_DIGEST_HEX_MAX], text[sizeof(err->msg)];
	int r = read_names(s, repo, err);

	if (r == 0)
		r = cfs_dir_list(repo->fd, "images", &names, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		const char *name = names.v[i].name;
		struct cfs_err ignored;
		struct cfs_digest id;

		if (cfs_digest_from_hex(name, strlen(name), &id, &ignored) == 0)
			r = add(access, repo, &id,
				cfs_shipment_name(s, &id, hex), s, err);
	}
	if (r == 0 || r == -ENOMEM)
		return r;
	/* A message cannot be an argument of the one that replaces it. */
	memcpy(text, err->msg, sizeof(text));
	return cfs_fail(err, err->code,
			"%s; --image NAME leaves out what is not named", text);
}
