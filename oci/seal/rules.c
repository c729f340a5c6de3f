/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/rules.h"

#include <stdlib.h>
#include <string.h>

#include "oci/seal/key.h"

#define TABLE  "images."
#define DOCKER "docker://"

void cfs_rules_free(struct cfs_rules *rules)
{
	cfs_vec_free(rules);
}

/* Splits images.PREFIX.KEY, where PREFIX stands in double quotes if it is no
 * bare key.  Returns KEY, or NULL for another path. */
static const char *split(const char *path, char prefix[static CFS_TOML_STR])
{
	const char *end;
	size_t len;

	/* "images.a[].b" is of an array of tables. */
	if (strncmp(path, TABLE, strlen(TABLE)) != 0)
		return NULL;
	path += strlen(TABLE);
	end = *path == '"' ? strchr(++path, '"') : strpbrk(path, ".[");
	if (!end)
		return NULL;
	len = (size_t)(end - path);
	memcpy(prefix, path, len);
	prefix[len] = '\0';
	end += *end == '"';
	return *end == '.' ? end + 1 : NULL;
}

static struct cfs_rule *find(const struct cfs_rules *rules, const char *prefix)
{
	for (size_t i = 0; i < rules->n; i++)
		if (strcmp(rules->v[i].prefix, prefix) == 0)
			return &rules->v[i];
	return NULL;
}

/* The rule for @prefix, which begins in @line if it is a new one. */
static int find_or_add(struct cfs_rules *rules, const char *prefix,
		       unsigned line, struct cfs_rule **ret,
		       struct cfs_err *err)
{
	struct cfs_rule *rule = find(rules, prefix);

	if (strncmp(prefix, DOCKER, strlen(DOCKER)) == 0)
		return cfs_fail(err, EINVAL,
				"[images.\"%s\"] never holds: leave out %s",
				prefix, DOCKER);
	if (!rule && rules->n == CFS_RULES_MAX)
		return cfs_fail(err, E2BIG, "more than %d tables of images",
				CFS_RULES_MAX);
	if (!rule) {
		rule = cfs_vec_new(rules);
		if (!rule)
			return cfs_no_memory(err);
		rule->line = line;
		memcpy(rule->prefix, prefix, strlen(prefix) + 1);
	}
	*ret = rule;
	return 0;
}

static int set_accept(struct cfs_rule *rule, const struct cfs_toml_value *value,
		      struct cfs_err *err)
{
	static const char *const words[] = {
		[CFS_ACCEPT_SIGNED] = "signed",
		[CFS_ACCEPT_ANYTHING] = "anything",
		[CFS_ACCEPT_NOTHING] = "nothing",
	};

	for (unsigned i = 0;
	     value->kind == CFS_TOML_STRING && i < CFS_ARRAY_SIZE(words); i++)
		if (strcmp(value->v[0], words[i]) == 0) {
			rule->accept = (enum cfs_accept)i;
			return 0;
		}
	return cfs_fail(err, EINVAL,
			"accept must be \"signed\", \"anything\" or "
			"\"nothing\"");
}

static int set_certs(struct cfs_rule *rule, const struct cfs_toml_value *value,
		     struct cfs_err *err)
{
	if (value->kind != CFS_TOML_STRINGS || value->n == 0)
		return cfs_fail(err, EINVAL,
				"certificates must be an array of 1 to %d file "
				"names",
				CFS_TOML_LIST);
	for (unsigned i = 0; i < value->n; i++)
		if (value->v[i][0] == '\0')
			return cfs_fail(err, EINVAL,
					"certificates has an empty file name");
	rule->n_certs = value->n;
	memcpy(rule->certs, value->v, sizeof(rule->certs));
	return 0;
}

/* The roles of an array as bits, 1 << enum cfs_seal_role; 0 if it has
 * others. */
static unsigned roles_of(const struct cfs_toml_value *value)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < value->n; i++) {
		const char *name = value->v[i];
		const struct cfs_bytes bytes = { (const uint8_t *)name,
						 strlen(name) };
		enum cfs_seal_role role;

		if (!cfs_seal_role_find(bytes, &role))
			return 0;
		bits |= 1u << role;
	}
	return bits;
}

static int set_roles(struct cfs_rule *rule, const struct cfs_toml_value *value,
		     struct cfs_err *err)
{
	const unsigned merged = 1u << CFS_SEAL_MERGED;
	const unsigned config = merged | 1u << CFS_SEAL_CONFIG;
	unsigned roles = value->kind == CFS_TOML_STRINGS ? roles_of(value) : 0;

	rule->bootable = roles & 1u << CFS_SEAL_BOOTABLE;
	roles &= ~(1u << CFS_SEAL_BOOTABLE);
	rule->merged_only = roles == merged;
	rule->no_manifest = roles == config;
	if (rule->merged_only || rule->no_manifest ||
	    roles == (config | 1u << CFS_SEAL_MANIFEST))
		return 0;
	return cfs_fail(
		err, EINVAL,
		"roles must be [\"manifest\", \"config\", \"merged\"], "
		"[\"config\", \"merged\"] or [\"merged\"], and may have "
		"\"merged.bootable\", too");
}

static int set_read_data(struct cfs_rule *rule,
			 const struct cfs_toml_value *value,
			 struct cfs_err *err)
{
	if (value->kind != CFS_TOML_BOOLEAN)
		return cfs_fail(err, EINVAL, "read-data must be true or false");
	rule->read_data = value->boolean;
	return 0;
}

static int take(void *ctx, const char *path, const struct cfs_toml_value *value,
		struct cfs_err *err)
{
	char prefix[CFS_TOML_STR];
	const char *key = split(path, prefix);
	struct cfs_rule *rule = NULL;
	int result;

	if (!key)
		return cfs_fail(err, EINVAL,
				"unknown key %s: keys are in tables "
				"[images.\"PREFIX\"]",
				path);
	result = find_or_add(ctx, prefix, value->line, &rule, err);
	if (result < 0)
		return result;
	if (strcmp(key, "accept") == 0)
		return set_accept(rule, value, err);
	if (strcmp(key, "certificates") == 0)
		return set_certs(rule, value, err);
	if (strcmp(key, "roles") == 0)
		return set_roles(rule, value, err);
	if (strcmp(key, "read-data") == 0)
		return set_read_data(rule, value, err);
	return cfs_fail(err, EINVAL,
			"unknown key %s: a table of images has accept, "
			"certificates, roles and read-data",
			path);
}

static int check(const struct cfs_rule *rule, struct cfs_err *err)
{
	bool needs = rule->accept == CFS_ACCEPT_SIGNED;

	if (!needs && rule->read_data)
		return cfs_fail(err, EINVAL,
				"line %u: [images.\"%s\"] has read-data, which "
				"only accept = \"signed\" does",
				rule->line, rule->prefix);
	if (needs == (rule->n_certs > 0))
		return 0;
	return cfs_fail(err, EINVAL, "line %u: [images.\"%s\"] %s", rule->line,
			rule->prefix,
			needs ? "needs certificates"
			      : "has certificates, which only accept = "
				"\"signed\" does");
}

int cfs_rules_parse(struct cfs_bytes text, struct cfs_rules *ret,
		    struct cfs_err *err)
{
	CFS_AUTORULES struct cfs_rules rules = { 0 };
	int r = cfs_toml_parse(text, take, &rules, err);

	/* Only now all keys of a table are known. */
	for (size_t i = 0; r == 0 && i < rules.n; i++)
		r = check(&rules.v[i], err);
	if (r < 0)
		return r;
	*ret = rules;
	rules = (struct cfs_rules){ 0 };
	return 0;
}

/* Is @tag the name @prefix, or does it begin with it and go on behind the end
 * of a component? */
static bool is_about(const char *prefix, const char *tag)
{
	static const char ends[] = "/:@";
	size_t len = strlen(prefix);

	if (strncmp(tag, prefix, len) != 0)
		return false;
	return len == 0 || tag[len] == '\0' || strchr(ends, tag[len]) ||
	       strchr(ends, prefix[len - 1]);
}

const struct cfs_rule *cfs_rules_find(const struct cfs_rules *rules,
				      const char *tag)
{
	const struct cfs_rule *best = NULL;

	if (strncmp(tag, DOCKER, strlen(DOCKER)) == 0)
		tag += strlen(DOCKER);
	for (size_t i = 0; i < rules->n; i++) {
		const struct cfs_rule *rule = &rules->v[i];

		if (is_about(rule->prefix, tag) &&
		    (!best || strlen(rule->prefix) > strlen(best->prefix)))
			best = rule;
	}
	return best;
}
