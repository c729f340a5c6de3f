/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/referrers.h"

#include <string.h>

#include "oci/origin/origin_ops.h"

/* Characters of a digest that are in the tag of its referrers.
 * Source: distribution specification, "Referrers Tag Schema". */
#define TAG_HEX 64

struct gather {
	struct cfs_origin *origin;
	const struct cfs_oci_id *subject;
	char tag[CFS_OCI_TAG_MAX];
	struct cfs_oci_referrers *to;
	size_t n_read;
	struct cfs_oci_descriptor index; /* with that tag, in index.json */
	bool has_index;
	/* The entries are those of a list of referrers. */
	bool is_listed;
};

void cfs_oci_referrers_free(struct cfs_oci_referrers *list)
{
	cfs_oci_descriptors_free(&list->found);
	cfs_vec_free(&list->skipped);
	cfs_vec_free(&list->listed);
}

int cfs_oci_referrers_skip(struct cfs_oci_referrers *list,
			   enum cfs_oci_skip why, const struct cfs_oci_id *id,
			   const char *detail, struct cfs_err *err)
{
	struct cfs_oci_skipped *one = cfs_vec_new(&list->skipped);

	if (!one)
		return cfs_no_memory(err);
	one->why = why;
	if (id)
		one->id = *id;
	snprintf(one->detail, sizeof(one->detail), "%s", detail);
	return 0;
}

void cfs_oci_skipped_text(const struct cfs_oci_skipped *skipped,
			  char ret[static CFS_OCI_SKIPPED_MAX])
{
	static const char *const texts[] = {
		[CFS_OCI_SKIP_ENTRY] = "its entry in the index is malformed",
		[CFS_OCI_SKIP_KIND] = "it is no artifact",
		[CFS_OCI_SKIP_MISSING] = "a part of it is missing",
		[CFS_OCI_SKIP_DIGEST] = "it is not what its digest says",
		[CFS_OCI_SKIP_CONTENT] = "its manifest is malformed",
		[CFS_OCI_SKIP_SUBJECT] = "it is about another image",
		[CFS_OCI_SKIP_READ] = "it cannot be read",
		[CFS_OCI_SKIP_LIMIT] = "there are more than are taken",
		[CFS_OCI_SKIP_SIZE] = "it is larger than what is taken",
	};
	const char *id = *skipped->id.text ? skipped->id.text
					   : "(without a digest)";

	snprintf(ret, CFS_OCI_SKIPPED_MAX,
		 skipped->is_unknown ? "manifest %s, which is perhaps an "
				       "artifact about the image, is left out: "
				       "%s%s%s"
				     : "artifact %s about the image is left "
				       "out: %s%s%s",
		 id, texts[skipped->why], *skipped->detail ? ": " : "",
		 skipped->detail);
}

/* @detail: "" or what is wrong more closely. */
static int skip(struct gather *g, enum cfs_oci_skip why,
		const struct cfs_oci_descriptor *d, const char *detail,
		struct cfs_err *err)
{
	return cfs_oci_referrers_skip(g->to, why, d ? &d->id : NULL, detail,
				      err);
}

/* Skips what may be anything, unless its list is one of artifacts alone. */
static int skip_unknown(struct gather *g, enum cfs_oci_skip why,
			const struct cfs_oci_descriptor *d, const char *detail,
			struct cfs_err *err)
{
	int r = skip(g, why, d, detail, err);

	if (r == 0)
		g->to->skipped.v[g->to->skipped.n - 1].is_unknown =
			!g->is_listed;
	return r;
}

static int add(struct gather *g, const struct cfs_oci_descriptor *d,
	       const char *artifact_type, struct cfs_err *err)
{
	struct cfs_oci_descriptors *to = &g->to->found;
	struct cfs_oci_descriptor *one;

	if (to->n == CFS_OCI_REFERRERS_MAX)
		return skip(g, CFS_OCI_SKIP_LIMIT, d, "", err);
	one = cfs_vec_new(to);
	if (!one)
		return cfs_no_memory(err);
	one->id = d->id;
	one->size = d->size;
	strcpy(one->media_type, d->media_type);
	strcpy(one->artifact_type, artifact_type);
	return 0;
}

static bool is_known(const struct gather *g, const struct cfs_oci_id *id)
{
	const struct cfs_oci_referrers *to = g->to;

	for (size_t i = 0; i < to->found.n; i++)
		if (cfs_oci_id_equal(&to->found.v[i].id, id))
			return true;
	for (size_t i = 0; i < to->skipped.n; i++)
		if (cfs_oci_id_equal(&to->skipped.v[i].id, id))
			return true;
	return false;
}

static enum cfs_oci_skip reason_of(int code)
{
	switch (code) {
	case ENOENT:
		return CFS_OCI_SKIP_MISSING;
	case EBADMSG:
		return CFS_OCI_SKIP_DIGEST;
	case EFBIG:
		return CFS_OCI_SKIP_CONTENT;
	default:
		return CFS_OCI_SKIP_READ;
	}
}

/* Reads the document @d.  Returns 1, or 0 when it was skipped. */
static int read_document(struct gather *g, const struct cfs_oci_descriptor *d,
			 struct cfs_buf *ret, struct cfs_err *err)
{
	struct cfs_err why = { 0 };
	int r;

	if (g->n_read++ >= CFS_ORIGIN_DOCUMENTS_MAX)
		return skip_unknown(g, CFS_OCI_SKIP_LIMIT, d, "", err);
	r = cfs_origin_manifest(g->origin, &d->id, d->size, ret, &why);
	if (r == -ENOMEM || r == -ELIBACC) {
		*err = why;
		return r;
	}
	return r < 0 ? skip_unknown(g, reason_of(-r), d, why.msg, err) : 1;
}

/* Looks whether @subject is what the manifest @d is about. */
static int look_at(struct gather *g, const struct cfs_oci_descriptor *d,
		   struct cfs_err *err)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_err why = { 0 };
	int r = read_document(g, d, &text, err);

	if (r <= 0)
		return r;
	if (cfs_oci_manifest_parse(cfs_buf_bytes(&text), &m, &why) < 0)
		return skip_unknown(g, CFS_OCI_SKIP_CONTENT, d, why.msg, err);
	if (m.has_subject && cfs_oci_id_equal(&m.subject.id, g->subject))
		return add(g, d,
			   *m.artifact_type ? m.artifact_type
					    : m.config.media_type,
			   err);
	/* In index.json, manifests about other images are no fault. */
	return g->is_listed ? skip(g, CFS_OCI_SKIP_SUBJECT, d, "", err) : 0;
}

/* Takes an entry of index.json. */
static int take_entry(void *ctx, const struct cfs_oci_descriptor *d,
		      const struct cfs_err *why, struct cfs_err *err)
{
	enum cfs_oci_kind kind = d ? cfs_oci_kind_of(d->media_type)
				   : CFS_OCI_OTHER;
	struct gather *g = ctx;

	if (!d)
		return skip_unknown(g, CFS_OCI_SKIP_ENTRY, NULL, why->msg, err);
	if (kind == CFS_OCI_INDEX && strcmp(d->tag, g->tag) == 0) {
		g->index = *d;
		g->has_index = true;
	}
	if (kind != CFS_OCI_MANIFEST || cfs_oci_id_equal(&d->id, g->subject) ||
	    is_known(g, &d->id))
		return 0;
	return look_at(g, d, err);
}

/* Takes an entry of an index of referrers. */
static int take_listed(void *ctx, const struct cfs_oci_descriptor *d,
		       const struct cfs_err *why, struct cfs_err *err)
{
	struct gather *g = ctx;

	if (!d)
		return skip(g, CFS_OCI_SKIP_ENTRY, NULL, why->msg, err);
	if (is_known(g, &d->id))
		return 0;
	if (cfs_oci_kind_of(d->media_type) != CFS_OCI_MANIFEST)
		return skip(g, CFS_OCI_SKIP_KIND, d, d->media_type, err);
	/* Those of a registry are read when they are pulled. */
	return g->origin->ops->tagged ? add(g, d, d->artifact_type, err)
				      : look_at(g, d, err);
}

static int gather_layout(struct gather *g, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 }, list = { 0 };
	int r = g->origin->ops->first(g->origin, &text, err);

	if (r == 0)
		r = cfs_oci_index_each(cfs_buf_bytes(&text), take_entry, g,
				       err);
	if (r < 0 || !g->has_index)
		return r;
	g->is_listed = true;
	r = read_document(g, &g->index, &list, err);
	if (r > 0)
		r = cfs_oci_index_each(cfs_buf_bytes(&list), take_listed, g,
				       err);
	return r;
}

static int gather_registry(struct gather *g, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf list = { 0 };
	int r = g->origin->ops->tagged(g->origin, g->tag, &list, err);

	if (r > 0)
		r = cfs_oci_index_each(cfs_buf_bytes(&list), take_listed, g,
				       err);
	return r < 0 ? cfs_ctx(err, "referrers by the tag %s", g->tag) : 0;
}

void cfs_oci_referrers_tag(const struct cfs_oci_id *subject,
			   char ret[static CFS_OCI_TAG_MAX])
{
	snprintf(ret, CFS_OCI_TAG_MAX, "%s-%.*s",
		 cfs_content_hash_name(subject->alg), TAG_HEX,
		 cfs_oci_id_hex(subject));
}

int cfs_origin_referrers(struct cfs_origin *origin,
			 const struct cfs_oci_id *subject,
			 struct cfs_oci_referrers *ret, struct cfs_err *err)
{
	CFS_AUTOREFERRERS struct cfs_oci_referrers list = { 0 };
	struct gather g = { .origin = origin, .subject = subject, .to = &list };
	int r = 0;

	cfs_oci_referrers_tag(subject, g.tag);
	if (origin->ops->has_index)
		r = gather_layout(&g, err);
	else if (origin->ops->tagged)
		r = gather_registry(&g, err);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct cfs_oci_referrers){ 0 };
	return 0;
}
