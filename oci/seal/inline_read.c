/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdlib.h>

#include "base/json_copy.h"
#include "fsverity/signature.h"
#include "keys/pem.h"
#include "oci/json_doc.h"
#include "oci/seal/inline.h"

#define BASE64_MAX ((CFS_SIGNATURE_MAX + 2) / 3 * 4)

/* The annotations about a role. */
struct claim {
	const struct cfs_json_node *digest, *sig; /* NULL: nothing */
};

struct reading {
	struct cfs_json_doc doc;
	enum cfs_alg alg;
	bool other_alg; /* there are digests of other algorithms */
	struct claim claims[CFS_SEAL_ROLES];
	struct cfs_seal_artifact *to;
	struct cfs_seal_blobs *blobs;
};

/* Takes note of the annotation @name.  @roles: those that belong in this place,
 * 1 << enum cfs_seal_role. */
static int take(struct reading *r, const struct cfs_json_node *name,
		const struct cfs_json_node *value, unsigned roles,
		struct cfs_err *err)
{
	enum cfs_seal_role role = CFS_SEAL_MANIFEST;
	enum cfs_alg alg = r->alg;
	enum cfs_seal_key_kind kind =
		cfs_seal_key_parse(name->raw, &role, &alg);

	if (kind == CFS_SEAL_KEY_FOREIGN || kind == CFS_SEAL_KEY_UNKNOWN)
		return 0;
	if (!(roles & 1u << role))
		return cfs_fail(err, EINVAL,
				"a digest of role %s does not belong there",
				cfs_seal_role_name(role));
	if (kind == CFS_SEAL_KEY_ALG || alg != r->alg)
		r->other_alg = true;
	else if (kind == CFS_SEAL_KEY_DIGEST)
		r->claims[role].digest = value;
	else
		r->claims[role].sig = value;
	return 0;
}

static int collect(struct reading *r, const struct cfs_json_node *owner,
		   const char *where, unsigned roles, struct cfs_err *err)
{
	const struct cfs_json *json = &r->doc.json;
	const struct cfs_json_node *in, *name, *value;
	int c = cfs_json_doc_get(&r->doc, owner, "annotations", CFS_JSON_OBJECT,
				 &in, err);

	if (c <= 0)
		return c < 0 ? cfs_ctx(err, "%s", where) : 0;
	for (name = cfs_json_first(json, in); name;
	     name = cfs_json_next(json, in, value)) {
		value = cfs_json_next(json, in, name);
		if (take(r, name, value, roles, err) < 0)
			return cfs_ctx(err, "%s", where);
	}
	return 0;
}

static int read_signature(const struct cfs_json_node *node, struct cfs_buf *ret,
			  struct cfs_err *err)
{
	CFS_AUTOFREE char *text = NULL;
	struct cfs_bytes bytes;

	if (node->kind != CFS_JSON_STRING)
		return cfs_fail(err, EINVAL, "the signature is no string");
	text = cfs_json_copy(node);
	if (!text)
		return cfs_no_memory(err);
	bytes = (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
	if (bytes.len > BASE64_MAX)
		return cfs_fail(err, EFBIG,
				"its signature has over %d bytes, the maximum",
				CFS_SIGNATURE_MAX);
	if (!cfs_pem_decode(bytes, ret))
		return cfs_fail(err, EINVAL,
				"the signature is not clean base64");
	return cfs_buf_check(ret, err);
}

static int add_entry(struct reading *r, enum cfs_seal_role role,
		     struct cfs_err *err)
{
	const struct claim *claim = &r->claims[role];
	struct cfs_buf *blob = &r->blobs->v[role];
	struct cfs_seal_entry *entry = &r->to->v[r->to->n];
	const struct cfs_bytes none = { NULL, 0 };
	int c = 0;

	if (!claim->digest && !claim->sig)
		return 0;
	if (!claim->digest)
		return cfs_fail(err, EINVAL, "a signature without a digest");
	*entry = (struct cfs_seal_entry){ .role = role };
	c = cfs_seal_digest_parse(claim->digest->kind == CFS_JSON_STRING
					  ? claim->digest->raw
					  : none,
				  r->alg, &entry->digest, err);
	if (c == 0 && claim->sig)
		c = read_signature(claim->sig, blob, err);
	if (c < 0)
		return c;
	entry->is_signed = blob->len > 0;
	entry->size = blob->len;
	r->to->n++;
	return cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, cfs_buf_bytes(blob),
				   &entry->blob, err);
}

static int read_all(struct reading *r, struct cfs_err *err)
{
	const struct cfs_json_node *root = cfs_json_doc_root(&r->doc);
	const struct cfs_json_node *config =
		cfs_json_get(&r->doc.json, root, "config");
	int c = collect(r, root, "annotations",
			1u << CFS_SEAL_MERGED | 1u << CFS_SEAL_BOOTABLE, err);

	if (c == 0 && config)
		c = collect(r, config, "config.annotations",
			    1u << CFS_SEAL_CONFIG, err);
	for (unsigned i = 0; c == 0 && i < CFS_SEAL_ROLES; i++)
		if (add_entry(r, (enum cfs_seal_role)i, err) < 0)
			return cfs_ctx(
				err, "%s",
				cfs_seal_role_name((enum cfs_seal_role)i));
	if (c < 0)
		return c;
	if (r->to->n == 0 && r->other_alg)
		return cfs_fail(err, EOPNOTSUPP,
				"there are digests of other algorithms only, "
				"none of %s",
				cfs_alg_id(r->alg));
	if (r->to->n > 0 && !r->claims[CFS_SEAL_MERGED].digest)
		return cfs_fail(err, EINVAL,
				"there is no digest of role "
				"merged");
	return r->to->n > 0;
}

int cfs_seal_inline_read(const struct cfs_oci_id *id, struct cfs_bytes text,
			 enum cfs_alg alg, struct cfs_seal_artifact *ret,
			 struct cfs_seal_blobs *blobs, struct cfs_err *err)
{
	struct reading r = { .alg = alg, .to = ret, .blobs = blobs };
	int c;

	*ret = (struct cfs_seal_artifact){ .form = CFS_SEAL_INLINE,
					   .alg = alg };
	ret->subject.id = *id;
	ret->subject.size = text.len;
	c = cfs_json_doc_parse(text, &r.doc, err);
	if (c == 0)
		c = read_all(&r, err);
	cfs_json_doc_free(&r.doc);
	return c;
}
