/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/etc_merge.h"

#include <string.h>

#include "ops/boot_copy.h"
#include "ops/etc_side.h"

/* A merge that runs. */
struct job {
	const struct cfs_etc_merge *in;
	struct cfs_etc_merged *out;
	/* By the seq of inodes of a tree: the node that was made of them;
	 * owned.  So the names of one inode stay those of one. */
	struct cfs_node **of_users, **of_new;
	uint64_t bytes; /* of users' files */
};

/* What the three sides have at one name. */
struct three {
	struct cfs_etc_side old, users, new;
};

void cfs_etc_conflicts_free(struct cfs_etc_conflicts *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i].path);
	cfs_vec_free(list);
}

void cfs_etc_merged_free(struct cfs_etc_merged *merged)
{
	cfs_tree_free(merged->tree);
	merged->tree = NULL;
	cfs_vec_free(&merged->from);
	cfs_etc_conflicts_free(&merged->conflicts);
}

static int conflict(struct job *job, const struct cfs_node *dir,
		    const char *name, enum cfs_etc_clash clash,
		    struct cfs_err *err)
{
	struct cfs_etc_conflict *c = cfs_vec_new(&job->out->conflicts);
	CFS_AUTOBUF struct cfs_buf path = { 0 };

	if (!c)
		return cfs_no_memory(err);
	cfs_buf_adds(&path, "/etc");
	if (dir->parent)
		cfs_node_path(dir, &path);
	if (*name)
		cfs_buf_addf(&path, "/%s", name);
	*c = (struct cfs_etc_conflict){ .clash = clash };
	if (!cfs_buf_text(&path))
		return cfs_no_memory(err);
	c->path = (char *)cfs_steal_ptr(&path.data);
	return 0;
}

/* Remembers that the content of @node is that of the users' file @file. */
static int set_from(struct job *job, const struct cfs_node *node,
		    struct cfs_node *file, struct cfs_err *err)
{
	while (job->out->from.n <= node->seq)
		if (!cfs_vec_add(&job->out->from, NULL))
			return cfs_no_memory(err);
	job->out->from.v[node->seq] = file;
	return 0;
}

static int add_node(struct job *job, struct cfs_node *dir, const char *name,
		    uint32_t mode, struct cfs_node **ret, struct cfs_err *err)
{
	const struct cfs_bytes bytes = { (const uint8_t *)name, strlen(name) };

	return cfs_node_add(job->out->tree, dir, bytes, mode, ret, err);
}

/* Gives @node the attributes of @from, and what it has of its own. */
static void set_meta(struct cfs_node *node, const struct cfs_node *from)
{
	node->mode = from->mode;
	node->uid = from->uid;
	node->gid = from->gid;
	node->xattrs = from->xattrs;
	node->mtime_sec = from->mtime_sec;
	node->mtime_nsec = from->mtime_nsec;
	node->rdev = from->rdev;
}

static int count(struct job *job, const struct cfs_node *node,
		 struct cfs_err *err)
{
	if (++job->out->users > CFS_ETC_NODES_MAX)
		return cfs_fail(err, EFBIG,
				"changes to /etc of more than %d files: keep "
				"data in /var",
				CFS_ETC_NODES_MAX);
	if (S_ISREG(node->mode) &&
	    (__builtin_add_overflow(job->bytes, node->size, &job->bytes) ||
	     job->bytes > CFS_ETC_BYTES_MAX))
		return cfs_fail(err, EFBIG,
				"changes to /etc of more than %llu bytes: keep "
				"data in /var",
				(unsigned long long)CFS_ETC_BYTES_MAX);
	return 0;
}

/* Adds a leaf that is like @side, whose inode others may be names of: those of
 * the tree that has the array @made. */
static int add_leaf(struct job *job, struct cfs_node *dir, const char *name,
		    const struct cfs_etc_side *side, struct cfs_node **made,
		    struct cfs_err *err)
{
	struct cfs_node **known = made ? &made[side->meta->seq] : NULL;
	bool on_disk = side->tree == job->in->users_tree &&
		       cfs_node_is_external(side->data);
	struct cfs_node *node;
	int r = add_node(job, dir, name, side->meta->mode, &node, err);

	if (r == 0 && on_disk)
		r = set_from(job, node, side->data, err);
	if (r < 0)
		return r;
	if (known && *known) {
		cfs_node_set_link(node, *known);
		return 0;
	}
	cfs_node_copy_inode(node, side->data);
	set_meta(node, side->meta);
	if (known)
		*known = node;
	return 0;
}

static int add_users(struct job *job, struct cfs_node *dir, const char *name,
		     const struct cfs_etc_side *side, struct cfs_err *err)
{
	bool listed = side->upper != NULL;
	int r = add_leaf(job, dir, name, side, listed ? job->of_users : NULL,
			 err);

	return r < 0 ? r : count(job, side->data, err);
}

/* Adds all of the new image's @node to a whole /etc.  In a layer it shows
 * through. */
static int add_new(struct job *job, struct cfs_node *dir, const char *name,
		   const struct cfs_etc_side *side, unsigned depth,
		   struct cfs_err *err)
{
	struct cfs_node *made;
	int r;

	if (job->in->layout == CFS_ETC_LAYER || !side->meta)
		return 0;
	if (!cfs_etc_side_is_dir(side))
		return add_leaf(job, dir, name, side, job->of_new, err);
	if (depth == 0)
		return cfs_etc_too_deep(side->meta, err);
	r = add_node(job, dir, name, side->meta->mode, &made, err);
	if (r < 0)
		return r;
	set_meta(made, side->meta);
	for (struct cfs_node *n = side->meta->dir.first; r == 0 && n;
	     n = n->next) {
		const struct cfs_etc_side child =
			cfs_etc_image_side(job->in->new_tree, n);

		r = add_new(job, made, n->name, &child, depth - 1, err);
	}
	return r;
}

/* A whiteout is owned by root, and its mode does not count. */
static int add_whiteout(struct job *job, struct cfs_node *dir, const char *name,
			struct cfs_err *err)
{
	struct cfs_node *node;
	int r = 0;

	if (job->in->layout == CFS_ETC_LAYER)
		r = add_node(job, dir, name, S_IFCHR, &node, err);
	job->out->users += r == 0;
	return r;
}

/* Users have nothing of this name. */
static int merge_gone(struct job *job, struct cfs_node *dir, const char *name,
		      const struct three *x, struct cfs_err *err)
{
	int r;

	if (!x->new.meta)
		return 0;
	if (!x->old.meta)
		return add_new(job, dir, name, &x->new, CFS_ETC_DEPTH_MAX, err);
	r = cfs_etc_differ(&x->old, &x->new, CFS_ETC_DEPTH_MAX, err);
	if (r > 0)
		r = conflict(job, dir, name, CFS_ETC_USER_REMOVED, err);
	return r < 0 ? r : add_whiteout(job, dir, name, err);
}

/* Users have something of this name that is no directory. */
static int merge_leaf(struct job *job, struct cfs_node *dir, const char *name,
		      const struct three *x, struct cfs_err *err)
{
	int r = cfs_etc_same(&x->old, &x->users, err);

	if (r == 0)
		r = cfs_etc_same(&x->users, &x->new, err);
	if (r < 0)
		return r;
	if (r > 0)
		return add_new(job, dir, name, &x->new, CFS_ETC_DEPTH_MAX, err);
	r = cfs_etc_differ(&x->old, &x->new, CFS_ETC_DEPTH_MAX, err);
	if (r > 0)
		r = conflict(job, dir, name,
			     x->new.meta ? CFS_ETC_BOTH_CHANGED
					 : CFS_ETC_IMAGE_REMOVED,
			     err);
	return r < 0 ? r : add_users(job, dir, name, &x->users, err);
}

static int merge_children(struct job *job, struct cfs_node *to,
			  const struct three *x, unsigned depth,
			  struct cfs_err *err);

/* What is to become of a directory that users have. */
struct fate {
	bool changed; /* users changed its attributes, or made it */
	bool same;    /* the new image's has these, too */
	bool clash;   /* and it changed its own */
};

static int judge(const struct three *x, struct fate *ret, struct cfs_err *err)
{
	int changed = cfs_etc_same(&x->old, &x->users, err), same = 0, new = 0;

	if (changed >= 0)
		same = cfs_etc_same(&x->users, &x->new, err);
	if (changed >= 0 && same >= 0)
		new = cfs_etc_same(&x->old, &x->new, err);
	if (changed < 0 || same < 0 || new < 0)
		return -err->code;
	*ret = (struct fate){ .changed = changed == 0,
			      .same = same > 0,
			      .clash = changed == 0 && same == 0 && new == 0 };
	return 0;
}

/* The new image has no directory here.  Returns whether @made stays. */
static int keep_dir(struct job *job, struct cfs_node *made,
		    const struct three *x, const struct fate *fate, bool filled,
		    struct cfs_err *err)
{
	enum cfs_etc_clash clash = x->new.meta ? CFS_ETC_BOTH_CHANGED
					       : CFS_ETC_IMAGE_REMOVED;
	bool mine = fate->changed || filled;
	int r = 0;

	if (mine && (x->new.meta || (x->old.meta && fate->changed)))
		r = conflict(job, made->parent, made->name, clash, err);
	if (r == 0 && fate->changed)
		r = count(job, made, err);
	return r < 0 ? r : mine;
}

/* Users and the new image have a directory here.  Returns whether @made
 * stays. */
static int join_dir(struct job *job, struct cfs_node *made,
		    const struct three *x, const struct fate *fate, bool filled,
		    struct cfs_err *err)
{
	bool whole = job->in->layout == CFS_ETC_WHOLE;
	int r = 0;

	if (!fate->changed || fate->same)
		set_meta(made, x->new.meta);
	else
		r = count(job, made, err);
	if (r == 0 && fate->clash)
		r = conflict(job, made->parent ? made->parent : made,
			     made->name, CFS_ETC_BOTH_CHANGED, err);
	return r < 0 ? r : whole || filled || (fate->changed && !fate->same);
}

/* Merges into @made, which has users' attributes.  Returns whether it stays. */
static int merge_into(struct job *job, struct cfs_node *made,
		      const struct three *x, unsigned depth,
		      struct cfs_err *err)
{
	size_t before = job->out->users;
	struct fate fate = { 0 };
	int r = judge(x, &fate, err);

	if (r == 0)
		r = merge_children(job, made, x, depth, err);
	if (r < 0)
		return r;
	return cfs_etc_side_is_dir(&x->new)
		       ? join_dir(job, made, x, &fate,
				  job->out->users != before, err)
		       : keep_dir(job, made, x, &fate,
				  job->out->users != before, err);
}

static int merge_dir(struct job *job, struct cfs_node *dir, const char *name,
		     const struct three *x, unsigned depth, struct cfs_err *err)
{
	struct cfs_node *made;
	int r;

	if (depth == 0)
		return cfs_etc_too_deep(x->users.meta, err);
	r = add_node(job, dir, name, x->users.meta->mode, &made, err);
	if (r < 0)
		return r;
	set_meta(made, x->users.meta);
	r = merge_into(job, made, x, depth - 1, err);
	if (r != 0)
		return r < 0 ? r : 0;
	/* Finishing the tree unlinks it: doing so here, one by one, would walk
	 * over all that is beside it each time. */
	cfs_node_remove(job->out->tree, made);
	return cfs_etc_side_is_dir(&x->new)
		       ? 0
		       : add_new(job, dir, name, &x->new, depth, err);
}

/* When services were run that are due once after each update: systemd makes the
 * file, and no deployment takes it over, nor an image's. */
static bool is_stamp(const struct cfs_node *dir, const char *name)
{
	return !dir->parent && strcmp(name, ".updated") == 0;
}

/* Where the walk over the children of three directories is, each in the order
 * of names.  Users' are those of two: of a layer, and of what is below it. */
struct walk {
	struct cfs_node *at[4];
};

/* The next name; NULL at the end. */
static const char *next_name(const struct walk *walk)
{
	const char *name = NULL;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(walk->at); i++)
		if (walk->at[i] &&
		    (!name || strcmp(walk->at[i]->name, name) < 0))
			name = walk->at[i]->name;
	return name;
}

/* The child called @name, which the walk is then past; or NULL. */
static struct cfs_node *take(struct walk *walk, size_t i, const char *name)
{
	struct cfs_node *n = walk->at[i];

	if (!n || strcmp(n->name, name) != 0)
		return NULL;
	walk->at[i] = n->next;
	return n;
}

static struct cfs_node *first_child(const struct cfs_node *dir)
{
	return dir && cfs_node_is_dir(dir) ? dir->dir.first : NULL;
}

static int merge_name(struct job *job, struct cfs_node *to, const char *name,
		      const struct three *x, unsigned depth,
		      struct cfs_err *err)
{
	if (!x->users.meta)
		return merge_gone(job, to, name, x, err);
	return cfs_etc_side_is_dir(&x->users)
		       ? merge_dir(job, to, name, x, depth, err)
		       : merge_leaf(job, to, name, x, err);
}

static int merge_children(struct job *job, struct cfs_node *to,
			  const struct three *x, unsigned depth,
			  struct cfs_err *err)
{
	struct walk walk = {
		{ first_child(x->old.meta), first_child(x->users.upper),
		  first_child(x->users.low), first_child(x->new.meta) }
	};
	const char *name;
	int r = 0;

	while (r == 0 && (name = next_name(&walk))) {
		struct cfs_node *old = take(&walk, 0, name);
		struct cfs_node *upper = take(&walk, 1, name);
		struct cfs_node *low = take(&walk, 2, name);
		struct cfs_node *new = take(&walk, 3, name);
		struct three y = {
			.old = cfs_etc_image_side(job->in->old_tree, old),
			.new = cfs_etc_image_side(job->in->new_tree, new),
		};

		r = cfs_etc_users_side(job->in, upper, low, x->users.low,
				       &y.users, err);
		if (is_stamp(to, name)) {
			y.users = (struct cfs_etc_side){ 0 };
			y.old = y.new;
		}
		if (r == 0)
			r = merge_name(job, to, name, &y, depth, err);
	}
	return r;
}

static int merge_root(struct job *job, struct cfs_err *err)
{
	const struct cfs_etc_merge *in = job->in;
	struct cfs_node *root = job->out->tree->root;
	struct three x = {
		.old = cfs_etc_image_side(in->old_tree, in->old_etc),
		.new = cfs_etc_image_side(in->new_tree, in->new_etc),
	};
	int r = cfs_etc_users_side(in, in->users_tree->root, in->old_etc, NULL,
				   &x.users, err);

	if (r < 0)
		return r;
	set_meta(root, x.users.meta);
	r = merge_into(job, root, &x, CFS_ETC_DEPTH_MAX, err);
	return r < 0 ? r : cfs_tree_finish(job->out->tree, err);
}

/* Sets the algorithm of the digests, which those of all trees have. */
static int set_alg(const struct cfs_etc_merge *in, struct cfs_tree *to,
		   struct cfs_err *err)
{
	const struct cfs_tree *const all[] = { in->old_tree, in->users_tree,
					       in->new_tree };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(all); i++) {
		if (to->alg && all[i]->alg && to->alg != all[i]->alg)
			return cfs_fail(err, EINVAL,
					"the images have digests of different "
					"algorithms");
		if (all[i]->alg)
			to->alg = all[i]->alg;
	}
	return 0;
}

static int merge(struct job *job, struct cfs_err *err)
{
	const struct cfs_etc_merge *in = job->in;
	int r;

	job->of_users = calloc(in->users_tree->nodes + 1, sizeof(void *));
	job->of_new = calloc(in->new_tree->nodes + 1, sizeof(void *));
	if (!job->of_users || !job->of_new)
		return cfs_no_memory(err);
	r = cfs_tree_new(&job->out->tree, err);
	if (r == 0)
		r = set_alg(in, job->out->tree, err);
	if (r == 0)
		r = merge_root(job, err);
	if (r < 0)
		return r;
	/* Also of nodes that nothing was remembered of. */
	while (job->out->from.n <= job->out->tree->nodes)
		if (!cfs_vec_add(&job->out->from, NULL))
			return cfs_no_memory(err);
	return 0;
}

int cfs_etc_merge(const struct cfs_etc_merge *in, struct cfs_etc_merged *ret,
		  struct cfs_err *err)
{
	CFS_AUTOETC struct cfs_etc_merged merged = { 0 };
	struct job job = { .in = in, .out = &merged };
	int r = merge(&job, err);

	free(job.of_users);
	free(job.of_new);
	if (r < 0)
		return r;
	*ret = merged;
	merged = (struct cfs_etc_merged){ 0 };
	return 0;
}
