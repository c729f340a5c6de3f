/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Edits manifests and configurations.  They are not written anew from what was
 * parsed, but copied as text up to each place that changes (oci/json_edit.h):
 * members that are not known here stay as they are.
 */
#include <string.h>

#include "base/base64.h"
#include "oci/json_edit.h"
#include "oci/seal/inline.h"

/* A document that is edited. */
struct editing {
	struct cfs_json_doc doc;
	struct cfs_json_edit edit;
	const struct cfs_seal_facts *facts;
	const struct cfs_seal_blobs *blobs;
};

static int begin(struct editing *e, struct cfs_bytes text, struct cfs_buf *out,
		 struct cfs_err *err)
{
	e->edit = (struct cfs_json_edit){ .text = text, .out = out };
	return cfs_json_doc_parse(text, &e->doc, err);
}

static int end(struct editing *e, struct cfs_err *err)
{
	int r = cfs_json_edit_finish(&e->edit, err);

	cfs_json_doc_free(&e->doc);
	return r;
}

/* The members of an object of annotations that is written anew. */
struct members {
	struct cfs_buf text; /* owned; behind the opening brace */
	unsigned n_dropped, n_new;
};

static void add_comma(struct members *m)
{
	if (m->text.len > 0)
		cfs_buf_addc(&m->text, ',');
}

/* Some of the characters may be written as escapes. */
static enum cfs_seal_key_kind key_kind(const struct cfs_json_node *name,
				       enum cfs_seal_role *ret_role,
				       enum cfs_alg *ret_alg)
{
	char text[2 * CFS_SEAL_KEY_MAX];
	struct cfs_bytes key = name->raw;

	if (cfs_json_string(name, text, sizeof(text)))
		key = (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
	return cfs_seal_key_parse(key, ret_role, ret_alg);
}

/* Keeps the annotations that are not written anew, such as digests of other
 * algorithms. */
static void keep(const struct editing *e, const struct cfs_json_node *in,
		 struct members *m)
{
	const struct cfs_json *json = &e->doc.json;
	const struct cfs_json_node *name, *value;

	for (name = cfs_json_first(json, in); name;
	     name = cfs_json_next(json, in, value)) {
		enum cfs_seal_role role;
		enum cfs_alg alg = e->facts->alg;
		enum cfs_seal_key_kind kind = key_kind(name, &role, &alg);
		const char *quote;

		value = cfs_json_next(json, in, name);
		if (alg == e->facts->alg &&
		    (kind == CFS_SEAL_KEY_DIGEST || kind == CFS_SEAL_KEY_SIG)) {
			m->n_dropped++;
			continue;
		}
		add_comma(m);
		quote = value->kind == CFS_JSON_STRING ? "\"" : "";
		cfs_buf_addc(&m->text, '"');
		cfs_buf_add(&m->text, name->raw.data, name->raw.len);
		cfs_buf_addf(&m->text, "\":%s", quote);
		cfs_buf_add(&m->text, value->raw.data, value->raw.len);
		cfs_buf_adds(&m->text, quote);
	}
}

static void add_digest(struct members *m, enum cfs_seal_role role,
		       const struct cfs_digest *digest,
		       const struct cfs_buf *sig)
{
	char key[CFS_SEAL_KEY_MAX], hex[CFS_DIGEST_HEX_MAX];

	add_comma(m);
	m->n_new++;
	cfs_seal_key_format(role, digest->alg, key);
	cfs_digest_to_hex(digest, hex);
	cfs_buf_addf(&m->text, "\"%s\":\"%s\"", key, hex);
	if (!sig || !sig->len)
		return;
	cfs_buf_addf(&m->text, ",\"%s.sig\":\"", key);
	cfs_base64_add(&m->text, cfs_buf_bytes(sig));
	cfs_buf_addc(&m->text, '"');
}

static void add_role(const struct editing *e, enum cfs_seal_role role,
		     struct members *m)
{
	if (e->facts->role[role].known)
		add_digest(m, role, &e->facts->role[role].digest,
			   &e->blobs->v[role]);
}

/* Puts @m in the place of the annotations of @owner, unless nothing changes. */
static void put(struct editing *e, const struct cfs_json_node *owner,
		struct members *m)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	if (m->n_new + m->n_dropped > 0) {
		cfs_buf_addc(&text, '{');
		cfs_buf_add(&text, m->text.data, m->text.len);
		cfs_buf_addc(&text, '}');
		cfs_json_edit_set(&e->edit, &e->doc.json, owner, "annotations",
				  cfs_buf_bytes(&text));
	}
	cfs_buf_free(&m->text);
}

static const struct cfs_json_node *annotations(
	const struct editing *e, const struct cfs_json_node *owner)
{
	return cfs_json_get(&e->doc.json, owner, "annotations");
}

static void edit_config(struct editing *e, const struct cfs_json_node *config)
{
	struct members m = { .n_new = 0 };

	keep(e, annotations(e, config), &m);
	add_role(e, CFS_SEAL_CONFIG, &m);
	put(e, config, &m);
}

static void edit_layers(struct editing *e, const struct cfs_json_node *list)
{
	const struct cfs_json *json = &e->doc.json;
	const struct cfs_json_node *layer;
	size_t i = 0;

	for (layer = cfs_json_first(json, list); layer;
	     layer = cfs_json_next(json, list, layer), i++) {
		const struct cfs_digest *layers = e->facts->layers;
		struct members m = { .n_new = 0 };

		keep(e, annotations(e, layer), &m);
		if (layers && i < e->facts->n_layers && layers[i].alg)
			add_digest(&m, CFS_SEAL_LAYER, &layers[i], NULL);
		put(e, layer, &m);
	}
}

static void edit_top(struct editing *e)
{
	const struct cfs_json_node *root = cfs_json_doc_root(&e->doc);
	struct members m = { .n_new = 0 };

	keep(e, annotations(e, root), &m);
	add_role(e, CFS_SEAL_MERGED, &m);
	add_role(e, CFS_SEAL_BOOTABLE, &m);
	put(e, root, &m);
}

/* Edits come in the order of the document, whose text is copied up to each. */
static void edit_all(struct editing *e, bool layers)
{
	const struct cfs_json *json = &e->doc.json;
	const struct cfs_json_node *root = cfs_json_doc_root(&e->doc);
	const struct cfs_json_node *name, *value;

	for (name = cfs_json_first(json, root); name;
	     name = cfs_json_next(json, root, value)) {
		value = cfs_json_next(json, root, name);
		if (cfs_json_is(name, "config"))
			edit_config(e, value);
		else if (cfs_json_is(name, "layers") && layers)
			edit_layers(e, value);
		else if (cfs_json_is(name, "annotations"))
			edit_top(e);
	}
	if (!annotations(e, root))
		edit_top(e);
}

/* Finds the object @name in @in; it is NULL if there is none.  A null is as
 * good as nothing: for no labels, some programs write it.  What a name with
 * escapes leads to is left alone, because no program reads it in that way. */
static int get_object(const struct editing *e, const struct cfs_json_node *in,
		      const char *name, const struct cfs_json_node **ret,
		      struct cfs_err *err)
{
	const struct cfs_json_node *spelled =
		cfs_json_edit_find(&e->doc.json, in, name);
	int r;

	*ret = NULL;
	if (!spelled)
		return 0;
	if (!cfs_json_is(spelled, name))
		return cfs_fail(err, EOPNOTSUPP,
				"the name of the member '%s' is written with "
				"escapes, as \"%.*s\": write it without them",
				name, (int)spelled->raw.len,
				(const char *)spelled->raw.data);
	r = cfs_json_doc_get(&e->doc, in, name, CFS_JSON_OBJECT, ret, err);
	if (r == 0)
		*ret = NULL;
	return r < 0 ? r : 0;
}

/* Annotations that are no objects are not replaced, but refused. */
static int check_annotations(const struct editing *e,
			     const struct cfs_json_node *owner,
			     struct cfs_err *err)
{
	const struct cfs_json_node *ignored;

	return get_object(e, owner, "annotations", &ignored, err);
}

static int check(const struct editing *e, struct cfs_err *err)
{
	const struct cfs_json *json = &e->doc.json;
	const struct cfs_json_node *root = cfs_json_doc_root(&e->doc);
	const struct cfs_json_node *list = cfs_json_get(json, root, "layers");
	const struct cfs_json_node *layer;
	int r = check_annotations(e, root, err);

	if (r == 0)
		r = check_annotations(e, cfs_json_get(json, root, "config"),
				      err);
	for (layer = cfs_json_first(json, list); r == 0 && layer;
	     layer = cfs_json_next(json, list, layer))
		r = check_annotations(e, layer, err);
	return r;
}

int cfs_seal_inline_write(struct cfs_bytes text,
			  const struct cfs_seal_facts *facts,
			  const struct cfs_seal_blobs *blobs, bool layers,
			  struct cfs_buf *out, struct cfs_err *err)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	struct editing e = { .facts = facts, .blobs = blobs };
	int r = cfs_oci_manifest_parse(text, &m, err);

	if (r == 0)
		r = begin(&e, text, out, err);
	if (r < 0)
		return r;
	r = check(&e, err);
	if (r < 0) {
		cfs_json_doc_free(&e.doc);
		return r;
	}
	edit_all(&e, layers);
	return end(&e, err);
}

static void set_label(struct editing *e, const struct cfs_json_node *config,
		      const struct cfs_json_node *labels,
		      const struct cfs_seal_label *label)
{
	const struct cfs_json *json = &e->doc.json;
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	if (labels) {
		cfs_buf_addf(&text, "\"%s\"", label->value);
		cfs_json_edit_set(&e->edit, json, labels, label->name,
				  cfs_buf_bytes(&text));
		return;
	}
	cfs_buf_addf(&text,
		     config ? "{\"%s\":\"%s\"}"
			    : "{\"Labels\":{\"%s\":\"%s\"}}",
		     label->name, label->value);
	cfs_json_edit_set(&e->edit, json,
			  config ? config : cfs_json_doc_root(&e->doc),
			  config ? "Labels" : "config", cfs_buf_bytes(&text));
}

int cfs_seal_set_label(struct cfs_bytes text,
		       const struct cfs_seal_label *label, struct cfs_buf *out,
		       struct cfs_err *err)
{
	const struct cfs_json_node *config, *labels;
	struct editing e = { .facts = NULL };
	int r = begin(&e, text, out, err);

	if (r < 0)
		return r;
	r = get_object(&e, cfs_json_doc_root(&e.doc), "config", &config, err);
	if (r == 0)
		r = get_object(&e, config, "Labels", &labels, err);
	if (r < 0) {
		cfs_json_doc_free(&e.doc);
		return r;
	}
	set_label(&e, config, labels, label);
	return end(&e, err);
}

static void set_config(struct editing *e, const struct cfs_json_node *config,
		       const struct cfs_oci_id *id, uint64_t size)
{
	const struct cfs_json *json = &e->doc.json;
	const struct cfs_json_node *digest =
		cfs_json_get(json, config, "digest");
	const struct cfs_json_node *length = cfs_json_get(json, config, "size");
	/* Edits come in the order of the document. */
	bool digest_first = digest < length;
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)size);
	if (digest_first)
		cfs_json_edit_replace(&e->edit, digest, id->text);
	cfs_json_edit_replace(&e->edit, length, text);
	if (!digest_first)
		cfs_json_edit_replace(&e->edit, digest, id->text);
}

int cfs_seal_set_config(struct cfs_bytes text, const struct cfs_oci_id *id,
			uint64_t size, struct cfs_buf *out, struct cfs_err *err)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	const struct cfs_json_node *config;
	struct editing e = { .facts = NULL };
	/* After this, config, its digest and its size are known to exist. */
	int r = cfs_oci_manifest_parse(text, &m, err);

	if (r == 0)
		r = begin(&e, text, out, err);
	if (r < 0)
		return r;
	config = cfs_json_get(&e.doc.json, cfs_json_doc_root(&e.doc), "config");
	if (cfs_json_get(&e.doc.json, config, "data")) {
		cfs_json_doc_free(&e.doc);
		return cfs_fail(err, EOPNOTSUPP,
				"the manifest has the configuration itself in "
				"it (config.data), too");
	}
	set_config(&e, config, id, size);
	return end(&e, err);
}
