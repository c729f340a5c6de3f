/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "erofs/plan.h"

#define STUBS 256
/* 2^43 bytes per chunk at most. */
#define SIZE_MAX_V1 (UINT64_C(1) << 53)
#define SIZE_MAX_V2 (UINT64_C(1) << CFS_EROFS_CHUNK_BITS_MAX)
/* composefs-rs refuses more in images of version 2. */
#define INLINE_MAX_V2 512
#define TARGET_MAX_V2 1024

void cfs_erofs_dir_start(struct cfs_erofs_dir_iter *it,
			 const struct cfs_erofs_plan *plan,
			 const struct cfs_node *dir)
{
	*it = (struct cfs_erofs_dir_iter){
		.plan = plan,
		.dir = dir,
		.child = dir->dir.first,
		.stub = dir->parent ? NULL : plan->stubs,
	};
}

bool cfs_erofs_dir_next(struct cfs_erofs_dir_iter *it,
			struct cfs_erofs_entry *ret)
{
	const struct cfs_node **from = &it->child, *node;

	if (!it->child ||
	    (it->stub && strcmp(it->stub->name, it->child->name) < 0))
		from = &it->stub;
	node = *from;
	if (it->dots < 2) {
		const char *dot = it->dots == 0 ? "." : "..";

		if (!node || strcmp(dot, node->name) < 0) {
			const struct cfs_node *dir = it->dir;

			if (it->dots++ == 1 && dir->parent)
				dir = dir->parent;
			ret->name = dot;
			ret->len = it->dots;
			ret->ino = it->plan->ino_of[dir->seq];
			return true;
		}
	}
	if (!node)
		return false;
	*from = node->next;
	ret->name = node->name;
	ret->len = node->name_len;
	if (node->flags & CFS_NODE_LINK)
		node = node->link;
	ret->ino = it->plan->ino_of[node->seq];
	return true;
}

/* Object directories of a merged mount: overlayfs shows the root of the image
 * merged with a data layer, whose 00..ff the stubs hide. */
static int add_stubs(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	const struct cfs_node *root = plan->tree->root;
	const struct cfs_xattr *label =
		cfs_xattrs_get(root->xattrs, "security.selinux");
	const struct cfs_node *child = root->dir.first;
	struct cfs_node **tail = &plan->stubs;
	struct cfs_xattrs *list = NULL;

	if (label) {
		list = cfs_arena_alloc(&plan->arena,
				       sizeof(*list) + sizeof(list->v[0]));
		if (!list)
			return cfs_fail(err, ENOMEM, "out of memory");
		list->n = 1;
		list->id = (uint32_t)plan->tree->xattrs.lists.used;
		list->v[0] = label;
	}
	for (unsigned i = 0; i < STUBS; i++) {
		size_t size = offsetof(struct cfs_node, name) + 3;
		struct cfs_node *stub = cfs_arena_alloc(&plan->arena, size);

		if (!stub)
			return cfs_fail(err, ENOMEM, "out of memory");
		memset(stub, 0, size);
		stub->name[0] = "0123456789abcdef"[i >> 4];
		stub->name[1] = "0123456789abcdef"[i & 15];
		stub->name_len = 2;
		while (child && strcmp(child->name, stub->name) < 0)
			child = child->next;
		if (child && strcmp(child->name, stub->name) == 0)
			continue;
		stub->mode = S_IFCHR | 0644;
		stub->nlink = 1;
		stub->uid = root->uid;
		stub->gid = root->gid;
		stub->mtime_sec = root->mtime_sec;
		stub->mtime_nsec = root->mtime_nsec;
		stub->xattrs = list;
		stub->seq = plan->tree->nodes + i;
		*tail = stub;
		tail = &stub->next;
	}
	return 0;
}

static int check_regular(const struct cfs_erofs_plan *plan,
			 const struct cfs_node *node, struct cfs_err *err)
{
	bool v2 = plan->version == 2;
	uint64_t max = v2 ? SIZE_MAX_V2 : SIZE_MAX_V1;

	if (node->flags & CFS_NODE_INLINE)
		return v2 && node->size > INLINE_MAX_V2
			       ? cfs_fail(err, EFBIG,
					  "inline content of %llu bytes, "
					  "version 2 takes %d",
					  (unsigned long long)node->size,
					  INLINE_MAX_V2)
			       : 0;
	if (node->size > max)
		return cfs_fail(err, EFBIG, "size %llu, %llu is possible",
				(unsigned long long)node->size,
				(unsigned long long)max);
	if (node->file.data && strlen(node->file.data) > CFS_TARGET_MAX)
		return cfs_fail(err, ENAMETOOLONG, "backing path too long");
	return 0;
}

static int check_node(const struct cfs_erofs_plan *plan,
		      const struct cfs_node *node, struct cfs_err *err)
{
	if (S_ISREG(node->mode))
		return check_regular(plan, node, err);
	if (S_ISLNK(node->mode)) {
		uint64_t max = plan->version == 2 ? TARGET_MAX_V2
						  : CFS_TARGET_MAX;

		if (!node->file.data || node->size == 0)
			return cfs_fail(err, EINVAL, "symlink without target");
		if (node->size > max)
			return cfs_fail(err, ENAMETOOLONG,
					"symlink target of %llu bytes, %llu "
					"are possible",
					(unsigned long long)node->size,
					(unsigned long long)max);
	}
	if (cfs_node_is_whiteout(node) && node->nlink > 1)
		return cfs_fail(err, EINVAL, "a whiteout with other names");
	return 0;
}

static int place(struct cfs_erofs_plan *plan, const struct cfs_node *node,
		 struct cfs_err *err)
{
	struct cfs_erofs_inode *inode = &plan->inodes[plan->n];
	char name[CFS_NODE_NAME_MAX];

	if (check_node(plan, node, err) < 0)
		return cfs_ctx(err, "%s", cfs_node_name(node, name));
	*inode = (struct cfs_erofs_inode){ .node = node, .nlink = node->nlink };
	if (plan->version < 2 && !node->parent && S_ISDIR(node->mode))
		inode->flags |= CFS_EROFS_I_OPAQUE;
	plan->ino_of[node->seq] = plan->n++;
	return 0;
}

/* Version 0 and 1: breadth first.  What has been placed is the queue. */
static int order_by_level(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	for (uint32_t i = 0; i < plan->n; i++) {
		const struct cfs_node *dir = plan->inodes[i].node;
		const struct cfs_node *child, *stub = NULL;

		if (!S_ISDIR(dir->mode))
			continue;
		child = dir->dir.first;
		stub = dir->parent ? NULL : plan->stubs;
		while (child || stub) {
			bool is_stub =
				!child ||
				(stub && strcmp(stub->name, child->name) < 0);
			const struct cfs_node *node = is_stub ? stub : child;

			if (is_stub)
				stub = stub->next;
			else
				child = child->next;
			if (node->flags & CFS_NODE_LINK)
				continue;
			if (place(plan, node, err) < 0)
				return -err->code;
			if (is_stub || !cfs_node_is_whiteout(node))
				continue;
			plan->inodes[plan->n - 1].flags |= CFS_EROFS_I_WHITEOUT;
			plan->inodes[i].flags |= CFS_EROFS_I_MARKED;
		}
	}
	return 0;
}

/* Version 2: depth first, a leaf where its first name stands. */
static int order_by_depth(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	struct cfs_node *root = plan->tree->root, *n = NULL;

	while ((n = cfs_node_walk(root, n))) {
		const struct cfs_node *node = cfs_node_inode(n);

		if (n == root)
			continue;
		if (plan->ino_of[node->seq] == CFS_EROFS_NO_INODE) {
			if (place(plan, node, err) < 0)
				return -err->code;
			if (!S_ISDIR(node->mode))
				plan->inodes[plan->n - 1].nlink = 0;
		}
		if (!S_ISDIR(node->mode))
			plan->inodes[plan->ino_of[node->seq]].nlink++;
	}
	return 0;
}

static bool earlier(const struct cfs_erofs_plan *plan, const struct cfs_node *a,
		    int64_t sec, uint32_t nsec)
{
	if (a->mtime_sec == sec)
		return a->mtime_nsec < nsec;
	return plan->flags & CFS_EROFS_SIGNED_TIME
		       ? a->mtime_sec < sec
		       : (uint64_t)a->mtime_sec < (uint64_t)sec;
}

static void find_earliest(struct cfs_erofs_plan *plan)
{
	plan->mtime_sec = plan->tree->root->mtime_sec;
	plan->mtime_nsec = plan->tree->root->mtime_nsec;
	for (uint32_t i = 0; i < plan->n; i++) {
		const struct cfs_node *node = plan->inodes[i].node;

		if (!earlier(plan, node, plan->mtime_sec, plan->mtime_nsec))
			continue;
		plan->mtime_sec = node->mtime_sec;
		plan->mtime_nsec = node->mtime_nsec;
	}
}

/* Only inodes that are written say whether there is a whiteout. */
static void bump(struct cfs_erofs_plan *plan)
{
	if (plan->version != 0 || !(plan->flags & CFS_EROFS_BUMP))
		return;
	for (uint32_t i = 0; i < plan->n; i++) {
		if (plan->inodes[i].flags & CFS_EROFS_I_WHITEOUT)
			plan->version = 1;
	}
}

int cfs_erofs_order(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	size_t max = (size_t)plan->tree->nodes + STUBS;
	int r;

	plan->inodes = malloc(max * sizeof(plan->inodes[0]));
	plan->ino_of = malloc(max * sizeof(plan->ino_of[0]));
	if (!plan->inodes || !plan->ino_of)
		return cfs_fail(err, ENOMEM, "out of memory");
	memset(plan->ino_of, 0xff, max * sizeof(plan->ino_of[0]));
	r = place(plan, plan->tree->root, err);
	if (r < 0)
		return r;
	if (plan->version < 2) {
		r = add_stubs(plan, err);
		if (r < 0)
			return r;
		r = order_by_level(plan, err);
	} else {
		r = order_by_depth(plan, err);
	}
	if (r < 0)
		return r;
	bump(plan);
	find_earliest(plan);
	return 0;
}
