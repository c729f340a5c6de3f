/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Properties of policies.  Each rule is about its own name and about what is
 * below that, no rule is about what only begins with the same letters, and
 * signatures are demanded by certificates or not at all.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "oci/seal/rules.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct cfs_rules *rules, const struct cfs_rule *rule)
{
	char tag[CFS_TOML_STR + 16];
	const struct cfs_rule *found;
	size_t len = strlen(rule->prefix);

	assert((rule->accept == CFS_ACCEPT_SIGNED) == (rule->n_certs > 0));
	assert(!rule->read_data || rule->n_certs > 0);
	assert(!rule->merged_only || !rule->no_manifest);
	assert(cfs_rules_find(rules, rule->prefix) == rule);
	snprintf(tag, sizeof(tag), "%s/zz", rule->prefix);
	found = cfs_rules_find(rules, tag);
	assert(found && strlen(found->prefix) >= len);
	if (len == 0 || strchr("/:@", rule->prefix[len - 1]))
		return;
	snprintf(tag, sizeof(tag), "%szz", rule->prefix);
	assert(cfs_rules_find(rules, tag) != rule);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfs_rules rules = { 0 };
	struct cfs_err err = { 0 };
	int r = cfs_rules_parse((struct cfs_bytes){ data, size }, &rules, &err);

	if (r < 0)
		assert(rules.n == 0 && *err.msg);
	for (unsigned i = 0; i < rules.n; i++)
		check(&rules, &rules.v[i]);
	cfs_rules_free(&rules);
	return 0;
}
