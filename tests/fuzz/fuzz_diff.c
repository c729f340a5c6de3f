/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Two dumpfiles, "====\n" between them.  Either way round the same is
 * different; a tree does not differ from itself; and what does not differ is
 * the same image, byte for byte.
 */
#include <assert.h>
#include <string.h>

#include "erofs/writer.h"
#include "tests/fuzz/fuzz.h"
#include "tree/diff.h"
#include "tree/dump/dump.h"

static const char between[] = "====\n";

struct seen {
	uint64_t names, changed;
	uint64_t only_a, only_b; /* with those below */
};

static int see(void *ctx, const struct cfs_diff *diff, struct cfs_err *err)
{
	struct seen *seen = ctx;

	(void)err;
	assert(diff->a || diff->b);
	seen->names++;
	if (diff->a && diff->b) {
		assert(diff->fields && !diff->inside);
		assert(strcmp(diff->a->name, diff->b->name) == 0);
		seen->changed++;
	} else if (!diff->inside) {
		assert(!diff->fields);
		seen->only_a += diff->a != NULL;
		seen->only_b += diff->b != NULL;
	}
	seen->only_a += diff->below_a;
	seen->only_b += diff->below_b;
	return 0;
}

static struct cfs_diff_sum compare(const struct cfs_tree *a,
				   const struct cfs_tree *b, bool all)
{
	struct seen seen = { 0 };
	const struct cfs_diff_options options = {
		.all = all,
		.found = see,
		.ctx = &seen,
	};
	struct cfs_err err = { 0 };
	struct cfs_diff_sum sum;

	assert(cfs_tree_diff(a, b, &options, &sum, &err) == 0);
	assert(seen.changed == sum.changed);
	assert(seen.only_a == sum.only_a && seen.only_b == sum.only_b);
	assert(!all || seen.names == sum.changed + sum.only_a + sum.only_b);
	/* What is in both is as many on either side. */
	assert(sum.names_a - sum.only_a == sum.names_b - sum.only_b);
	return sum;
}

static bool is_same(const struct cfs_diff_sum *sum)
{
	return !sum->changed && !sum->only_a && !sum->only_b && !sum->other_alg;
}

static struct cfs_tree *parse(struct cfs_bytes text, unsigned flags)
{
	struct cfs_tree *tree = NULL;
	struct cfs_err err = { 0 };

	(void)!cfs_dump_read(text, flags, &tree, &err);
	return tree;
}

static void check_bytes(const struct cfs_tree *a, const struct cfs_tree *b)
{
	CFS_AUTOBUF struct cfs_buf x = { 0 };
	CFS_AUTOBUF struct cfs_buf y = { 0 };
	struct cfs_err err = { 0 };
	int r = cfs_erofs_write(a, 1, 0, &x, &err);

	assert(cfs_erofs_write(b, 1, 0, &y, &err) == r);
	assert(x.len == y.len && (r < 0 || memcmp(x.data, y.data, x.len) == 0));
}

static void check_pair(struct cfs_bytes text_a, struct cfs_bytes text_b,
		       unsigned flags)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *a = parse(text_a, flags);
	CFS_AUTO(cfs_tree_free) struct cfs_tree *b = parse(text_b, flags);
	struct cfs_diff_sum sum, back;

	if (!a || !b)
		return;
	sum = compare(a, a, false);
	assert(is_same(&sum));
	sum = compare(a, b, true);
	back = compare(b, a, false);
	assert(sum.changed == back.changed && sum.only_a == back.only_b &&
	       sum.only_b == back.only_a && sum.other_alg == back.other_alg &&
	       memcmp(sum.by_field, back.by_field, sizeof(sum.by_field)) == 0);
	if (is_same(&sum) && !sum.link_order)
		check_bytes(a, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = memmem(data, size, between, strlen(between));
	struct cfs_bytes a, b;

	if (!at)
		return 0;
	a = (struct cfs_bytes){ data, (size_t)(at - data) };
	at += strlen(between);
	b = (struct cfs_bytes){ at, (size_t)(data + size - at) };
	check_pair(a, b, 0);
	check_pair(a, b, CFS_DUMP_LENIENT);
	return 0;
}
