/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/catalogue.h"

#include "base/json_many.h"
#include "base/json_write.h"
#include "base/utf8.h"
#include "repo/name.h"

/* Values in the document: names, digests, patches, and what a newer version
 * adds. */
#define NODES_MAX ((4 + CFS_EXPORT_PATCHES_MAX) * CFS_EXPORT_NAMES_MAX + 1024)

void cfs_export_catalogue_free(struct cfs_export_catalogue *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].name);
	cfs_vec_free(&c->patches);
	cfs_vec_free(c);
}

const struct cfs_digest *cfs_export_catalogue_next_patch(
	const struct cfs_export_catalogue *c, const struct cfs_digest *id,
	size_t *at)
{
	while (*at < c->patches.n) {
		const struct cfs_export_patch *patch = &c->patches.v[(*at)++];

		if (cfs_digest_equal(&patch->id, id))
			return &patch->old;
	}
	return NULL;
}

int cfs_export_catalogue_add_patch(struct cfs_export_catalogue *c,
				   const struct cfs_digest *id,
				   const struct cfs_digest *old,
				   struct cfs_err *err)
{
	struct cfs_export_patch patch = { *id, *old };
	const struct cfs_digest *next;
	size_t at = 0;
	unsigned n = 0;

	while ((next = cfs_export_catalogue_next_patch(c, id, &at))) {
		if (cfs_digest_equal(next, old))
			return 0;
		n++;
	}
	if (n == CFS_EXPORT_PATCHES_MAX || cfs_digest_equal(id, old))
		return 0;
	return cfs_vec_add(&c->patches, patch) ? 0 : cfs_no_memory(err);
}

/* The index of the first name that does not come before @name. */
static size_t place_of(const struct cfs_export_catalogue *c, const char *name)
{
	size_t from = 0, to = c->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strcmp(c->v[mid].name, name) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static bool has_at(const struct cfs_export_catalogue *c, size_t at,
		   const char *name)
{
	return at < c->n && strcmp(c->v[at].name, name) == 0;
}

const struct cfs_digest *cfs_export_catalogue_find(
	const struct cfs_export_catalogue *c, const char *name)
{
	size_t at = place_of(c, name);

	return has_at(c, at, name) ? &c->v[at].id : NULL;
}

int cfs_export_catalogue_set(struct cfs_export_catalogue *c, const char *name,
			     const struct cfs_digest *id, struct cfs_err *err)
{
	size_t at = place_of(c, name);
	CFS_AUTOFREE char *copy = NULL;
	int r = cfs_name_check_new(name, err);

	if (r < 0)
		return r;
	if (!cfs_is_utf8(name))
		return cfs_fail(err, EINVAL,
				"the name %s is not UTF-8 and cannot be "
				"published: give the image another one",
				name);
	if (has_at(c, at, name)) {
		c->v[at].id = *id;
		return 0;
	}
	if (c->n == CFS_EXPORT_NAMES_MAX)
		return cfs_fail(err, E2BIG, "over %d names of images",
				CFS_EXPORT_NAMES_MAX);
	copy = strdup(name);
	if (!copy || !cfs_vec_new(c))
		return cfs_no_memory(err);
	memmove(&c->v[at + 1], &c->v[at], (c->n - 1 - at) * sizeof(c->v[0]));
	c->v[at] = (struct cfs_export_name){ copy, *id };
	copy = NULL;
	return 0;
}

/* Reads the digest @node of an image of the export. */
static int read_digest(const struct cfs_json_node *node, enum cfs_alg alg,
		       struct cfs_digest *ret, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];

	if (cfs_json_string(node, hex, sizeof(hex)) &&
	    cfs_digest_from_hex(hex, strlen(hex), ret, err) == 0 &&
	    ret->alg == alg)
		return 0;
	return cfs_fail(err, EBADMSG, "not a %s digest", cfs_alg_name(alg));
}

static int read_image(const struct cfs_json_node *key,
		      const struct cfs_json_node *value,
		      struct cfs_export_catalogue *c, struct cfs_err *err)
{
	char name[CFS_REF_MAX];
	struct cfs_digest id;
	int r;

	if (!cfs_json_string(key, name, sizeof(name)))
		return cfs_fail(err, EBADMSG,
				"the name of an image is too "
				"long");
	if (read_digest(value, c->alg, &id, err) < 0)
		return cfs_ctx(err, "image %s", name);
	r = cfs_export_catalogue_set(c, name, &id, err);
	return r == -EINVAL || r == -ENAMETOOLONG || r == -E2BIG
		       ? -(err->code = EBADMSG)
		       : r;
}

static int read_patches(const struct cfs_json *doc,
			const struct cfs_json_node *key,
			const struct cfs_json_node *value,
			struct cfs_export_catalogue *c, struct cfs_err *err)
{
	const struct cfs_json_node *item = NULL;
	struct cfs_digest id, old;
	int r = read_digest(key, c->alg, &id, err);

	if (r == 0 && value->kind != CFS_JSON_ARRAY)
		r = cfs_fail(err, EBADMSG, "not a list");
	if (r == 0)
		item = cfs_json_first(doc, value);
	for (; r == 0 && item; item = cfs_json_next(doc, value, item)) {
		r = read_digest(item, c->alg, &old, err);
		if (r == 0)
			r = cfs_export_catalogue_add_patch(c, &id, &old, err);
	}
	return r < 0 ? cfs_ctx(err, "patches") : 0;
}

static int read_all_patches(const struct cfs_json *doc,
			    struct cfs_export_catalogue *c, struct cfs_err *err)
{
	const struct cfs_json_node *patches =
		cfs_json_get(doc, doc->nodes, "patches");
	int r = 0;

	for (const struct cfs_json_node *key = cfs_json_first(doc, patches);
	     patches && patches->kind == CFS_JSON_OBJECT && key && r == 0;) {
		const struct cfs_json_node *value =
			cfs_json_next(doc, patches, key);

		r = read_patches(doc, key, value, c, err);
		key = cfs_json_next(doc, patches, value);
	}
	return r;
}

static int read_document(const struct cfs_json *doc,
			 struct cfs_export_catalogue *c, struct cfs_err *err)
{
	const struct cfs_json_node *root = doc->nodes;
	const struct cfs_json_node *images = cfs_json_get(doc, root, "images");
	char alg[64];
	uint64_t version;
	int r = 0;

	if (!cfs_json_u64(cfs_json_get(doc, root, "version"), &version))
		return cfs_fail(err, EBADMSG, "it has no version");
	if (version != CFS_EXPORT_VERSION)
		return cfs_fail(err, EOPNOTSUPP,
				"version %llu of the format; upgrade cfsctl",
				(unsigned long long)version);
	if (!cfs_json_string(cfs_json_get(doc, root, "algorithm"), alg,
			     sizeof(alg)))
		return cfs_fail(err, EBADMSG, "it names no algorithm");
	if (cfs_alg_from_id(alg, &c->alg, err) < 0)
		return -(err->code = EBADMSG);
	if (!images || images->kind != CFS_JSON_OBJECT)
		return cfs_fail(err, EBADMSG, "\"images\" is not an object");
	for (const struct cfs_json_node *key = cfs_json_first(doc, images);
	     key && r == 0;) {
		const struct cfs_json_node *value =
			cfs_json_next(doc, images, key);

		r = read_image(key, value, c, err);
		key = cfs_json_next(doc, images, value);
	}
	return r < 0 ? r : read_all_patches(doc, c, err);
}

int cfs_export_catalogue_read(struct cfs_bytes text,
			      struct cfs_export_catalogue *ret,
			      struct cfs_err *err)
{
	CFS_AUTOCATALOGUE struct cfs_export_catalogue c = { 0 };
	CFS_AUTOFREE struct cfs_json_node *nodes = NULL;
	struct cfs_json doc;
	int r;

	nodes = malloc(NODES_MAX * sizeof(*nodes));
	if (!nodes)
		return cfs_no_memory(err);
	r = cfs_json_parse_many(text, nodes, NODES_MAX, &doc, err);
	if (r == -EINVAL || r == -E2BIG)
		r = -(err->code = EBADMSG);
	if (r == 0)
		r = read_document(&doc, &c, err);
	if (r < 0)
		return cfs_ctx(err, CFS_EXPORT_JSON);
	*ret = c;
	c = (struct cfs_export_catalogue){ 0 };
	return 0;
}

/* Has a name before the one at @at the same image? */
static bool is_repeated(const struct cfs_export_catalogue *c, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (cfs_digest_equal(&c->v[i].id, &c->v[at].id))
			return true;
	return false;
}

static void write_patches(const struct cfs_export_catalogue *c,
			  struct cfs_json_writer *w)
{
	char hex[CFS_DIGEST_HEX_MAX];

	for (size_t i = 0; i < c->n; i++) {
		const struct cfs_digest *id = &c->v[i].id, *old;
		size_t at = 0;

		old = cfs_export_catalogue_next_patch(c, id, &at);
		if (!old || is_repeated(c, i))
			continue;
		cfs_digest_to_hex(id, hex);
		cfs_json_write_array(w, hex, CFS_JSON_LINES);
		for (; old; old = cfs_export_catalogue_next_patch(c, id, &at)) {
			cfs_digest_to_hex(old, hex);
			cfs_json_write_text(w, NULL, hex);
		}
		cfs_json_write_end(w);
	}
}

int cfs_export_catalogue_write(const struct cfs_export_catalogue *c,
			       struct cfs_buf *out, struct cfs_err *err)
{
	struct cfs_json_writer w = { .buf = out };
	char hex[CFS_DIGEST_HEX_MAX];
	int r;

	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_u64(&w, "version", CFS_EXPORT_VERSION);
	cfs_json_write_text(&w, "algorithm", cfs_alg_id(c->alg));
	cfs_json_write_object(&w, "images", CFS_JSON_LINES);
	for (size_t i = 0; i < c->n; i++) {
		cfs_digest_to_hex(&c->v[i].id, hex);
		cfs_json_write_text(&w, c->v[i].name, hex);
	}
	cfs_json_write_end(&w);
	cfs_json_write_object(&w, "patches", CFS_JSON_LINES);
	write_patches(c, &w);
	cfs_json_write_end(&w);
	cfs_json_write_end(&w);
	r = cfs_json_write_finish(&w, err);
	if (r == 0 && out->len > CFS_EXPORT_JSON_MAX)
		r = cfs_fail(err, EFBIG, "%zu bytes; the maximum is %u",
			     out->len, CFS_EXPORT_JSON_MAX);
	return r < 0 ? cfs_ctx(err, CFS_EXPORT_JSON) : 0;
}
