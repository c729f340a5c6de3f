/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/node_content.h"

#include "base/auto.h"
#include "base/io.h"
#include "fsverity/merkle.h"
#include "repo/object.h"
#include "tree/small_objects.h"

int cfs_node_object(const struct cfs_tree *tree, const struct cfs_node *node,
		    enum cfs_alg alg, struct cfs_digest *ret,
		    struct cfs_err *err)
{
	char room[CFS_OBJECT_PATH_MAX];
	const char *path = cfs_node_backing(tree, node, room);
	struct cfs_digest named, id;
	bool digest = cfs_node_digest(tree, node, &id);

	if (!path && !digest)
		return 0;
	if (path && !cfs_object_of_path(path, &named))
		return cfs_fail(err, EBADMSG,
				"its content is %.400s, no object", path);
	if (!digest)
		id = named;
	if (id.alg != alg)
		return cfs_fail(err, EBADMSG, "its object is of %s, not %s",
				cfs_alg_name(id.alg), cfs_alg_name(alg));
	if (path && !cfs_digest_equal(&named, &id))
		return cfs_fail(err, EBADMSG,
				"its content is %.200s, not its digest", path);
	*ret = (struct cfs_digest){ .alg = alg };
	memcpy(ret->bytes, id.bytes, cfs_alg_size(alg));
	return 1;
}

static int read_object(int objects, const struct cfs_digest *id, size_t max,
		       struct cfs_buf *ret, struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_object_require(objects, id, err);
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_digest is;
	int r;

	if (fd < 0)
		return fd;
	r = cfs_read_all(fd, max, &text);
	if (r < 0)
		return cfs_fail_code(err, r, "read");
	/* The very bytes that are returned are hashed: a look at the file
	 * before would say nothing of them. */
	r = cfs_verity_digest_bytes(id->alg, cfs_buf_bytes(&text), &is, err);
	if (r < 0)
		return r;
	if (!cfs_digest_equal(id, &is))
		return cfs_object_damaged(id, err);
	cfs_buf_add(ret, text.data, text.len);
	return cfs_buf_check(ret, err);
}

int cfs_node_read(int objects, const struct cfs_tree *tree,
		  const struct cfs_node *node, size_t max, struct cfs_buf *ret,
		  struct cfs_err *err)
{
	const struct cfs_node *inode = node->flags & CFS_NODE_LINK ? node->link
								   : node;
	const struct cfs_small_object *small;
	struct cfs_bytes content;
	struct cfs_digest id;

	if (inode->size > max)
		return cfs_fail(err, EFBIG,
				"it has %llu bytes, and the maximum is %zu",
				(unsigned long long)inode->size, max);
	if (cfs_node_is_external(inode)) {
		if (!cfs_node_digest(tree, inode, &id))
			return cfs_fail(err, EINVAL, "it has no digest");
		small = cfs_tree_small_object(tree, &id);
		if (!small)
			return read_object(objects, &id, max, ret, err);
		content = small->content;
	} else {
		content = cfs_node_bytes(inode);
	}
	cfs_buf_add(ret, content.data, content.len);
	return cfs_buf_check(ret, err);
}

int cfs_node_content(int objects, const struct cfs_tree *tree,
		     const struct cfs_node *node, size_t max,
		     struct cfs_buf *ret, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];
	int r = cfs_node_read(objects, tree, node, max, ret, err);

	return r < 0 ? cfs_ctx(err, "%s", cfs_node_name(node, name)) : 0;
}
