/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/merge.h"

#include <assert.h>
#include <string.h>

#include "base/vec.h"

#define WHITEOUT ".wh."
#define OPAQUE	 ".wh..wh..opq"

static_assert(CFS_LAYERS_MAX < 1 << 10, "a layer has 10 bits in nlink");

/* A directory on the way to the parent of the last entry. */
struct step {
	struct cfs_node *dir;
	uint32_t end; /* bytes of path up to the end of its name */
};

/*
 * Nodes of the layer that is being applied are known by their seq, from
 * first_seq on.  What layers did to a directory is kept in its nlink, which is
 * not counted before the tree is finished: for each deed, the last layer that
 * did it.  The size of an implicit directory is the offset of the entry that
 * needs it.  Merging thus needs no memory beyond the tree.
 */
enum deed {
	SAID = 0,     /* described it, or needs it described */
	ENTERED = 10, /* put something into it, or below it */
	HIDDEN = 20,  /* hid what was in it */
	DEED_BITS = 10,
};

struct cfs_layers {
	struct cfs_tree *tree;
	unsigned flags;
	uint32_t layer; /* counted from 1 */
	uint32_t first_seq;
	bool any_implicit;
	uint64_t holes; /* bytes in sparse files of all layers */
	uint64_t bytes; /* of links and xattrs of all layers */
	CFS_VEC(const struct cfs_xattr *) pairs;
	unsigned depth;
	struct step steps[CFS_TAR_DEPTH_MAX];
	const char *names[CFS_LAYERS_MAX]; /* borrowed, or NULL */
	uint8_t path[CFS_TAR_PATH_MAX];	   /* of the last step */
};

int cfs_layers_new(unsigned flags, struct cfs_layers **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_layers_free)
	struct cfs_layers *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return cfs_no_memory(err);
	r = cfs_tree_new(&m->tree, err);
	if (r < 0)
		return r;
	/* All zero until an entry describes the root, as in composefs-rs: the
	 * digest of a single layer depends on it. */
	m->tree->root->mode = S_IFDIR;
	m->tree->root->nlink = 0;
	m->flags = flags;
	*ret = cfs_steal_ptr(&m);
	return 0;
}

void cfs_layers_free(struct cfs_layers *m)
{
	if (!m)
		return;
	cfs_tree_free(m->tree);
	cfs_vec_free(&m->pairs);
	free(m);
}

struct cfs_tree *cfs_layers_tree(struct cfs_layers *m)
{
	return m->tree;
}

static int too_many(struct cfs_err *err)
{
	return cfs_fail(err, E2BIG, "over %d layers", CFS_LAYERS_MAX);
}

int cfs_layers_skip(struct cfs_layers *m, size_t n, struct cfs_err *err)
{
	if (n > CFS_LAYERS_MAX)
		return too_many(err);
	m->layer = (uint32_t)n;
	return 0;
}

int cfs_layers_begin(struct cfs_layers *m, struct cfs_err *err)
{
	if (m->layer >= CFS_LAYERS_MAX)
		return too_many(err);
	m->layer++;
	m->first_seq = m->tree->nodes;
	return 0;
}

void cfs_layers_name(struct cfs_layers *m, const char *name)
{
	m->names[m->layer - 1] = name;
}

static bool is_new(const struct cfs_layers *m, const struct cfs_node *node)
{
	return node->seq >= m->first_seq;
}

static uint32_t layer_of(const struct cfs_node *dir, enum deed deed)
{
	return dir->nlink >> deed & ((1u << DEED_BITS) - 1);
}

/* Has this layer done that to @dir? */
static bool did(const struct cfs_layers *m, const struct cfs_node *dir,
		enum deed deed)
{
	return layer_of(dir, deed) == m->layer;
}

static void set_did(const struct cfs_layers *m, struct cfs_node *dir,
		    enum deed deed)
{
	dir->nlink ^= (layer_of(dir, deed) ^ m->layer) << deed;
}

/* Makes @dir one that no entry has described. */
static void make_implicit(struct cfs_layers *m, struct cfs_node *dir,
			  uint64_t offset)
{
	dir->mode = S_IFDIR | 0755;
	dir->uid = dir->gid = 0;
	dir->mtime_sec = 0;
	dir->mtime_nsec = 0;
	dir->xattrs = NULL;
	set_did(m, dir, SAID);
	if (m->flags & CFS_LAYERS_CREATE_PARENTS)
		return;
	dir->flags |= CFS_NODE_IMPLICIT;
	dir->size = offset;
	m->any_implicit = true;
}

static int set_xattrs(struct cfs_layers *m, const struct cfs_tar_entry *e,
		      struct cfs_node *node, struct cfs_err *err)
{
	struct cfs_xattr_store *store = &m->tree->xattrs;

	node->xattrs = NULL;
	m->pairs.n = 0;
	for (size_t i = 0; i < e->n_xattrs; i++) {
		const struct cfs_xattr *x;
		int r = cfs_xattr_add(store, e->xattrs[i].name,
				      e->xattrs[i].value, &x, err);

		if (r < 0)
			return r;
		(void)cfs_vec_add(&m->pairs, x);
	}
	if (m->pairs.failed)
		return cfs_no_memory(err);
	return cfs_xattrs_add(store, m->pairs.v, e->n_xattrs, &node->xattrs,
			      err);
}

/* All that an entry says of a node but its content. */
static int describe(struct cfs_layers *m, const struct cfs_tar_entry *e,
		    struct cfs_node *node, struct cfs_err *err)
{
	node->mode = e->mode;
	node->uid = e->uid;
	node->gid = e->gid;
	node->rdev = e->rdev;
	node->mtime_sec = e->mtime_sec;
	node->mtime_nsec = e->mtime_nsec;
	if (S_ISDIR(e->mode)) {
		set_did(m, node, SAID);
		node->flags &= (uint8_t)~CFS_NODE_IMPLICIT;
		node->size = 0;
	}
	return set_xattrs(m, e, node, err);
}

/* How many of the last entry's steps are on the way to @path, too. */
static unsigned shared_steps(const struct cfs_layers *m, struct cfs_bytes path)
{
	unsigned depth = m->depth;
	size_t len = depth ? m->steps[depth - 1].end : 0, same = 0;

	if (len == path.len && memcmp(m->path, path.data, len) == 0)
		return depth;
	while (same < len && same < path.len &&
	       m->path[same] == path.data[same])
		same++;
	for (; depth > 0; depth--) {
		size_t end = m->steps[depth - 1].end;

		if (end == path.len ? end == same
				    : end <= same && path.data[end] == '/')
			break;
	}
	return depth;
}

static bool is_whiteout(struct cfs_bytes name)
{
	return name.len >= strlen(WHITEOUT) &&
	       memcmp(name.data, WHITEOUT, strlen(WHITEOUT)) == 0;
}

static int no_directory(struct cfs_node *node, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];

	return cfs_fail(err, ENOTDIR, "%s is not a directory",
			cfs_node_name(node, name));
}

static int add_parent(struct cfs_layers *m, struct cfs_node *dir,
		      struct cfs_bytes name, const struct cfs_tar_entry *e,
		      struct cfs_node **ret, struct cfs_err *err)
{
	int r;

	if (is_whiteout(name))
		return cfs_fail(err, EINVAL, "a whiteout with something in it");
	r = cfs_node_add(m->tree, dir, name, S_IFDIR, ret, err);
	if (r == 0)
		make_implicit(m, *ret, e->offset);
	return r < 0 ? r : 1;
}

/*
 * Goes to directory @path.  With @e, for which it is, directories that do not
 * exist are made.
 * Returns 1 with *@ret, or 0: there is no such directory (never with @e).
 */
static int enter(struct cfs_layers *m, struct cfs_bytes path,
		 const struct cfs_tar_entry *e, struct cfs_node **ret,
		 struct cfs_err *err)
{
	struct cfs_node *dir = m->tree->root;
	size_t at = 0;

	m->depth = shared_steps(m, path);
	if (m->depth > 0) {
		dir = m->steps[m->depth - 1].dir;
		at = m->steps[m->depth - 1].end;
	}
	while (at < path.len) {
		size_t from = at, start = at + (at > 0);
		const uint8_t *slash =
			memchr(path.data + start, '/', path.len - start);
		struct cfs_bytes name;
		int r;

		at = slash ? (size_t)(slash - path.data) : path.len;
		name = (struct cfs_bytes){ path.data + start, at - start };
		r = cfs_node_find(m->tree, dir, name, &dir, err);
		if (r == 0 && e)
			r = add_parent(m, dir, name, e, &dir, err);
		if (r <= 0)
			return r;
		/* Container engines follow a symlink here, or replace the file,
		 * and so disagree on the tree that comes of it. */
		if (!cfs_node_is_dir(dir))
			return e ? no_directory(dir, err) : 0;
		memcpy(m->path + from, path.data + from, at - from);
		m->steps[m->depth++] = (struct step){ dir, (uint32_t)at };
	}
	*ret = dir;
	return 1;
}

/* The way to the last entry may have led through what is removed. */
static void take_out(struct cfs_layers *m, struct cfs_node *node)
{
	if (cfs_node_is_dir(node))
		m->depth = 0;
	cfs_node_remove(m->tree, node);
}

static struct cfs_bytes split(struct cfs_bytes path, struct cfs_bytes *name)
{
	const uint8_t *slash = memrchr(path.data, '/', path.len);
	size_t dir = slash ? (size_t)(slash - path.data) : 0;
	size_t start = slash ? dir + 1 : 0;

	*name = (struct cfs_bytes){ path.data + start, path.len - start };
	return (struct cfs_bytes){ path.data, dir };
}

/*
 * Removes what lower layers put into @dir, which is itself of a lower layer.
 * Directories that this layer has put something into stay, without what lower
 * layers said of them: it must make no difference where in its layer the marker
 * stands.
 *
 * Calls itself up to CFS_TAR_DEPTH_MAX times, and looks at a directory once in
 * a layer.
 */
static void hide(struct cfs_layers *m, struct cfs_node *dir, uint64_t offset)
{
	if (did(m, dir, HIDDEN))
		return;
	set_did(m, dir, HIDDEN);
	for (struct cfs_node *n = dir->dir.first; n; n = n->next) {
		if (n->flags & CFS_NODE_GONE || is_new(m, n))
			continue;
		if (!cfs_node_is_dir(n) ||
		    !(did(m, n, SAID) || did(m, n, ENTERED))) {
			take_out(m, n);
			continue;
		}
		hide(m, n, offset);
		if (!did(m, n, SAID))
			make_implicit(m, n, offset);
	}
	/* The markers of the layers that follow need not look at them again. */
	cfs_node_prune(dir);
}

static int apply_whiteout(struct cfs_layers *m, const struct cfs_tar_entry *e,
			  struct cfs_bytes parent, struct cfs_bytes name,
			  struct cfs_err *err)
{
	struct cfs_node *dir, *node;
	int r = enter(m, parent, NULL, &dir, err);

	/* Layers in the field have whiteouts in directories that no layer has.
	 * There is nothing to hide. */
	if (r <= 0)
		return r;
	if (name.len == strlen(OPAQUE) &&
	    memcmp(name.data, OPAQUE, name.len) == 0) {
		/* All that is in a new directory is new. */
		if (!is_new(m, dir))
			hide(m, dir, e->offset);
		return 0;
	}
	name.data += strlen(WHITEOUT);
	name.len -= strlen(WHITEOUT);
	r = cfs_node_find(m->tree, dir, name, &node, err);
	if (r > 0)
		take_out(m, node);
	return r < 0 ? r : 0;
}

/* Follows @path from the root, aside from the steps of entries. */
static int find_target(struct cfs_layers *m, struct cfs_bytes path,
		       struct cfs_node **ret, struct cfs_err *err)
{
	struct cfs_node *node = m->tree->root;

	while (path.len > 0) {
		const uint8_t *slash = memchr(path.data, '/', path.len);
		struct cfs_bytes name = path;
		int r;

		if (slash)
			name.len = (size_t)(slash - path.data);
		if (!cfs_node_is_dir(node))
			return 0;
		r = cfs_node_find(m->tree, node, name, &node, err);
		if (r <= 0)
			return r;
		path.data += name.len + (slash != NULL);
		path.len -= name.len + (slash != NULL);
	}
	*ret = node;
	return 1;
}

static int find_inode(struct cfs_layers *m, struct cfs_bytes path,
		      struct cfs_node **ret, struct cfs_err *err)
{
	char shown[CFS_TAR_SHOWN_MAX];
	struct cfs_node *node;
	int r = find_target(m, path, &node, err);

	if (r < 0)
		return r;
	if (r == 0)
		return cfs_fail(err, ENOENT,
				"a hard link to '%s', which does not exist",
				cfs_tar_shown(path, shown));
	if (cfs_node_is_dir(node))
		return cfs_fail(err, EISDIR,
				"a hard link to the directory '%s'",
				cfs_tar_shown(path, shown));
	*ret = cfs_node_inode(node);
	return 0;
}

static int set_content(struct cfs_layers *m, const struct cfs_tar_entry *e,
		       struct cfs_node *node, struct cfs_node **ret,
		       struct cfs_err *err)
{
	if (S_ISLNK(e->mode))
		return cfs_node_set_target(m->tree, node, e->link, err);
	if (!S_ISREG(e->mode))
		return 0;
	if (e->is_external || e->sparse) {
		*ret = node;
		return 0;
	}
	return cfs_node_set_content(m->tree, node, e->content, err);
}

static int put(struct cfs_layers *m, const struct cfs_tar_entry *e,
	       struct cfs_node *dir, struct cfs_bytes name,
	       struct cfs_node **ret, struct cfs_err *err)
{
	struct cfs_node *old = NULL, *inode = NULL, *node;
	int r = cfs_node_find(m->tree, dir, name, &old, err);

	if (r < 0)
		return r;
	if (old && cfs_node_is_dir(old) && S_ISDIR(e->mode))
		return describe(m, e, old, err);
	/* Looked up before the old node is removed, which may be the target
	 * itself. */
	if (e->is_hardlink) {
		r = find_inode(m, e->link, &inode, err);
		if (r < 0)
			return r;
	}
	if (old)
		take_out(m, old);
	r = cfs_node_add(m->tree, dir, name, inode ? inode->mode : e->mode,
			 &node, err);
	if (r < 0)
		return r;
	/* Each name of a whiteout is an inode of its own, as in tree/scan.c. */
	if (inode && cfs_node_is_whiteout(inode))
		cfs_node_copy_inode(node, inode);
	else if (inode)
		cfs_node_set_link(node, inode);
	if (inode)
		return 0;
	r = describe(m, e, node, err);
	return r < 0 ? r : set_content(m, e, node, ret, err);
}

static int apply(struct cfs_layers *m, const struct cfs_tar_entry *e,
		 struct cfs_node **ret, struct cfs_err *err)
{
	struct cfs_bytes name, parent;
	struct cfs_node *dir;
	int r;

	if (e->path.len == 0) {
		if (!S_ISDIR(e->mode))
			return cfs_fail(err, ENOTDIR,
					"the root must be a directory");
		return describe(m, e, m->tree->root, err);
	}
	parent = split(e->path, &name);
	if (is_whiteout(name))
		return apply_whiteout(m, e, parent, name, err);
	r = enter(m, parent, e, &dir, err);
	if (r < 0)
		return r;
	/* If a directory is marked, so are all above it. */
	for (struct cfs_node *n = dir; n && !did(m, n, ENTERED); n = n->parent)
		set_did(m, n, ENTERED);
	return put(m, e, dir, name, ret, err);
}

/* Counts what @e brings, all but its node. */
static int count(struct cfs_layers *m, const struct cfs_tar_entry *e,
		 struct cfs_err *err)
{
	m->bytes += e->link.len;
	for (size_t i = 0; i < e->n_xattrs; i++)
		m->bytes += e->xattrs[i].name.len + e->xattrs[i].value.len;
	if (m->bytes > CFS_LAYERS_BYTES_MAX)
		return cfs_fail(err, EFBIG,
				"the links and xattrs of all layers have over "
				"%u bytes, the maximum",
				CFS_LAYERS_BYTES_MAX);
	return e->sparse ? cfs_tar_sparse_count(e->sparse, e->size, &m->holes,
						err)
			 : 0;
}

int cfs_layers_add(struct cfs_layers *m, const struct cfs_tar_entry *e,
		   struct cfs_node **ret, struct cfs_err *err)
{
	int r;

	*ret = NULL;
	r = count(m, e, err);
	if (r == 0)
		r = apply(m, e, ret, err);
	if (r == 0 && m->tree->nodes > CFS_LAYERS_NODES_MAX)
		r = cfs_fail(err, EFBIG,
			     "all layers have over %u files and directories, "
			     "the maximum",
			     CFS_LAYERS_NODES_MAX);
	return r < 0 ? cfs_tar_entry_ctx(e, err) : 0;
}

static int check_described(struct cfs_layers *m, struct cfs_err *err)
{
	struct cfs_node *root = m->tree->root;
	char name[CFS_NODE_NAME_MAX];

	for (struct cfs_node *n = root; n; n = cfs_node_walk(root, n)) {
		uint32_t layer = layer_of(n, SAID) - 1;
		const char *named;

		if (!(n->flags & CFS_NODE_IMPLICIT) || n->flags & CFS_NODE_GONE)
			continue;
		named = layer < CFS_LAYERS_MAX ? m->names[layer] : NULL;
		return cfs_fail(err, ENOENT,
				"layer %u%s%s%s: entry at offset %llu: no "
				"entry of any layer describes its directory %s "
				"(--create-parents makes it, with mode 0755, "
				"owner 0:0 and time 0)",
				layer, named ? " (" : "", named ? named : "",
				named ? ")" : "", (unsigned long long)n->size,
				cfs_node_name(n, name));
	}
	return 0;
}

int cfs_layers_finish(struct cfs_layers *m, struct cfs_tree **ret,
		      struct cfs_err *err)
{
	int r = m->any_implicit ? check_described(m, err) : 0;

	if (r == 0)
		r = cfs_tree_finish(m->tree, err);
	if (r == 0)
		*ret = cfs_steal_ptr(&m->tree);
	return r;
}
