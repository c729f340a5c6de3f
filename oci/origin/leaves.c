/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/leaves.h"

#include <string.h>

#include "oci/json_doc.h"
#include "oci/origin/origin_ops.h"

struct walk {
	struct cfs_origin *origin;
	struct cfs_oci_leaves *to;
	bool is_over; /* an error is not about one entry */
};

/* An index that is being read. */
struct level {
	struct walk *walk;
	const char *tag; /* of the entry of index.json above; "" */
	bool is_layout;	 /* it is index.json itself */
	int depth;
};

void cfs_oci_leaves_free(struct cfs_oci_leaves *leaves)
{
	cfs_vec_free(leaves);
	cfs_buf_free(&leaves->top);
	*leaves = (struct cfs_oci_leaves){ 0 };
}

/* Ends the walk. */
static int over(struct walk *w, int r)
{
	w->is_over = true;
	return r;
}

/* An error that has to do with one entry lets the walk go on. */
static int pass_over(struct walk *w, const struct cfs_err *why,
		     struct cfs_err *err)
{
	if (why->code == ENOMEM || why->code == ELIBACC) {
		*err = *why;
		return over(w, -why->code);
	}
	if (w->to->passed_over.code == 0)
		w->to->passed_over = *why;
	return 0;
}

static int count_document(struct walk *w, struct cfs_err *err)
{
	if (w->to->n_documents++ < CFS_ORIGIN_DOCUMENTS_MAX)
		return 0;
	return over(w, cfs_fail(err, EFBIG,
				"%s leads to over %d indexes, or manifests of "
				"unknown platforms",
				w->origin->place, CFS_ORIGIN_DOCUMENTS_MAX));
}

/* BuildKit lists its attestations, which are no images, as manifests for an
 * unknown platform. */
static bool is_unknown(const struct cfs_oci_descriptor *d)
{
	return d->has_platform && (strcmp(d->platform.os, "unknown") == 0 ||
				   strcmp(d->platform.arch, "unknown") == 0);
}

static struct cfs_oci_leaf *find_leaf(struct cfs_oci_leaves *to,
				      const struct cfs_oci_id *id)
{
	for (size_t i = 0; i < to->n; i++)
		if (cfs_oci_id_equal(&to->v[i].d.id, id))
			return &to->v[i];
	return NULL;
}

static int add_leaf(struct walk *w, const struct cfs_oci_descriptor *d,
		    const char *tag, struct cfs_err *err)
{
	struct cfs_oci_leaves *to = w->to;
	struct cfs_oci_leaf *leaf = find_leaf(to, &d->id);

	if (!leaf && to->n == CFS_OCI_INDEX_MAX)
		return over(w, cfs_fail(err, EFBIG,
					"%s leads to over %d manifests",
					w->origin->place, CFS_OCI_INDEX_MAX));
	if (!leaf) {
		leaf = cfs_vec_new(to);
		if (!leaf)
			return over(w, cfs_no_memory(err));
		leaf->d = *d;
		*leaf->d.tag = '\0';
	}
	if (!*leaf->d.tag)
		strcpy(leaf->d.tag, tag);
	return 0;
}

static int take_entry(void *ctx, const struct cfs_oci_descriptor *d,
		      const struct cfs_err *why, struct cfs_err *err);

/* Reads the index @d that is an entry of @from. */
static int take_index(const struct level *from,
		      const struct cfs_oci_descriptor *d, const char *tag,
		      struct cfs_err *err)
{
	struct level level = { .walk = from->walk,
			       .tag = tag,
			       .depth = from->depth + 1 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_err why = { 0 };
	int r = count_document(from->walk, err);

	if (r < 0)
		return r;
	if (level.depth > CFS_ORIGIN_DEPTH_MAX)
		r = cfs_fail(&why, ELOOP,
			     "indexes over %d below one another are not "
			     "supported",
			     CFS_ORIGIN_DEPTH_MAX);
	if (r == 0)
		r = cfs_origin_manifest(from->walk->origin, &d->id, d->size,
					&text, &why);
	if (r == 0)
		r = cfs_oci_index_each(cfs_buf_bytes(&text), take_entry, &level,
				       &why);
	if (r == 0)
		return 0;
	if (from->walk->is_over) {
		*err = why;
		return r;
	}
	(void)cfs_ctx(&why, "index %s", d->id.text);
	return pass_over(from->walk, &why, err);
}

static int take_entry(void *ctx, const struct cfs_oci_descriptor *d,
		      const struct cfs_err *why, struct cfs_err *err)
{
	const struct level *level = ctx;
	struct walk *w = level->walk;
	const char *want = w->origin->tag;
	struct cfs_err other = { 0 };

	if (!d)
		return pass_over(w, why, err);
	if (level->is_layout && want && strcmp(d->tag, want) != 0)
		return 0;
	if (level->is_layout)
		w->to->n_entries++;
	if (is_unknown(d))
		return 0;
	switch (cfs_oci_kind_of(d->media_type)) {
	case CFS_OCI_INDEX:
		return take_index(level, d,
				  level->is_layout ? d->tag : level->tag, err);
	case CFS_OCI_MANIFEST:
		return add_leaf(w, d, level->is_layout ? d->tag : level->tag,
				err);
	default:
		(void)cfs_fail(&other, EINVAL,
			       "%s: media type '%s' is not that of a manifest",
			       d->id.text, d->media_type);
		return pass_over(w, &other, err);
	}
}

/* Takes the document that the reference itself leads to: an index or a
 * manifest. */
static int take_top(struct walk *w, struct cfs_err *err)
{
	struct cfs_oci_leaves *to = w->to;
	struct level level = { .walk = w, .tag = "" };
	struct cfs_oci_descriptor d = { .size = to->top.len };
	struct cfs_bytes text = cfs_buf_bytes(&to->top);
	int r = cfs_oci_document_kind(text, err);

	if (r == CFS_OCI_INDEX)
		return cfs_oci_index_each(text, take_entry, &level, err);
	d.id = to->top_id;
	return r < 0 ? r : add_leaf(w, &d, "", err);
}

static int read_top(struct walk *w, struct cfs_err *err)
{
	struct cfs_origin *o = w->origin;
	struct cfs_oci_leaves *to = w->to;
	int r = o->ops->has_index
			? cfs_origin_manifest(o, &o->id, CFS_OCI_SIZE_ANY,
					      &to->top, err)
			: o->ops->first(o, &to->top, err);

	to->top_id = o->id;
	if (r == 0 && o->has_id)
		r = cfs_origin_check(&o->id, CFS_OCI_SIZE_ANY,
				     cfs_buf_bytes(&to->top), err);
	else if (r == 0)
		r = cfs_oci_id_of_bytes(CFS_CONTENT_SHA256,
					cfs_buf_bytes(&to->top), &to->top_id,
					err);
	if (r == 0)
		r = take_top(w, err);
	return r;
}

static int read_layout(struct walk *w, struct cfs_err *err)
{
	struct level level = { .walk = w, .tag = "", .is_layout = true };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = w->origin->ops->first(w->origin, &text, err);

	if (r == 0) {
		r = cfs_oci_index_each(cfs_buf_bytes(&text), take_entry, &level,
				       err);
		if (r < 0 && !w->is_over)
			return cfs_ctx(err, "%s: index.json", w->origin->place);
	}
	return r;
}

int cfs_oci_leaf_read(struct cfs_origin *origin,
		      const struct cfs_oci_leaves *leaves,
		      const struct cfs_oci_leaf *leaf, struct cfs_buf *ret,
		      struct cfs_err *err)
{
	/* The document at the top was read already. */
	if (leaves->top.len > 0 &&
	    cfs_oci_id_equal(&leaf->d.id, &leaves->top_id)) {
		cfs_buf_add(ret, leaves->top.data, leaves->top.len);
		return cfs_buf_check(ret, err);
	}
	return cfs_origin_manifest(origin, &leaf->d.id, leaf->d.size, ret, err);
}

/* Reads the platform of the image @m from its configuration. */
static int read_config(struct walk *w, const struct cfs_oci_manifest *m,
		       struct cfs_oci_leaf *leaf, struct cfs_err *err)
{
	CFS_AUTOCONFIG struct cfs_oci_config config = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = cfs_origin_use(w->origin, &leaf->d.id, err);

	if (r == 0)
		r = cfs_origin_read(w->origin, &m->config.id, m->config.size,
				    CFS_OCI_JSON_MAX, &text, err);
	if (r == 0)
		r = cfs_oci_config_parse(cfs_buf_bytes(&text), &config, err);
	if (r < 0)
		return cfs_ctx(err, "its configuration");
	leaf->d.has_platform = true;
	leaf->d.platform = config.platform;
	leaf->is_image = true;
	return 0;
}

/* Finds out what @leaf is. */
static int look_at(struct walk *w, struct cfs_oci_leaf *leaf,
		   struct cfs_err *err)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = cfs_oci_leaf_read(w->origin, w->to, leaf, &text, err);

	if (r == 0)
		r = cfs_oci_manifest_parse(cfs_buf_bytes(&text), &m, err);
	if (r == 0 && cfs_oci_manifest_is_container(&m))
		r = read_config(w, &m, leaf, err);
	return r < 0 ? cfs_ctx(err, "manifest %s", leaf->d.id.text) : 0;
}

/* An entry with a platform is an image; the others are looked at. */
static int resolve(struct walk *w, struct cfs_err *err)
{
	for (size_t i = 0; i < w->to->n; i++) {
		struct cfs_oci_leaf *leaf = &w->to->v[i];
		struct cfs_err why = { 0 };
		int r;

		leaf->is_image = leaf->is_readable = leaf->d.has_platform;
		if (leaf->is_image)
			continue;
		r = count_document(w, err);
		if (r < 0)
			return r;
		leaf->is_readable = look_at(w, leaf, &why) == 0;
		r = leaf->is_readable ? 0 : pass_over(w, &why, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int cfs_oci_leaves_find(struct cfs_origin *origin, struct cfs_oci_leaves *ret,
			struct cfs_err *err)
{
	CFS_AUTOLEAVES struct cfs_oci_leaves leaves = { 0 };
	struct walk w = { .origin = origin, .to = &leaves };
	int r = origin->ops->has_index && !origin->has_id ? read_layout(&w, err)
							  : read_top(&w, err);

	if (r == 0)
		r = resolve(&w, err);
	if (r < 0)
		return r;
	*ret = leaves;
	leaves = (struct cfs_oci_leaves){ 0 };
	return 0;
}
