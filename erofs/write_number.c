/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "erofs/prefix.h"
#include "erofs/write_attrs.h"
#include "erofs/write_dir.h"

#define STUBS 256

/* Returns a new node for an extra: it has no parent, but a place in ino_of. */
static struct cfs_node *new_extra(struct cfs_erofs_plan *plan, const char *name,
				  uint32_t mode, uint32_t seq)
{
	size_t len = strlen(name);
	size_t size = offsetof(struct cfs_node, name) + len + 1;
	struct cfs_node *node = cfs_arena_alloc(&plan->arena, size);

	if (!node)
		return NULL;
	memset(node, 0, size);
	memcpy(node->name, name, len);
	node->name_len = (uint8_t)len;
	node->mode = mode;
	node->seq = seq;
	return node;
}

/* Sets *@ret to the extras "." and "..", and returns the link to what follows
 * them, or NULL. */
static struct cfs_node **add_dots(struct cfs_erofs_plan *plan,
				  struct cfs_node **ret)
{
	struct cfs_node *dot = new_extra(plan, ".", S_IFDIR, 0);
	struct cfs_node *dotdot = new_extra(plan, "..", S_IFDIR, 0);

	if (!dot || !dotdot)
		return NULL;
	dot->next = dotdot;
	*ret = dot;
	return &dotdot->next;
}

/* Makes the stubs' list of xattrs, which has only the root's SELinux label. */
static bool add_stub_list(struct cfs_erofs_plan *plan)
{
	const struct cfs_xattr *label =
		cfs_xattrs_get(plan->tree->root->xattrs, "security.selinux");
	struct cfs_xattrs *list;

	if (!label)
		return true;
	list = cfs_arena_alloc(&plan->arena,
			       sizeof(*list) + sizeof(list->v[0]));
	if (!list)
		return false;
	list->n = 1;
	list->id = (uint32_t)plan->tree->xattrs.lists.used;
	list->v[0] = label;
	plan->stub_xattrs = list;
	return true;
}

/* Adds the stubs, except for names that the root directory has.  A kernel
 * without data-only layers merges the root of the image with the directory of
 * objects; the stubs hide its subdirectories 00 to ff. */
static bool add_stubs(struct cfs_erofs_plan *plan, struct cfs_node **tail)
{
	const struct cfs_node *root = plan->tree->root;
	const struct cfs_node *child = root->dir.first;

	if (!add_stub_list(plan))
		return false;
	for (unsigned i = 0; i < STUBS; i++) {
		const char name[] = { "0123456789abcdef"[i >> 4],
				      "0123456789abcdef"[i & 15], '\0' };
		struct cfs_node *stub;

		while (child && strcmp(child->name, name) < 0)
			child = child->next;
		if (child && strcmp(child->name, name) == 0)
			continue;
		stub = new_extra(plan, name, S_IFCHR | 0644,
				 plan->tree->nodes + i);
		if (!stub)
			return false;
		stub->nlink = 1;
		stub->uid = root->uid;
		stub->gid = root->gid;
		stub->mtime_sec = root->mtime_sec;
		stub->mtime_nsec = root->mtime_nsec;
		stub->xattrs = plan->stub_xattrs;
		*tail = stub;
		tail = &stub->next;
	}
	return true;
}

static int add_extras(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	struct cfs_node **tail;

	if (!add_dots(plan, &plan->extras))
		return cfs_no_memory(err);
	tail = add_dots(plan, &plan->root_extras);
	if (!tail || (plan->rules->stubs && !add_stubs(plan, tail)))
		return cfs_no_memory(err);
	return 0;
}

static int check_regular(const struct cfs_erofs_plan *plan,
			 const struct cfs_node *node, struct cfs_err *err)
{
	const struct cfs_erofs_rules *rules = plan->rules;
	bool is_inline = node->flags & CFS_NODE_INLINE;
	uint64_t max = rules->external_max;

	if (is_inline && node->size > rules->inline_max)
		return cfs_fail(err, EFBIG,
				"inline content is %llu bytes; the maximum of "
				"version %u is %u",
				(unsigned long long)node->size, rules->version,
				rules->inline_max);
	if (is_inline)
		return 0;
	if (node->size > max)
		return cfs_fail(err, EFBIG,
				"file size %llu exceeds the maximum of %llu",
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
		uint32_t max = plan->rules->target_max;

		if (!node->file.data || node->size == 0)
			return cfs_fail(err, EINVAL, "symlink without target");
		if (node->size > max)
			return cfs_fail(err, ENAMETOOLONG,
					"symlink target is %llu bytes; the "
					"maximum is %u",
					(unsigned long long)node->size, max);
	}
	return 0;
}

static bool is_earlier(const struct cfs_erofs_plan *plan,
		       const struct cfs_node *node)
{
	if (node->mtime_sec == plan->mtime_sec)
		return node->mtime_nsec < plan->mtime_nsec;
	return plan->flags & CFS_EROFS_SIGNED_TIME
		       ? node->mtime_sec < plan->mtime_sec
		       : (uint64_t)node->mtime_sec < (uint64_t)plan->mtime_sec;
}

static void count_external(struct cfs_erofs_plan *plan,
			   struct cfs_erofs_inode *inode)
{
	const struct cfs_node *node = inode->node;

	inode->flags |= CFS_EROFS_I_METACOPY;
	/* Sizes the table in which equal digests are found. */
	if (node->file.digest)
		plan->n_digests++;
	if (node->flags & CFS_NODE_OBJECT ||
	    (plan->rules->redirects_to_object && node->file.digest)) {
		inode->flags |= CFS_EROFS_I_REDIRECT | CFS_EROFS_I_BY_DIGEST;
		return;
	}
	plan->has_custom_paths = true;
	if (node->file.data)
		inode->flags |= CFS_EROFS_I_REDIRECT;
}

/* Checks @node and gives it the next number. */
static int place(struct cfs_erofs_plan *plan, const struct cfs_node *node,
		 struct cfs_err *err)
{
	struct cfs_erofs_inode *inode = &plan->inodes[plan->n];
	char name[CFS_NODE_NAME_MAX];

	if (check_node(plan, node, err) < 0)
		return cfs_ctx(err, "%s", cfs_node_name(node, name));
	*inode = (struct cfs_erofs_inode){
		.node = node,
		.nlink = node->nlink,
		.list = node->xattrs ? node->xattrs->id + 1 : 0,
		.type = cfs_erofs_file_type(node->mode),
	};
	cfs_erofs_list(plan, inode->list)->uses++;
	if (cfs_node_is_external(node))
		count_external(plan, inode);
	if (plan->n == 0 || is_earlier(plan, node)) {
		plan->mtime_sec = node->mtime_sec;
		plan->mtime_nsec = node->mtime_nsec;
	}
	plan->ino_of[node->seq] = plan->n++;
	return 0;
}

/* Marks inode @ino, a whiteout of the tree in directory @dir.  The image is
 * itself a layer of an overlay, which would obey the whiteout instead of
 * showing it. */
static void mark_whiteout(struct cfs_erofs_plan *plan, uint32_t ino,
			  uint32_t dir)
{
	plan->inodes[ino].flags |= CFS_EROFS_I_WHITEOUT;
	plan->inodes[ino].type = CFS_EROFS_FT_REG;
	plan->inodes[dir].flags |= CFS_EROFS_I_MARKED;
	plan->has_whiteout = true;
}

/* Numbers the inodes breadth first: the inodes numbered so far are the
 * queue. */
static int order_by_level(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	for (uint32_t i = 0; i < plan->n; i++) {
		const struct cfs_node *dir = plan->inodes[i].node, *node;
		struct cfs_erofs_dir_iter it;

		if (plan->inodes[i].type != CFS_EROFS_FT_DIR)
			continue;
		it = cfs_erofs_dir_start(plan, dir);
		while ((node = cfs_erofs_dir_next(&it))) {
			if (node->flags & CFS_NODE_LINK ||
			    cfs_erofs_is_dot(node))
				continue;
			if (place(plan, node, err) < 0)
				return -err->code;
			if (node->parent && plan->rules->escapes_whiteouts &&
			    cfs_node_is_whiteout(node))
				mark_whiteout(plan, plan->n - 1, i);
		}
	}
	return 0;
}

/* Counts a name of @node, which has a number.  Fails for a second name of a
 * whiteout, which composefs-rs refuses. */
static int count_name(struct cfs_erofs_plan *plan, const struct cfs_node *node,
		      struct cfs_err *err)
{
	struct cfs_erofs_inode *inode = &plan->inodes[plan->ino_of[node->seq]];
	char name[CFS_NODE_NAME_MAX];

	if (++inode->nlink > 1 && !plan->rules->escapes_whiteouts &&
	    cfs_node_is_whiteout(node))
		return cfs_fail(err, EINVAL,
				"%s: version %u has no whiteouts with more "
				"than one name",
				cfs_node_name(node, name),
				plan->rules->version);
	return 0;
}

/* Numbers the inodes depth first; a file with several names comes where the
 * first of them is. */
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
			/* The nlink of a directory is right in the tree. */
			if (!S_ISDIR(node->mode))
				plan->inodes[plan->n - 1].nlink = 0;
		}
		if (!S_ISDIR(node->mode) && count_name(plan, node, err) < 0)
			return -err->code;
	}
	return 0;
}

/* Allocates the arrays, with room for all stubs.  Lists beyond the tree's and
 * the stubs' are added later. */
static int make_room(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	size_t lists = plan->tree->xattrs.lists.used + 2;
	size_t max = (size_t)plan->tree->nodes + STUBS;

	plan->inodes = malloc(max * sizeof(plan->inodes[0]));
	plan->ino_of = malloc(max * sizeof(plan->ino_of[0]));
	if (!plan->inodes || !plan->ino_of)
		return cfs_no_memory(err);
	/* CFS_EROFS_NO_INODE everywhere. */
	memset(plan->ino_of, 0xff, max * sizeof(plan->ino_of[0]));
	if (!cfs_vec_reserve(&plan->lists, lists))
		return cfs_no_memory(err);
	memset(plan->lists.v, 0, lists * sizeof(*plan->lists.v));
	plan->lists.n = lists;
	return 0;
}

int cfs_erofs_order(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	int r = make_room(plan, err);

	if (r < 0)
		return r;
	plan->digest_len = cfs_alg_size(plan->tree->alg);
	r = add_extras(plan, err);
	if (r < 0)
		return r;
	r = place(plan, plan->tree->root, err);
	if (r < 0)
		return r;
	if (plan->rules->stubs)
		plan->inodes[0].flags |= CFS_EROFS_I_OPAQUE;
	r = plan->rules->breadth_first ? order_by_level(plan, err)
				       : order_by_depth(plan, err);
	if (r < 0)
		return r;
	/* The tree may have whiteouts that are not written, being removed. */
	if (plan->rules->version == 0 && plan->flags & CFS_EROFS_BUMP &&
	    plan->has_whiteout)
		plan->rules = &cfs_erofs_rules[1];
	return 0;
}
