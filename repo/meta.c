/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/meta.h"

#include <string.h>

#include "base/json.h"

int cfs_meta_bad_type(struct cfs_err *err, const char *name, const char *want)
{
	return cfs_fail(err, EINVAL, "member '%s' is not %s", name, want);
}

static int parse_version(const struct cfs_json *doc, unsigned *ret,
			 struct cfs_err *err)
{
	uint64_t version;

	if (!cfs_json_u64(cfs_json_get(doc, doc->nodes, "version"), &version))
		return cfs_meta_bad_type(err, "version", "an integer");
	if (version > CFS_META_VERSION)
		return cfs_fail(err, EOPNOTSUPP,
				"repository format version %llu, this program "
				"knows up to %u: use a newer one",
				(unsigned long long)version, CFS_META_VERSION);
	*ret = (unsigned)version;
	return 0;
}

static int parse_algorithm(const struct cfs_json *doc, enum cfs_alg *ret,
			   struct cfs_err *err)
{
	char id[64];

	if (!cfs_json_string(cfs_json_get(doc, doc->nodes, "algorithm"), id,
			     sizeof(id)))
		return cfs_meta_bad_type(err, "algorithm",
					 "an algorithm's name");
	return cfs_alg_from_id(id, ret, err);
}

int cfs_meta_list(const struct cfs_json *doc,
		  const struct cfs_json_node *object, const char *name,
		  const struct cfs_json_node **ret, struct cfs_err *err)
{
	const struct cfs_json_node *list = cfs_json_get(doc, object, name);

	if (list && list->kind != CFS_JSON_ARRAY)
		return cfs_meta_bad_type(err, name, "a list");
	*ret = list;
	return 0;
}

/* Every incompatible feature is unknown: the first one is an error. */
static int parse_incompat(const struct cfs_json *doc,
			  const struct cfs_json_node *list, struct cfs_err *err)
{
	const struct cfs_json_node *item = cfs_json_first(doc, list);
	char name[64] = "(unprintable)";

	if (!item)
		return 0;
	if (item->kind != CFS_JSON_STRING)
		return cfs_meta_bad_type(err, "incompatible",
					 "a list of strings");
	(void)!cfs_json_string(item, name, sizeof(name));
	return cfs_fail(err, EOPNOTSUPP,
			"repository needs the feature '%s', which this program "
			"does not know: use a newer one",
			name);
}

int cfs_meta_open(struct cfs_bytes text, struct cfs_json_node *nodes,
		  struct cfs_json *doc, struct cfs_err *err)
{
	int r = cfs_json_parse(text, nodes, CFS_META_NODES, doc, err);

	if (r == -E2BIG)
		return cfs_fail(err, EINVAL, "too many values");
	if (r == 0 && doc->nodes->kind != CFS_JSON_OBJECT)
		return cfs_fail(err, EINVAL, "not a JSON object");
	return r;
}

/* The initramfs reads only what booting depends on: what else is wrong must not
 * stop a boot. */
int cfs_meta_parse_to_boot(struct cfs_bytes text, struct cfs_meta *ret,
			   struct cfs_err *err)
{
	const struct cfs_json_node *features, *list = NULL;
	struct cfs_json_node nodes[CFS_META_NODES];
	struct cfs_meta meta = { .erofs_default = 2 };
	struct cfs_json doc;
	int r = cfs_meta_open(text, nodes, &doc, err);

	if (r == 0)
		r = parse_version(&doc, &meta.version, err);
	if (r < 0)
		return r;
	features = cfs_json_get(&doc, doc.nodes, "features");
	if (features && features->kind != CFS_JSON_OBJECT)
		return cfs_meta_bad_type(err, "features", "an object");
	r = cfs_meta_list(&doc, features, "incompatible", &list, err);
	if (r == 0)
		r = parse_incompat(&doc, list, err);
	if (r == 0)
		r = parse_algorithm(&doc, &meta.alg, err);
	if (r == 0)
		*ret = meta;
	return r;
}
