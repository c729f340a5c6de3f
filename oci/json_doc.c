/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/json_doc.h"

#include <string.h>

#include "base/json_many.h"

#define NODES_FIRST 512

int cfs_json_doc_parse(struct cfs_bytes text, struct cfs_json_doc *ret,
		       struct cfs_err *err)
{
	CFS_AUTOFREE struct cfs_json_node *nodes = NULL;
	struct cfs_json json;
	unsigned max = NODES_FIRST;
	int r;

	if (text.len > CFS_OCI_JSON_MAX)
		return cfs_fail(err, EFBIG,
				"%zu bytes of JSON; the maximum is %u",
				text.len, CFS_OCI_JSON_MAX);
	/* Most documents are small: room for the largest is not taken at
	 * once. */
	for (;;) {
		free(nodes);
		nodes = calloc(max, sizeof(*nodes));
		if (!nodes)
			return cfs_no_memory(err);
		r = cfs_json_parse_many(text, nodes, max, &json, err);
		if (r != -E2BIG || max >= CFS_OCI_JSON_NODES_MAX)
			break;
		max *= 16;
	}
	if (r == -E2BIG)
		return cfs_fail(err, EFBIG,
				"over %u values of JSON are not supported",
				CFS_OCI_JSON_NODES_MAX);
	if (r < 0)
		return r;
	if (json.nodes[0].kind != CFS_JSON_OBJECT)
		return cfs_fail(err, EINVAL, "the JSON is no object");
	ret->json = json;
	ret->nodes = cfs_steal_ptr(&nodes);
	return 0;
}

void cfs_json_doc_free(struct cfs_json_doc *doc)
{
	free(doc->nodes);
	doc->nodes = NULL;
}

const struct cfs_json_node *cfs_json_doc_root(const struct cfs_json_doc *doc)
{
	return &doc->nodes[0];
}

int cfs_json_doc_get(const struct cfs_json_doc *doc,
		     const struct cfs_json_node *in, const char *name,
		     enum cfs_json_kind kind, const struct cfs_json_node **ret,
		     struct cfs_err *err)
{
	const struct cfs_json_node *node = cfs_json_get(&doc->json, in, name);
	static const char *const kinds[] = {
		[CFS_JSON_NUMBER] = "a number",
		[CFS_JSON_STRING] = "a string",
		[CFS_JSON_ARRAY] = "an array",
		[CFS_JSON_OBJECT] = "an object",
	};

	if (!node || node->kind == CFS_JSON_NULL)
		return 0;
	if (node->kind != kind)
		return cfs_fail(err, EINVAL, "the member '%s' is not %s", name,
				kinds[kind]);
	*ret = node;
	return 1;
}

int cfs_json_doc_text(const struct cfs_json_doc *doc,
		      const struct cfs_json_node *in, const char *name,
		      char *ret, size_t size, struct cfs_err *err)
{
	const struct cfs_json_node *node = NULL;
	int r = cfs_json_doc_get(doc, in, name, CFS_JSON_STRING, &node, err);

	if (r == 0)
		*ret = '\0';
	if (r > 0 && !cfs_json_string(node, ret, size))
		return cfs_fail(err, EINVAL,
				"the member '%s' is longer than %zu bytes",
				name, size - 1);
	return r < 0 ? r : 0;
}

int cfs_json_doc_id(const struct cfs_json_doc *doc,
		    const struct cfs_json_node *in, const char *name,
		    struct cfs_oci_id *ret, struct cfs_err *err)
{
	const struct cfs_json_node *node = NULL;
	int r = cfs_json_doc_get(doc, in, name, CFS_JSON_STRING, &node, err);

	if (r == 0)
		return cfs_fail(err, EINVAL, "the member '%s' is missing",
				name);
	/* Raw, as no character of a digest needs an escape. */
	if (r > 0)
		r = cfs_oci_id_parse(node->raw, ret, err);
	return r < 0 ? cfs_ctx(err, "member '%s'", name) : 0;
}
