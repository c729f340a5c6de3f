/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A policy has thousands of expressions, too many to match with every file.
 * Each directory therefore has a scope, the rules that may still match below
 * it, narrowed from the scope of the directory above by asking PCRE2 for
 * partial matches of the path.
 */
#include "tree/selinux/relabel.h"

#include <string.h>
#include <strings.h>

#include "base/vec.h"
#include "tree/selinux/selabel.h"

#define SELINUX "etc/selinux"
#define CONFIG	SELINUX "/config"
#define LABEL	"security.selinux"

static struct cfs_node *lookup(struct cfs_node *node, const char *path)
{
	while (node && *path) {
		size_t len = strcspn(path, "/");
		struct cfs_node *n = NULL;

		if (cfs_node_is_dir(node))
			n = node->dir.first;
		while (n &&
		       (n->name_len != len || memcmp(n->name, path, len) != 0))
			n = n->next;
		node = n;
		path += len + (path[len] == '/');
	}
	return node;
}

/* Reads file @path of the tree.  Returns 0 when there is none. */
static int read_policy_file(struct cfs_tree *tree,
			    const struct cfs_content *content, const char *path,
			    struct cfs_buf *ret, struct cfs_err *err)
{
	struct cfs_node *node = lookup(tree->root, path);
	int r = 0;

	if (!node)
		return 0;
	node = cfs_node_inode(node);
	if (!S_ISREG(node->mode))
		return cfs_fail(err, EINVAL, "/%s is not a regular file", path);
	if (node->flags & CFS_NODE_INLINE)
		cfs_buf_add(ret, node->file.data, (size_t)node->size);
	else if (node->size > 0)
		r = content->read(content->ctx, tree, node, ret, err);
	if (r < 0)
		return cfs_ctx(err, "/%s", path);
	return cfs_buf_check(ret, err) < 0 ? -err->code : 1;
}

static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t\r");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return s;
}

/* The value of the first line that sets SELINUXTYPE, in letters of either case
 * as in composefs-rs; NULL if there is none. */
static const char *policy_type(char *config)
{
	char *save = NULL;

	for (char *line = strtok_r(config, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *equals = strchr(line, '=');

		if (!equals)
			continue;
		*equals = '\0';
		if (strcasecmp(trim(line), "SELINUXTYPE") == 0)
			return trim(equals + 1);
	}
	return NULL;
}

/* Files of a policy; the last match counts.  The order is that of composefs-rs,
 * since labels are part of the digest: libselinux would let .local outrank
 * .homedirs. */
static const struct policy_file {
	const char *name;
	bool needed;
	int (*add)(struct cfs_selabel *policy, const char *file,
		   struct cfs_bytes text, struct cfs_err *err);
} policy_files[] = {
	{ "file_contexts", true, cfs_selabel_add },
	{ "file_contexts.local", false, cfs_selabel_add },
	{ "file_contexts.homedirs", false, cfs_selabel_add },
	{ "file_contexts.subs", false, cfs_selabel_add_aliases },
	{ "file_contexts.subs_dist", false, cfs_selabel_add_aliases },
};

static int add_policy_file(struct cfs_tree *tree,
			   const struct cfs_content *content, const char *type,
			   const struct policy_file *file,
			   struct cfs_selabel *policy, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf path = { 0 }, text = { 0 };
	int r;

	cfs_buf_addf(&path, "/" SELINUX "/%s/contexts/files/%s", type,
		     file->name);
	if (!cfs_buf_text(&path))
		return cfs_no_memory(err);
	r = read_policy_file(tree, content, (char *)path.data + 1, &text, err);
	if (r < 0)
		return r;
	if (r == 0 && file->needed)
		return cfs_fail(err, ENOENT,
				"%s is missing, and /" CONFIG
				" names that policy",
				(char *)path.data);
	return file->add(policy, (char *)path.data, cfs_buf_bytes(&text), err);
}

/* Returns 1 with the tree's policy, or 0 when it has none. */
static int read_policy(struct cfs_tree *tree, const struct cfs_content *content,
		       struct cfs_selabel **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_selabel_free) struct cfs_selabel *policy = NULL;
	CFS_AUTOBUF struct cfs_buf config = { 0 };
	const char *type;
	int r = read_policy_file(tree, content, CONFIG, &config, err);

	if (r <= 0)
		return r;
	if (!cfs_buf_text(&config))
		return cfs_no_memory(err);
	type = policy_type((char *)config.data);
	/* Like composefs-rs: a tree without a policy gets no labels. */
	if (!type)
		return 0;
	r = cfs_selabel_new(&policy, err);
	for (size_t i = 0;
	     r == 0 && i < sizeof(policy_files) / sizeof(policy_files[0]); i++)
		r = add_policy_file(tree, content, type, &policy_files[i],
				    policy, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&policy);
	return 1;
}

static bool has_label(const struct cfs_node *node, const char *label)
{
	const struct cfs_xattr *x = cfs_xattrs_get(node->xattrs, LABEL);

	if (!x || !label)
		return !x && !label;
	return x->value_len == strlen(label) &&
	       memcmp(x->value, label, x->value_len) == 0;
}

/* Gives the inode @node the label; NULL: none. */
static int set_label(struct cfs_tree *tree, struct cfs_node *node,
		     const char *label, struct cfs_err *err)
{
	static const struct cfs_bytes key = { (const uint8_t *)LABEL,
					      sizeof(LABEL) - 1 };
	struct cfs_bytes value = { (const uint8_t *)label, 0 };
	const struct cfs_xattrs *old = node->xattrs;
	CFS_AUTOFREE const struct cfs_xattr **list = NULL;
	size_t n = 0;
	int r = 0;

	if (has_label(node, label))
		return 0;
	list = calloc((old ? old->n : 0) + 1, sizeof(*list));
	if (!list)
		return cfs_no_memory(err);
	for (size_t i = 0; old && i < old->n; i++)
		if (strcmp(old->v[i]->key, LABEL) != 0)
			list[n++] = old->v[i];
	if (label) {
		value.len = strlen(label);
		r = cfs_xattr_add(&tree->xattrs, key, value, &list[n++], err);
	}
	return r < 0 ? r
		     : cfs_xattrs_add(&tree->xattrs, list, n, &node->xattrs,
				      err);
}

static int drop_labels(struct cfs_tree *tree, struct cfs_err *err)
{
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n)) {
		int r = n->flags & CFS_NODE_LINK
				? 0
				: set_label(tree, n, NULL, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* A directory whose children are being labelled. */
struct level {
	struct cfs_node *next; /* the first child that is not done */
	/* relabel.dir as it is for the directory above: the first dir_len
	 * bytes, or another text, @dir (owned). */
	size_t dir_len;
	char *dir;
	struct cfs_selabel_scope scope;
};

struct relabel {
	struct cfs_tree *tree;
	struct cfs_selabel *policy;
	struct cfs_selabel_scope all;
	CFS_VEC(struct level) levels; /* from the root down */
	struct cfs_buf dir; /* what paths of the last level begin with */
	struct cfs_buf key; /* the path in question */
	bool split;	    /* a name has become an inode of its own */
};

static void close_level(struct relabel *re)
{
	struct level *level = &re->levels.v[--re->levels.n];

	re->dir.len = level->dir ? 0 : level->dir_len;
	if (level->dir) /* which it had room for before */
		cfs_buf_adds(&re->dir, level->dir);
	cfs_selabel_scope_free(&level->scope);
	free(level->dir);
}

static void relabel_end(struct relabel *re)
{
	while (re->levels.n > 0)
		close_level(re);
	cfs_vec_free(&re->levels);
	cfs_buf_free(&re->dir);
	cfs_buf_free(&re->key);
	cfs_selabel_scope_free(&re->all);
	cfs_selabel_free(re->policy);
}

/* Makes re->key and a slash the beginning of all paths of a new level.  Mostly
 * it continues that of the last level, so deep trees do not need room for a
 * path on each level. */
static int enter(struct relabel *re, bool alias, struct level *level,
		 struct cfs_err *err)
{
	struct cfs_buf *dir = &re->dir;

	level->dir_len = dir->len;
	if (alias) {
		level->dir = strndup((char *)dir->data, dir->len);
		if (!level->dir)
			return cfs_no_memory(err);
		dir->len = 0;
	}
	cfs_buf_add(dir, re->key.data + dir->len, re->key.len - dir->len);
	if (!dir->failed && dir->data[dir->len - 1] != '/')
		cfs_buf_addc(dir, '/');
	return cfs_buf_check(dir, err);
}

/*
 * Begins with the children of @dir, whose path is re->key, within @scope (of a
 * directory above it).  @alias: the path is not that of @dir's parent and name.
 */
static int open_level(struct relabel *re, struct cfs_node *dir, bool alias,
		      const struct cfs_selabel_scope *scope,
		      struct cfs_err *err)
{
	struct level level = { .next = dir->dir.first };
	int r;

	if (!cfs_vec_reserve(&re->levels, 1))
		return cfs_no_memory(err);
	r = enter(re, alias, &level, err);
	if (r == 0)
		r = cfs_selabel_narrow(re->policy, scope,
				       cfs_buf_bytes(&re->dir), &level.scope,
				       err);
	if (r < 0) {
		free(level.dir);
		return r;
	}
	re->levels.v[re->levels.n++] = level;
	return 0;
}

/* The letter of selabel_file(5), without its dash. */
static char type_letter(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	default:
		return '-';
	}
}

/* The label of what re->key names; *@ret is NULL for none. */
static int find_label(struct relabel *re, const struct cfs_selabel_scope *scope,
		      uint32_t mode, const char **ret, struct cfs_err *err)
{
	int r;

	*ret = NULL;
	cfs_buf_addc(&re->key, type_letter(mode));
	r = cfs_buf_check(&re->key, err);
	if (r == 0)
		r = cfs_selabel_find(re->policy, scope, cfs_buf_bytes(&re->key),
				     ret, err);
	re->key.len--;
	return r < 0 ? r : 0;
}

/* Labels @node, a child of the last level, and begins with its own children
 * when it has some. */
static int relabel_node(struct relabel *re, struct cfs_node *node,
			struct cfs_err *err)
{
	struct level *level = &re->levels.v[re->levels.n - 1];
	/* A copy: the levels move when there is one more. */
	struct cfs_selabel_scope scope = level->scope;
	const char *alias, *label;
	int r;

	re->key.len = 0;
	cfs_buf_add(&re->key, re->dir.data, re->dir.len);
	cfs_buf_add(&re->key, node->name, node->name_len);
	alias = cfs_selabel_alias(re->policy, cfs_buf_bytes(&re->key));
	if (alias) {
		re->key.len = 0;
		cfs_buf_adds(&re->key, alias);
		/* Another path: rules ruled out for this one may match it. */
		scope = re->all;
	}
	r = find_label(re, &scope, node->mode, &label, err);
	if (r < 0)
		return r;
	if (node->flags & CFS_NODE_LINK) {
		if (has_label(node->link, label))
			return 0;
		/* An inode has one label; this name needs another. */
		cfs_node_copy_inode(node, node->link);
		re->split = true;
	}
	r = set_label(re->tree, node, label, err);
	if (r == 0 && cfs_node_is_dir(node) && node->dir.first)
		r = open_level(re, node, alias != NULL, &scope, err);
	return r;
}

static int relabel_root(struct relabel *re, struct cfs_err *err)
{
	struct cfs_node *root = re->tree->root;
	const char *label;
	int r;

	cfs_buf_addc(&re->key, '/');
	r = find_label(re, &re->all, root->mode, &label, err);
	if (r == 0)
		r = set_label(re->tree, root, label, err);
	return r < 0 ? r : open_level(re, root, false, &re->all, err);
}

static int relabel(struct relabel *re, struct cfs_err *err)
{
	int r = cfs_selabel_all(re->policy, &re->all, err);

	cfs_selabel_allow(re->policy, re->tree->nodes);
	if (r == 0)
		r = relabel_root(re, err);
	while (r == 0 && re->levels.n > 0) {
		struct level *level = &re->levels.v[re->levels.n - 1];
		struct cfs_node *node = level->next;
		char name[CFS_NODE_NAME_MAX];

		if (!node) {
			close_level(re);
			continue;
		}
		level->next = node->next;
		r = relabel_node(re, node, err);
		if (r < 0)
			return cfs_ctx(err, "%s", cfs_node_name(node, name));
	}
	/* New inodes change link counts, and which name is the first. */
	return r == 0 && re->split ? cfs_tree_finish(re->tree, err) : r;
}

int cfs_tree_relabel(struct cfs_tree *tree, const struct cfs_content *content,
		     struct cfs_err *err)
{
	__attribute__((
		cleanup(relabel_end))) struct relabel re = { .tree = tree };
	int r = read_policy(tree, content, &re.policy, err);

	if (r < 0)
		return r;
	return r == 0 ? drop_labels(tree, err) : relabel(&re, err);
}
