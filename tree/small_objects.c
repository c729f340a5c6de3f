/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/small_objects.h"

#include "fsverity/merkle.h"

bool cfs_inode_is_small_program(const struct cfs_node *inode)
{
	return S_ISREG(inode->mode) && inode->mode & 0111 &&
	       inode->flags & CFS_NODE_INLINE && inode->size > 0;
}

static int make(struct cfs_tree *tree, struct cfs_node *node, enum cfs_alg alg,
		struct cfs_err *err)
{
	struct cfs_small_object *object =
		cfs_arena_alloc(&tree->arena, sizeof(*object));
	int r;

	if (!object)
		return cfs_no_memory(err);
	*object = (struct cfs_small_object){ .next = tree->small,
					     .content = cfs_node_bytes(node) };
	r = cfs_verity_digest_bytes(alg, object->content, &object->id, err);
	if (r < 0)
		return r;
	node->flags &= (uint8_t)~CFS_NODE_INLINE;
	node->file.data = NULL;
	tree->small = object;
	return cfs_node_set_object(tree, node, node->size, &object->id, err);
}

int cfs_tree_make_small_objects(struct cfs_tree *tree, enum cfs_alg alg,
				struct cfs_err *err)
{
	struct cfs_node *node = NULL;
	int r = 0;

	while (r == 0 && (node = cfs_node_walk(tree->root, node)))
		if (!(node->flags & CFS_NODE_LINK) &&
		    cfs_inode_is_small_program(node))
			r = make(tree, node, alg, err);
	return r;
}

const struct cfs_small_object *cfs_tree_small_object(
	const struct cfs_tree *tree, const struct cfs_digest *id)
{
	const struct cfs_small_object *object = tree->small;

	while (object && !cfs_digest_equal(&object->id, id))
		object = object->next;
	return object;
}
