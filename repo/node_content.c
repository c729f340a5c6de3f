/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/node_content.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "repo/object.h"

static int read_object(int objects, const struct cfs_digest *id, size_t max,
		       struct cfs_buf *ret, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int r = cfs_object_open(objects, id, &fd, err);

	if (r == 0)
		r = cfs_fail(err, ENOENT, "its object is missing");
	if (r > 0)
		r = cfs_object_check(fd, id, err);
	if (r < 0)
		return r;
	r = cfs_read_all(fd, max, ret);
	return r < 0 ? cfs_fail_code(err, r, "read its object") : 0;
}

static int read_node(int objects, const struct cfs_tree *tree,
		     const struct cfs_node *node, size_t max,
		     struct cfs_buf *ret, struct cfs_err *err)
{
	struct cfs_bytes content;
	struct cfs_digest id;

	if (node->size > max)
		return cfs_fail(err, EFBIG,
				"it has %llu bytes; the maximum is %zu",
				(unsigned long long)node->size, max);
	if (cfs_node_is_external(node)) {
		if (!cfs_node_digest(tree, node, &id))
			return cfs_fail(err, EINVAL, "it has no digest");
		return read_object(objects, &id, max, ret, err);
	}
	content = cfs_node_bytes(node);
	cfs_buf_add(ret, content.data, content.len);
	return cfs_buf_check(ret, err);
}

int cfs_node_content(int objects, const struct cfs_tree *tree,
		     const struct cfs_node *node, size_t max,
		     struct cfs_buf *ret, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];
	int r = read_node(objects, tree, node, max, ret, err);

	return r < 0 ? cfs_ctx(err, "%s", cfs_node_name(node, name)) : 0;
}
