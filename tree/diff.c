/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/diff.h"

#include <string.h>

#include "fsverity/merkle.h"

#define PERMISSIONS 07777u

struct comparison {
	const struct cfs_tree *a, *b;
	const struct cfs_diff_options *options;
	struct cfs_diff_sum sum;
	/* Indexed by an inode's seq: the name, in b, at which both trees have
	 * it first. */
	const struct cfs_node **first_a, **first_b;
};

const char *cfs_diff_field_name(enum cfs_diff_field field)
{
	static const char *const names[CFS_DIFF_FIELDS] = {
		[CFS_DIFF_TYPE] = "type",
		[CFS_DIFF_MODE] = "mode",
		[CFS_DIFF_UID] = "uid",
		[CFS_DIFF_GID] = "gid",
		[CFS_DIFF_RDEV] = "rdev",
		[CFS_DIFF_MTIME] = "mtime",
		[CFS_DIFF_SIZE] = "size",
		[CFS_DIFF_CONTENT] = "content",
		[CFS_DIFF_STORAGE] = "storage",
		[CFS_DIFF_DIGEST] = "digest",
		[CFS_DIFF_BACKING] = "backing",
		[CFS_DIFF_TARGET] = "target",
		[CFS_DIFF_NLINK] = "nlink",
		[CFS_DIFF_HARDLINK] = "hardlink",
		[CFS_DIFF_XATTRS] = "xattrs",
	};

	return names[field];
}

/* cfs_node_inode() for a tree that is only read. */
static const struct cfs_node *inode_of(const struct cfs_node *node)
{
	return node->flags & CFS_NODE_LINK ? node->link : node;
}

static void set(uint32_t *fields, enum cfs_diff_field field, bool differs)
{
	if (differs)
		*fields |= UINT32_C(1) << field;
}

static bool is_ignored(const struct cfs_diff_ignore *ignore, const char *key)
{
	for (size_t i = 0; i < ignore->n_keys; i++) {
		if (strcmp(ignore->keys[i], key) == 0)
			return true;
	}
	return false;
}

static bool same_value(const struct cfs_xattr *a, const struct cfs_xattr *b)
{
	return a->value_len == b->value_len &&
	       (a->value_len == 0 ||
		memcmp(a->value, b->value, a->value_len) == 0);
}

/* Both lists are sorted by key: merged like two sorted runs. */
bool cfs_diff_xattrs_next(struct cfs_diff_xattrs *it,
			  const struct cfs_xattr **ret_a,
			  const struct cfs_xattr **ret_b)
{
	size_t n_a = it->a ? it->a->n : 0, n_b = it->b ? it->b->n : 0;

	while (it->at_a < n_a || it->at_b < n_b) {
		const struct cfs_xattr *a = NULL, *b = NULL;
		int order = it->at_a == n_a   ? 1
			    : it->at_b == n_b ? -1
					      : strcmp(it->a->v[it->at_a]->key,
						       it->b->v[it->at_b]->key);

		if (order <= 0)
			a = it->a->v[it->at_a++];
		if (order >= 0)
			b = it->b->v[it->at_b++];
		if (is_ignored(it->ignore, a ? a->key : b->key) ||
		    (a && b && same_value(a, b)))
			continue;
		*ret_a = a;
		*ret_b = b;
		return true;
	}
	return false;
}

static bool xattrs_differ(const struct comparison *c, const struct cfs_node *a,
			  const struct cfs_node *b)
{
	struct cfs_diff_xattrs it = { .a = a->xattrs,
				      .b = b->xattrs,
				      .ignore = &c->options->ignore };
	const struct cfs_xattr *x, *y;

	return cfs_diff_xattrs_next(&it, &x, &y);
}

static bool bytes_differ(const struct cfs_node *a, const struct cfs_node *b)
{
	return a->size != b->size ||
	       (a->size > 0 &&
		memcmp(a->file.data, b->file.data, (size_t)a->size) != 0);
}

/* Regular files: does the digest @want belong to content at hand, of @node? */
static int held_differs(const struct cfs_node *node,
			const struct cfs_digest *want, bool *ret,
			struct cfs_err *err)
{
	struct cfs_digest have;

	if (cfs_verity_digest_bytes(want->alg, cfs_node_bytes(node), &have,
				    err) < 0)
		return -err->code;
	*ret = !cfs_digest_equal(want, &have);
	return 0;
}

static void compare_objects(struct comparison *c, const struct cfs_node *a,
			    const struct cfs_node *b, uint32_t *fields)
{
	char room_a[CFS_OBJECT_PATH_MAX], room_b[CFS_OBJECT_PATH_MAX];
	const char *path_a = cfs_node_backing(c->a, a, room_a);
	const char *path_b = cfs_node_backing(c->b, b, room_b);
	struct cfs_digest x, y;
	bool has_a = cfs_node_digest(c->a, a, &x);
	bool has_b = cfs_node_digest(c->b, b, &y);

	set(fields, CFS_DIFF_DIGEST, has_a != has_b);
	/* Digests of different algorithms tell nothing about the content, so
	 * they are counted and not reported as a difference of each file. */
	if (has_a && has_b && x.alg != y.alg)
		c->sum.other_alg++;
	else
		set(fields, CFS_DIFF_CONTENT,
		    has_a && has_b && !cfs_digest_equal(&x, &y));
	/* A path that is derived from the digest adds nothing to it. */
	if (!(a->flags & b->flags & CFS_NODE_OBJECT))
		set(fields, CFS_DIFF_BACKING,
		    !path_a != !path_b ||
			    (path_a && strcmp(path_a, path_b) != 0));
}

/* Compares whatever both sides have: bytes with bytes, an object with an
 * object.  If only one side holds the bytes, they are hashed and compared with
 * the digest of the other. */
static int compare_files(struct comparison *c, const struct cfs_node *a,
			 const struct cfs_node *b, uint32_t *fields,
			 struct cfs_err *err)
{
	bool out_a = cfs_node_is_external(a), out_b = cfs_node_is_external(b);
	struct cfs_digest digest;
	bool differs = false;
	int r = 0;

	set(fields, CFS_DIFF_SIZE, a->size != b->size);
	if (out_a && out_b) {
		compare_objects(c, a, b, fields);
		return 0;
	}
	if (!out_a && !out_b)
		differs = bytes_differ(a, b);
	else if (out_a && cfs_node_digest(c->a, a, &digest))
		r = held_differs(b, &digest, &differs, err);
	else if (out_b && cfs_node_digest(c->b, b, &digest))
		r = held_differs(a, &digest, &differs, err);
	set(fields, CFS_DIFF_CONTENT, differs);
	/* An empty file needs no object: its storage cannot differ. */
	set(fields, CFS_DIFF_STORAGE,
	    out_a != out_b && a->size > 0 && b->size > 0);
	return r;
}

static void compare_times(struct comparison *c, const struct cfs_node *a,
			  const struct cfs_node *b, uint32_t *fields)
{
	bool part = a->mtime_nsec != b->mtime_nsec;

	set(fields, CFS_DIFF_MTIME,
	    a->mtime_sec != b->mtime_sec ||
		    (part && !c->options->whole_seconds));
	if (part && c->options->whole_seconds && a->mtime_sec == b->mtime_sec)
		c->sum.nanoseconds++;
}

static int compare_inodes(struct comparison *c, const struct cfs_node *a,
			  const struct cfs_node *b, uint32_t *fields,
			  struct cfs_err *err)
{
	bool same_type = (a->mode & S_IFMT) == (b->mode & S_IFMT);
	int r = 0;

	set(fields, CFS_DIFF_TYPE, !same_type);
	set(fields, CFS_DIFF_MODE, (a->mode ^ b->mode) & PERMISSIONS);
	set(fields, CFS_DIFF_UID, a->uid != b->uid);
	set(fields, CFS_DIFF_GID, a->gid != b->gid);
	compare_times(c, a, b, fields);
	set(fields, CFS_DIFF_XATTRS, xattrs_differ(c, a, b));
	/* A directory's nlink follows from its subdirectories, whose names are
	 * reported one by one. */
	if (same_type && !cfs_node_is_dir(a))
		set(fields, CFS_DIFF_NLINK, a->nlink != b->nlink);
	if (same_type && (S_ISCHR(a->mode) || S_ISBLK(a->mode)))
		set(fields, CFS_DIFF_RDEV, a->rdev != b->rdev);
	if (same_type && S_ISLNK(a->mode))
		set(fields, CFS_DIFF_TARGET, bytes_differ(a, b));
	if (same_type && S_ISREG(a->mode))
		r = compare_files(c, a, b, fields, err);
	*fields &= ~c->options->ignore.fields;
	return r;
}

/* Returns false when these two inodes were compared at an earlier name. */
static bool pair_up(struct comparison *c, struct cfs_diff *diff,
		    const struct cfs_node *a, const struct cfs_node *b)
{
	const struct cfs_node **first_a = &c->first_a[a->seq];
	const struct cfs_node **first_b = &c->first_b[b->seq];

	/* Hard links grouped differently: these inodes were first met at other
	 * names, so the trees disagree on which names share an inode. */
	if (*first_a != *first_b) {
		set(&diff->fields, CFS_DIFF_HARDLINK, true);
		diff->link_a = *first_a;
		diff->link_b = *first_b;
	} else if (*first_a) {
		return false;
	}
	if (!*first_a)
		*first_a = diff->b;
	if (!*first_b)
		*first_b = diff->b;
	return true;
}

static uint64_t count_below(const struct cfs_node *dir)
{
	/* The walk changes nothing. */
	struct cfs_node *top = (struct cfs_node *)(uintptr_t)dir;
	uint64_t n = 0;

	if (!cfs_node_is_dir(dir))
		return 0;
	for (struct cfs_node *at = cfs_node_walk(top, top); at;
	     at = cfs_node_walk(top, at))
		n++;
	return n;
}

static int report(struct comparison *c, const struct cfs_diff *diff,
		  struct cfs_err *err)
{
	return c->options->found(c->options->ctx, diff, err);
}

/* Reports everything below @dir, whose name is no directory in the other
 * tree. */
static int report_below(struct comparison *c, const struct cfs_node *dir,
			bool in_a, struct cfs_err *err)
{
	struct cfs_node *top = (struct cfs_node *)(uintptr_t)dir;
	int r = 0;

	if (!c->options->all || !cfs_node_is_dir(dir))
		return 0;
	for (struct cfs_node *at = cfs_node_walk(top, top); at && r == 0;
	     at = cfs_node_walk(top, at)) {
		const struct cfs_diff diff = { .a = in_a ? at : NULL,
					       .b = in_a ? NULL : at,
					       .inside = true };

		r = report(c, &diff, err);
	}
	return r;
}

static int report_only(struct comparison *c, const struct cfs_node *a,
		       const struct cfs_node *b, struct cfs_err *err)
{
	struct cfs_diff diff = { .a = a, .b = b };
	int r;

	if (a) {
		diff.below_a = count_below(a);
		c->sum.only_a += 1 + diff.below_a;
		c->sum.names_a += 1 + diff.below_a;
	} else {
		diff.below_b = count_below(b);
		c->sum.only_b += 1 + diff.below_b;
		c->sum.names_b += 1 + diff.below_b;
	}
	r = report(c, &diff, err);
	return r < 0 ? r : report_below(c, a ? a : b, a != NULL, err);
}

/* A directory that is something else on the other side hides its names. */
static void count_hidden(struct comparison *c, struct cfs_diff *diff)
{
	if (cfs_node_is_dir(diff->a) == cfs_node_is_dir(diff->b))
		return;
	diff->below_a = count_below(diff->a);
	diff->below_b = count_below(diff->b);
	c->sum.only_a += diff->below_a;
	c->sum.only_b += diff->below_b;
	c->sum.names_a += diff->below_a;
	c->sum.names_b += diff->below_b;
}

static int compare(struct comparison *c, const struct cfs_node *a,
		   const struct cfs_node *b, struct cfs_err *err)
{
	const struct cfs_node *inode_a = inode_of(a), *inode_b = inode_of(b);
	struct cfs_diff diff = { .a = a, .b = b };
	int r;

	c->sum.names_a++;
	c->sum.names_b++;
	c->sum.link_order += ((a->flags ^ b->flags) & CFS_NODE_LINK) != 0;
	if (!cfs_node_is_dir(inode_a) && !cfs_node_is_dir(inode_b) &&
	    !pair_up(c, &diff, inode_a, inode_b))
		return 0;
	r = compare_inodes(c, inode_a, inode_b, &diff.fields, err);
	if (r < 0)
		return r;
	count_hidden(c, &diff);
	for (unsigned i = 0; i < CFS_DIFF_FIELDS; i++)
		c->sum.by_field[i] += diff.fields >> i & 1;
	c->sum.changed += diff.fields != 0;
	/* What is hidden is reported, even if the type is to be ignored. */
	if (diff.fields || diff.below_a || diff.below_b)
		r = report(c, &diff, err);
	if (r == 0 && cfs_node_is_dir(a) != cfs_node_is_dir(b))
		r = report_below(c, cfs_node_is_dir(a) ? a : b,
				 cfs_node_is_dir(a), err);
	return r;
}

/* Two directories side by side: the next child of either. */
struct cursor {
	const struct cfs_node *dir_a, *dir_b; /* NULL: above the roots */
	const struct cfs_node *a, *b;
};

static void descend(struct cursor *at)
{
	at->dir_a = at->a;
	at->dir_b = at->b;
	at->a = at->dir_a->dir.first;
	at->b = at->dir_b->dir.first;
}

static void ascend(struct cursor *at)
{
	at->a = at->dir_a->next;
	at->b = at->dir_b->next;
	at->dir_a = at->dir_a->parent;
	at->dir_b = at->dir_b->parent;
}

static int step(struct comparison *c, struct cursor *at, struct cfs_err *err)
{
	const struct cfs_node *a = at->a, *b = at->b;
	int order = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);
	int r;

	/* Children are sorted: the smaller name is missing on the other
	 * side. */
	if (order != 0) {
		r = report_only(c, order < 0 ? a : NULL, order < 0 ? NULL : b,
				err);
		if (order < 0)
			at->a = a->next;
		else
			at->b = b->next;
		return r;
	}
	r = compare(c, a, b, err);
	if (cfs_node_is_dir(a) && cfs_node_is_dir(b)) {
		descend(at);
	} else {
		at->a = a->next;
		at->b = b->next;
	}
	return r;
}

/* No recursion: the image decides how deep this goes. */
static int walk(struct comparison *c, struct cfs_err *err)
{
	struct cursor at = { .a = c->a->root, .b = c->b->root };
	int r = 0;

	while (r == 0) {
		while (!at.a && !at.b) {
			if (!at.dir_a)
				return 0;
			ascend(&at);
		}
		r = step(c, &at, err);
	}
	return r;
}

int cfs_tree_diff(const struct cfs_tree *a, const struct cfs_tree *b,
		  const struct cfs_diff_options *options,
		  struct cfs_diff_sum *ret, struct cfs_err *err)
{
	CFS_AUTOFREE const struct cfs_node **first_a =
		calloc(a->nodes, sizeof(struct cfs_node *));
	CFS_AUTOFREE const struct cfs_node **first_b =
		calloc(b->nodes, sizeof(struct cfs_node *));
	struct comparison c = {
		.a = a,
		.b = b,
		.options = options,
		.first_a = first_a,
		.first_b = first_b,
	};
	int r;

	if (!first_a || !first_b)
		return cfs_no_memory(err);
	r = walk(&c, err);
	if (r < 0)
		return r;
	*ret = c.sum;
	return 0;
}
