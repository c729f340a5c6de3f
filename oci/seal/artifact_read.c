/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads artifacts with digests and signatures.  In those of today, an entry
 * has one annotation, whose key tells role and algorithm (oci/seal/key.h).
 * Two forms of drafts have an annotation for the role and one for the digest,
 * and name the algorithm once for all entries.
 */
#include <string.h>

#include "fsverity/signature.h"
#include "oci/json_doc.h"
#include "oci/seal/artifact.h"

#define EMPTY_TYPE "application/vnd.oci.empty.v1+json"
#define EROFS_TYPE "application/vnd.composefs.v1.erofs"

#define DRAFT_ROLE   "composefs.signature.type"
#define DRAFT_DIGEST "composefs.digest"
#define DRAFT_ALG    "composefs.algorithm"

static const char *const types[] = {
	[CFS_SEAL_METADATA] = CFS_SEAL_TYPE,
	[CFS_SEAL_ALONGSIDE] = "application/vnd.composefs.erofs-alongside.v1",
	[CFS_SEAL_CANONICAL] = "application/vnd.composefs.canonical.v1",
};

bool cfs_seal_form_of(const char *type, enum cfs_seal_form *ret)
{
	for (unsigned i = 0; i < CFS_ARRAY_SIZE(types); i++) {
		if (strcmp(types[i], type) != 0)
			continue;
		if (ret)
			*ret = (enum cfs_seal_form)i;
		return true;
	}
	return false;
}

/* An artifact that is being read. */
struct reading {
	struct cfs_json_doc doc;
	struct cfs_seal_artifact *to;
	enum cfs_seal_role last; /* of the entries so far; to->n of them */
	bool has_alg;		 /* to->alg is known */
	bool other_alg;		 /* an entry was skipped for its algorithm */
	size_t layers;		 /* entries of single layers so far */
};

static int set_alg(struct reading *r, enum cfs_alg alg, struct cfs_err *err)
{
	if (r->has_alg && r->to->alg != alg)
		return cfs_fail(err, EINVAL,
				"its algorithm is %s, that of entries before "
				"it %s: an artifact has one",
				cfs_alg_id(alg), cfs_alg_id(r->to->alg));
	r->to->alg = alg;
	r->has_alg = true;
	return 0;
}

static int read_digest(const struct reading *r,
		       const struct cfs_json_node *value,
		       struct cfs_digest *ret, struct cfs_err *err)
{
	const struct cfs_bytes none = { NULL, 0 };
	bool text = value->kind == CFS_JSON_STRING;

	return cfs_seal_digest_parse(text ? value->raw : none, r->to->alg, ret,
				     err);
}

/* The one annotation of an entry that begins with "composefs.". */
struct key {
	enum cfs_seal_key_kind kind;
	enum cfs_seal_role role;
	enum cfs_alg alg;
	const struct cfs_json_node *value;
};

static int find_key(const struct reading *r, const struct cfs_json_node *in,
		    struct key *ret, struct cfs_err *err)
{
	const struct cfs_json *json = &r->doc.json;
	const struct cfs_json_node *name, *value;

	ret->kind = CFS_SEAL_KEY_FOREIGN;
	for (name = cfs_json_first(json, in); name;
	     name = cfs_json_next(json, in, value)) {
		struct key key = { .kind = CFS_SEAL_KEY_FOREIGN };

		value = cfs_json_next(json, in, name);
		key.value = value;
		/* Keys are compared as they are written: others might read an
		 * escaped one as one of these. */
		if (name->raw.len &&
		    memchr(name->raw.data, '\\', name->raw.len))
			return cfs_fail(err, EINVAL,
					"the key of an annotation is written "
					"with escapes");
		key.kind = cfs_seal_key_parse(name->raw, &key.role, &key.alg);
		if (key.kind == CFS_SEAL_KEY_FOREIGN)
			continue;
		if (ret->kind != CFS_SEAL_KEY_FOREIGN)
			return cfs_fail(err, EINVAL,
					"it has several composefs "
					"annotations: an entry has one");
		*ret = key;
	}
	if (ret->kind == CFS_SEAL_KEY_SIG)
		return cfs_fail(err, EINVAL,
				"it has a signature as an annotation: in an "
				"artifact it is the blob");
	if (ret->kind == CFS_SEAL_KEY_FOREIGN)
		return cfs_fail(err, EINVAL,
				"it has no annotation with a composefs digest");
	return 0;
}

/* Reads role and digest from the key of the annotation.  Returns 1, or 0 to
 * skip the entry. */
static int read_key(struct reading *r, const struct cfs_json_node *annotations,
		    struct cfs_seal_entry *ret, struct cfs_err *err)
{
	struct key key = { .kind = CFS_SEAL_KEY_FOREIGN };
	int c = find_key(r, annotations, &key, err);

	if (c < 0)
		return c;
	if (key.kind == CFS_SEAL_KEY_ALG)
		r->other_alg = true;
	if (key.kind != CFS_SEAL_KEY_DIGEST)
		return 0;
	ret->role = key.role;
	c = set_alg(r, key.alg, err);
	if (c == 0)
		c = read_digest(r, key.value, &ret->digest, err);
	return c < 0 ? c : 1;
}

/* Reads role and digest as the drafts had them, which knew no bootable
 * images. */
static int read_draft(struct reading *r,
		      const struct cfs_json_node *annotations,
		      struct cfs_seal_entry *ret, struct cfs_err *err)
{
	const struct cfs_json_node *role, *digest;
	const struct cfs_json_doc *doc = &r->doc;
	int c = cfs_json_doc_get(doc, annotations, DRAFT_ROLE, CFS_JSON_STRING,
				 &role, err);

	if (c == 0)
		return cfs_fail(err, EINVAL,
				"it has no annotation " DRAFT_ROLE);
	if (c > 0 && (!cfs_seal_role_find(role->raw, &ret->role) ||
		      ret->role == CFS_SEAL_BOOTABLE))
		return cfs_fail(err, EINVAL,
				DRAFT_ROLE " is none of manifest, config, "
					   "layer and merged");
	if (c > 0)
		c = cfs_json_doc_get(doc, annotations, DRAFT_DIGEST,
				     CFS_JSON_STRING, &digest, err);
	if (c == 0)
		return cfs_fail(err, EINVAL,
				"it has no annotation " DRAFT_DIGEST);
	if (c > 0)
		c = read_digest(r, digest, &ret->digest, err);
	return c < 0 ? c : 1;
}

static int read_blob(const struct cfs_oci_descriptor *d,
		     struct cfs_seal_entry *ret, struct cfs_err *err)
{
	struct cfs_oci_id empty;

	ret->blob = d->id;
	ret->size = d->size;
	ret->is_signed = strcmp(d->media_type, CFS_SEAL_BLOB) == 0 && d->size;
	if (d->size > CFS_SIGNATURE_MAX)
		return cfs_fail(err, EFBIG,
				"its signature has %llu bytes; the maximum is "
				"%d",
				(unsigned long long)d->size, CFS_SIGNATURE_MAX);
	if (ret->is_signed)
		return 0;
	/* Without a signature, the blob is empty or the empty JSON object. */
	if (d->size)
		cfs_seal_empty_config(&empty);
	else
		cfs_seal_empty_blob(&empty);
	if (!cfs_oci_id_equal(&empty, &d->id) ||
	    (d->size && d->size != strlen(CFS_SEAL_CONFIG_TEXT)))
		return cfs_fail(err, EINVAL,
				"it is not signed, but its blob is not empty");
	return 0;
}

static int check_order(struct reading *r, struct cfs_seal_entry *entry,
		       struct cfs_err *err)
{
	bool layer = entry->role == CFS_SEAL_LAYER;

	if (r->to->n > 0 && entry->role == r->last && !layer)
		return cfs_fail(err, EINVAL,
				"it is the second entry of role %s",
				cfs_seal_role_name(entry->role));
	if (r->to->n > 0 && entry->role < r->last)
		return cfs_fail(err, EINVAL,
				"an entry of role %s follows one of role %s",
				cfs_seal_role_name(entry->role),
				cfs_seal_role_name(r->last));
	r->last = entry->role;
	entry->layer = layer ? r->layers++ : 0;
	return 0;
}

/* Is it one of the images that CFS_SEAL_ALONGSIDE has before signatures? */
static bool is_erofs(const struct reading *r,
		     const struct cfs_oci_descriptor *d)
{
	return r->to->form == CFS_SEAL_ALONGSIDE && r->to->n == 0 &&
	       strcmp(d->media_type, EROFS_TYPE) == 0;
}

static bool may_be_entry(const struct reading *r,
			 const struct cfs_oci_descriptor *d)
{
	return strcmp(d->media_type, CFS_SEAL_BLOB) == 0 ||
	       (r->to->form == CFS_SEAL_METADATA && d->size != 0 &&
		strcmp(d->media_type, EMPTY_TYPE) == 0);
}

static int read_entry(struct reading *r, const struct cfs_json_node *node,
		      const struct cfs_oci_descriptor *d, struct cfs_err *err)
{
	struct cfs_seal_entry entry = { 0 };
	const struct cfs_json_node *annotations;
	int c;

	if (is_erofs(r, d))
		return 0;
	if (!may_be_entry(r, d))
		return cfs_fail(err, EINVAL,
				"its media type '%s' is not that of a "
				"signature",
				d->media_type);
	c = cfs_json_doc_get(&r->doc, node, "annotations", CFS_JSON_OBJECT,
			     &annotations, err);
	if (c == 0)
		return cfs_fail(err, EINVAL, "it has no annotations");
	if (c > 0)
		c = r->to->form == CFS_SEAL_METADATA
			    ? read_key(r, annotations, &entry, err)
			    : read_draft(r, annotations, &entry, err);
	if (c == 0)
		r->to->n_skipped++;
	if (c > 0)
		c = read_blob(d, &entry, err);
	else
		return c;
	if (c == 0)
		c = check_order(r, &entry, err);
	if (c == 0)
		r->to->v[r->to->n++] = entry;
	return c;
}

static int read_entries(struct reading *r, const struct cfs_oci_manifest *m,
			struct cfs_err *err)
{
	const struct cfs_json_node *list, *node;
	const struct cfs_json *json = &r->doc.json;
	size_t i = 0;

	/* cfs_oci_manifest_parse() saw that it is an array. */
	list = cfs_json_get(json, cfs_json_doc_root(&r->doc), "layers");
	if (m->layers.n > CFS_SEAL_ENTRIES_MAX)
		return cfs_fail(err, EFBIG, "%zu entries; the maximum is %d",
				m->layers.n, CFS_SEAL_ENTRIES_MAX);
	for (node = cfs_json_first(json, list); node;
	     node = cfs_json_next(json, list, node), i++)
		if (read_entry(r, node, &m->layers.v[i], err) < 0)
			return cfs_ctx(err, "layers[%zu]", i);
	return 0;
}

/* A draft names its algorithm once, for the whole artifact. */
static int read_draft_alg(struct reading *r, struct cfs_err *err)
{
	const struct cfs_json_doc *doc = &r->doc;
	const struct cfs_json_node *annotations = NULL;
	char text[32] = "";
	enum cfs_alg alg;
	int c = cfs_json_doc_get(doc, cfs_json_doc_root(doc), "annotations",
				 CFS_JSON_OBJECT, &annotations, err);

	if (c > 0)
		c = cfs_json_doc_text(doc, annotations, DRAFT_ALG, text,
				      sizeof(text), err);
	if (c == 0 && !*text)
		return cfs_fail(err, EINVAL,
				"the annotation " DRAFT_ALG " is missing");
	if (c == 0)
		c = cfs_alg_from_id(text, &alg, err);
	return c < 0 ? cfs_ctx(err, DRAFT_ALG) : set_alg(r, alg, err);
}

static int check_whole(const struct reading *r, struct cfs_err *err)
{
	for (unsigned i = 0; i < r->to->n; i++)
		if (r->to->v[i].role == CFS_SEAL_MERGED)
			return 0;
	if (r->to->n == 0 && r->other_alg)
		return cfs_fail(err, EOPNOTSUPP,
				"unsupported block size or hash: its digests "
				"are neither sha256-12 nor sha512-12");
	return cfs_fail(err, EINVAL, "there is no entry of role merged");
}

static int read_all(struct reading *r, const struct cfs_oci_manifest *m,
		    struct cfs_err *err)
{
	int c = 0;

	if (!m->has_subject)
		return cfs_fail(err, EINVAL, "the member 'subject' is missing");
	r->to->subject = m->subject;
	if (r->to->form != CFS_SEAL_METADATA)
		c = read_draft_alg(r, err);
	if (c == 0)
		c = read_entries(r, m, err);
	return c < 0 ? c : check_whole(r, err);
}

int cfs_seal_artifact_read(struct cfs_bytes text, struct cfs_seal_artifact *ret,
			   struct cfs_err *err)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	struct cfs_seal_artifact artifact = { 0 };
	struct reading r = { .to = &artifact };
	int c;

	if (text.len > CFS_SEAL_TEXT_MAX)
		return cfs_fail(err, EFBIG,
				"an artifact of %zu bytes; the maximum is %u",
				text.len, CFS_SEAL_TEXT_MAX);
	c = cfs_oci_manifest_parse(text, &m, err);
	if (c < 0)
		return c;
	if (!cfs_seal_form_of(m.artifact_type, &artifact.form))
		return 0;
	c = cfs_json_doc_parse(text, &r.doc, err);
	if (c == 0)
		c = read_all(&r, &m, err);
	cfs_json_doc_free(&r.doc);
	if (c < 0)
		return c;
	*ret = artifact;
	return 1;
}
