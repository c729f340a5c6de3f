/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Properties of users and account files.  The input is a user, /etc/passwd and
 * /etc/group, with a byte 1 between them.  No id is that for "no change",
 * groups ascend, and a user who is found by name and has a number is found by
 * it.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/run/accounts.h"
#include "tests/fuzz/fuzz.h"

static struct cfs_bytes part(struct cfs_bytes *from)
{
	const uint8_t *end = from->len ? memchr(from->data, 1, from->len)
				       : NULL;
	struct cfs_bytes ret = { from->data,
				 end ? (size_t)(end - from->data) : from->len };
	size_t skip = ret.len + (end ? 1 : 0);

	*from = (struct cfs_bytes){ from->data + skip, from->len - skip };
	return ret;
}

static void check(const struct cfs_account *a)
{
	assert(a->uid <= CFS_ACCOUNTS_ID_MAX && a->gid <= CFS_ACCOUNTS_ID_MAX);
	for (size_t i = 0; i < a->groups.n; i++) {
		assert(a->groups.v[i] != a->gid);
		assert(i == 0 || a->groups.v[i] > a->groups.v[i - 1]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfs_bytes all = { data, size };
	struct cfs_bytes user = part(&all), passwd = part(&all);
	struct cfs_account a = { 0 }, b = { 0 };
	struct cfs_err err = { 0 };
	char *text = strndup(user.len ? (const char *)user.data : "", user.len);
	char number[16];

	assert(text);
	if (cfs_account_find(text, passwd, all, &a, &err) < 0) {
		assert(*err.msg && a.groups.n == 0);
	} else {
		check(&a);
		snprintf(number, sizeof(number), "%u", a.uid);
		assert(cfs_account_find(number, passwd, all, &b, &err) == 0 ||
		       err.code == EFBIG);
		assert(b.uid == a.uid);
	}
	cfs_account_free(&a);
	cfs_account_free(&b);
	free(text);
	return 0;
}
