/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/selinux/relabel.h"

#include "tests/unit/tree/dumps.h"

static struct cfs_err err;

/* Whatever is outside of the tree is this. */
static int read_content(void *ctx, const struct cfs_tree *tree,
			const struct cfs_node *node, struct cfs_buf *ret,
			struct cfs_err *e)
{
	const char *const *outside = ctx;

	(void)tree;
	(void)node;
	if (!*outside)
		return cfs_fail(e, EIO, "cannot be read");
	cfs_buf_adds(ret, *outside);
	return 0;
}

static int relabel(struct cfs_tree *tree, const char *outside)
{
	const struct cfs_content content = { read_content, &outside };

	return cfs_tree_relabel(tree, &content, &err);
}

#define DIR(path, x)   path " 0 40755 2 0 0 0 0.0 - - -" x "\n"
#define FILE_(path, x) path " 2 100644 1 0 0 0 0.0 - ab -" x "\n"
#define CONTEXTS       "/etc/selinux/t/contexts/files/file_contexts"
#define OUTSIDE                                                      \
	" 99 100644 1 0 0 0 0.0 aa/"                                 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaa - -\n"
/* A policy that labels /etc, and what follows, in the order of the tree. */
#define TREE(etc_label, contexts, rest)                                      \
	DIR("/", " security.selinux=old")                                    \
	rest DIR("/etc", etc_label)                                          \
		DIR("/etc/selinux",                                          \
		    "") "/etc/selinux/config 13 100644 1 0 0 0 0.0 - "       \
			"SELINUXTYPE=t -\n" DIR("/etc/selinux/t", "")        \
				DIR("/etc/selinux/t/contexts", "")           \
					DIR("/etc/selinux/t/contexts/files", \
					    "") contexts

static const char *label_of(struct cfs_tree *tree, const char *path)
{
	const struct cfs_xattr *x;
	struct cfs_node *node;

	CHECK_EQ(cfs_tree_lookup(tree, path, &node, &err), 1);
	x = cfs_xattrs_get(cfs_node_inode(node)->xattrs, "security.selinux");
	return x ? (const char *)x->value : "";
}

static bool has(struct cfs_tree *tree, const char *path, const char *label)
{
	if (strcmp(label_of(tree, path), label) != 0)
		printf("# %s: %s\n", path, label_of(tree, path));
	return strcmp(label_of(tree, path), label) == 0;
}

TEST(every_inode_gets_the_label_of_the_policy_or_none)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse(
		TREE(" user.k=v security.selinux=old", CONTEXTS OUTSIDE,
		     FILE_("/a", "") FILE_("/b", " security.selinux=old")
			     DIR("/d", "")
				     FILE_("/d/x", " security.selinux=right")));

	CHECK_EQ(relabel(tree, "/ root\n/a -- a\n/a -d never\n/d(/.*)? right\n"
			       "/etc etc\n"),
		 0);
	CHECK(has(tree, "/", "root"));
	CHECK(has(tree, "/a", "a"));
	CHECK(has(tree, "/b", ""));
	CHECK(has(tree, "/d", "right"));
	CHECK(has(tree, "/d/x", "right"));
	CHECK(has(tree, "/etc", "etc"));
	CHECK(has(tree, "/etc/selinux", ""));
	CHECK(cfs_xattrs_get(tree->root->dir.first->next->next->next->xattrs,
			     "user.k"));
}

TEST(an_alias_stands_for_a_directory_and_all_below)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse(TREE(
		"",
		CONTEXTS OUTSIDE CONTEXTS ".subs_dist 16 100644 1 0 0 0 0.0 - "
					  "/l\\x20/u/lib\\n/m\\x20/f\\n -\n",
		DIR("/l", "") DIR("/l/s", "") FILE_("/l/s/x", "")
			FILE_("/m", "")));

	CHECK_EQ(
		relabel(tree, "/l(/.*)? wrong\n/u/lib(/.*)? lib\n/m m\n/f f\n"),
		0);
	CHECK(has(tree, "/l", "lib"));
	CHECK(has(tree, "/l/s", "lib"));
	CHECK(has(tree, "/l/s/x", "lib"));
	CHECK(has(tree, "/m", "f"));
}

TEST(an_alias_ends_with_its_directory)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse(TREE(
		"",
		CONTEXTS OUTSIDE CONTEXTS
		".subs 44 100644 1 0 0 0 0.0 - "
		"/p/l\\x20/u/lib\\n"
		"/u/lib/a/b\\x20/some/where/else/far\\n "
		"-\n",
		DIR("/p", "") DIR("/p/k", "") FILE_("/p/k/x", "")
			DIR("/p/l", "") DIR("/p/l/a", "") DIR("/p/l/a/b", "")
				FILE_("/p/l/a/b/x", "") FILE_("/p/l/a/x", "")
					FILE_("/p/l/x", "") DIR("/p/m", "")
						FILE_("/p/m/x", "")));

	CHECK_EQ(relabel(tree, "/u/lib/.* lib\n/p/.* p\n/some/.* far\n"), 0);
	CHECK(has(tree, "/p/k/x", "p"));
	CHECK(has(tree, "/p/l/a/b/x", "far"));
	CHECK(has(tree, "/p/l/a/x", "lib"));
	CHECK(has(tree, "/p/l/x", "lib"));
	CHECK(has(tree, "/p/m/x", "p"));
}

TEST(local_counts_more_and_homedirs_most)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse(
		TREE("",
		     CONTEXTS OUTSIDE CONTEXTS
		     ".homedirs 5 100644 1 0 0 0 0.0 - /a\\x20h\\n -\n" CONTEXTS
		     ".local 10 100644 1 0 0 0 0.0 - /a\\x20l\\n/b\\x20l\\n "
		     "-\n",
		     FILE_("/a", "") FILE_("/b", "") FILE_("/c", "")));

	CHECK_EQ(relabel(tree, "/[abc] f\n"), 0);
	CHECK(has(tree, "/a", "h"));
	CHECK(has(tree, "/b", "l"));
	CHECK(has(tree, "/c", "f"));
}

TEST(a_name_with_a_label_of_its_own_becomes_an_inode)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree =
		parse(TREE("", CONTEXTS OUTSIDE,
			   FILE_("/a", " user.k=v") "/b 0 @100644 - - - - 0.0 "
						    "/a - -\n"
						    "/c 0 @100644 - - - - 0.0 "
						    "/a - -\n"));
	struct cfs_node *a, *b, *c;

	CHECK_EQ(relabel(tree, "/[ac] one\n/b two\n"), 0);
	CHECK_EQ(cfs_tree_lookup(tree, "/a", &a, &err), 1);
	CHECK_EQ(cfs_tree_lookup(tree, "/b", &b, &err), 1);
	CHECK_EQ(cfs_tree_lookup(tree, "/c", &c, &err), 1);
	CHECK(has(tree, "/a", "one") && has(tree, "/b", "two"));
	CHECK_EQ(a->nlink, 2);
	CHECK_EQ(b->nlink, 1);
	CHECK(!(b->flags & CFS_NODE_LINK));
	CHECK_EQ(cfs_node_inode(c), a);
	CHECK_EQ(b->size, 2);
	CHECK_MEM(b->file.data, "ab", 2);
	CHECK(cfs_xattrs_get(b->xattrs, "user.k"));
}

TEST(a_policy_without_contexts_or_that_cannot_be_read_is_refused)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *none = parse(TREE("", "", ""));
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *some = parse(TREE("", CONTEXTS OUTSIDE, ""));
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *dir = parse(TREE("", DIR(CONTEXTS, ""), ""));

	CHECK_EQ(relabel(none, ""), -ENOENT);
	CHECK(strstr(err.msg, CONTEXTS " is missing"));
	CHECK_EQ(relabel(some, NULL), -EIO);
	CHECK(strstr(err.msg, CONTEXTS ": cannot be read"));
	CHECK_EQ(relabel(dir, ""), -EINVAL);
	CHECK_EQ(relabel(some, "/a x\n/b\n"), -EINVAL);
	CHECK(strstr(err.msg, CONTEXTS ": line 2: expected"));
}

TEST(depth_has_no_limit_of_its_own)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOBUF struct cfs_buf path = { 0 };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	cfs_buf_adds(&text, TREE("", CONTEXTS OUTSIDE, ""));
	for (int i = 0; i < 1000; i++) {
		cfs_buf_adds(&path, "/x");
		cfs_buf_add(&text, path.data, path.len);
		cfs_buf_adds(&text, " 0 40755 2 0 0 0 0.0 - - -\n");
	}
	tree = parse(cfs_buf_text(&text));
	CHECK_EQ(relabel(tree, "(/x)* x\n"), 0);
	CHECK(has(tree, cfs_buf_text(&path), "x"));
}
