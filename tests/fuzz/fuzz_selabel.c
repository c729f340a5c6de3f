/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A key's label is the same whether all rules are tried or those that its
 * directory left.  Input: the key on the first line, rules on the others.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tree/selinux/selabel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = memchr(data, '\n', size), *slash;
	struct cfs_selabel_scope all = { 0 }, some = { 0 };
	CFS_AUTO(cfs_selabel_free) struct cfs_selabel *policy = NULL;
	struct cfs_bytes key = { data, 0 }, dir = { data, 0 }, rules;
	const char *a = NULL, *b = NULL;
	struct cfs_err err = { 0 };
	int r1, r2;

	if (!line || line == data)
		return 0;
	key.len = line - data;
	rules = (struct cfs_bytes){ line + 1, size - key.len - 1 };
	slash = memrchr(data, '/', key.len);
	if (!slash || cfs_selabel_new(&policy, &err) < 0 ||
	    cfs_selabel_add(policy, "contexts", rules, &err) < 0)
		return 0;
	dir.len = slash + 1 - data;
	if (cfs_selabel_all(policy, &all, &err) < 0 ||
	    cfs_selabel_narrow(policy, &all, dir, &some, &err) < 0)
		abort();
	r1 = cfs_selabel_find(policy, &all, key, &a, &err);
	r2 = cfs_selabel_find(policy, &some, key, &b, &err);
	/* With fewer rules fewer of them can take too long, unless all that is
	 * allowed was used before. */
	if (r1 >= 0 && r2 != -E2BIG && (r1 != r2 || a != b))
		abort();
	cfs_selabel_scope_free(&all);
	cfs_selabel_scope_free(&some);
	return 0;
}
