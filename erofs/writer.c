/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/writer.h"

#include "erofs/write_plan.h"

void cfs_erofs_plan_free(struct cfs_erofs_plan *plan)
{
	free(plan->inodes);
	free(plan->ino_of);
	free(plan->pairs);
	free(plan->shared_order);
	cfs_vec_free(&plan->shared);
	cfs_vec_free(&plan->lists);
	cfs_arena_free(&plan->arena);
}

/* The order is forced: which xattrs are shared decides how large inodes are,
 * and the sizes of all inodes before it decide the number of an inode.  Hence
 * nothing can be written before everything is planned. */
static int make_plan(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	int r = cfs_erofs_order(plan, err);

	if (r < 0)
		return r;
	r = cfs_erofs_share(plan, err);
	return r < 0 ? r : cfs_erofs_layout(plan, err);
}

int cfs_erofs_write_to(const struct cfs_tree *tree, unsigned version,
		       unsigned flags, const struct cfs_sink *sink,
		       uint64_t *ret_size, struct cfs_err *err)
{
	__attribute__((
		cleanup(cfs_erofs_plan_free))) struct cfs_erofs_plan plan = {
		.tree = tree, .flags = flags
	};
	int r;

	if (version > CFS_EROFS_VERSION_MAX)
		return cfs_fail(err, EINVAL,
				"image: unknown version %u (supported: 0 to "
				"%d)",
				version, CFS_EROFS_VERSION_MAX);
	/* All that differs from version to version is read there. */
	plan.rules = &cfs_erofs_rules[version];
	r = make_plan(&plan, err);
	if (r < 0)
		return cfs_ctx(err, "image");
	r = cfs_erofs_emit(&plan, sink, err);
	if (r < 0)
		return r;
	if (ret_size)
		*ret_size = plan.size;
	return 0;
}

int cfs_erofs_write(const struct cfs_tree *tree, unsigned version,
		    unsigned flags, struct cfs_buf *out, struct cfs_err *err)
{
	const struct cfs_sink sink = cfs_sink_of_buf(out);

	return cfs_erofs_write_to(tree, version, flags, &sink, NULL, err);
}
