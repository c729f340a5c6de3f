/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/dump/links.h"

#include "tests/test.h"
#include "tree/dump/dump.h"

static struct cfs_err err;

static struct cfs_bytes bytes(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

struct scene {
	struct cfs_tree *tree;
	struct cfs_dump_dirs dirs;
	struct cfs_dump_links links;
	struct cfs_node *dir, *file, *deep; /* /d, /f, /d/f */
};

static struct cfs_node *add(struct scene *s, struct cfs_node *dir,
			    const char *name, uint32_t mode)
{
	struct cfs_node *node;

	CHECK_EQ(cfs_node_add(s->tree, dir, bytes(name), mode, &node, &err), 0);
	return node;
}

static void set_up(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	CHECK_EQ(cfs_tree_new(&s->tree, &err), 0);
	cfs_dump_dirs_init(&s->dirs, s->tree);
	s->dir = add(s, s->tree->root, "d", S_IFDIR);
	s->file = add(s, s->tree->root, "f", S_IFREG);
	s->deep = add(s, s->dir, "f", S_IFREG);
}

static void tear_down(struct scene *s)
{
	cfs_dump_links_free(&s->links);
	cfs_dump_dirs_free(&s->dirs);
	cfs_tree_free(s->tree);
}

/* Adds the link /NAME, of line 9. */
static struct cfs_node *link_to(struct scene *s, const char *name,
				const char *target)
{
	struct cfs_node *node = add(s, s->tree->root, name, S_IFREG);

	CHECK_EQ(cfs_dump_links_add(&s->links, node, bytes(target), 9, &err),
		 0);
	return node;
}

static int resolve(struct scene *s, bool lenient)
{
	return cfs_dump_links_resolve(&s->links, &s->dirs,
				      lenient ? CFS_DUMP_LENIENT : 0, &err);
}

TEST(links_find_their_targets_in_any_directory)
{
	struct cfs_node *a, *b, *c;
	struct scene s;

	set_up(&s);
	a = link_to(&s, "a", "/f");
	b = link_to(&s, "b", "/d/f");
	c = link_to(&s, "c", "/d/f");
	CHECK_EQ(resolve(&s, false), 0);
	CHECK(a->flags & CFS_NODE_LINK);
	CHECK_EQ(a->link, s.file);
	CHECK_EQ(b->link, s.deep);
	CHECK_EQ(c->link, s.deep);
	/* Nothing is left marked. */
	CHECK(!((s.dir->flags | s.tree->root->flags) & CFS_NODE_SEEN));
	tear_down(&s);
}

TEST(slashes_of_a_target_do_not_count)
{
	struct cfs_node *a, *b;
	struct scene s;

	set_up(&s);
	a = link_to(&s, "a", "d//f/");
	b = link_to(&s, "b", "//f");
	CHECK_EQ(resolve(&s, true), 0);
	CHECK_EQ(a->link, s.deep);
	CHECK_EQ(b->link, s.file);
	tear_down(&s);
}

static void refused(const char *target, bool lenient, int code,
		    const char *message)
{
	struct scene s;

	set_up(&s);
	link_to(&s, "a", target);
	link_to(&s, "b", "/a");
	CHECK_EQ(resolve(&s, lenient), -code);
	CHECK_EQ(strncmp(err.msg, "dumpfile line 9: ", 17), 0);
	CHECK(strstr(err.msg, message));
	tear_down(&s);
}

TEST(targets_that_are_none_are_refused)
{
	refused("/x", false, ENOENT, "/x: there is no hardlink target");
	refused("/x/f", false, ENOENT, "there is no hardlink target");
	refused("/f/f", false, ENOENT, "there is no hardlink target");
	refused("/", false, EINVAL, "a hardlink to a directory");
	refused("/d", false, EINVAL, "a hardlink to a directory");
	refused("/a", false, EINVAL, "a hardlink to itself");
	refused("/b", false, EINVAL, "target stands behind it");
	refused("/f", false, EINVAL, "target is a hardlink");
	refused("/b", true, ELOOP, "hardlinks form a circle");
}

TEST(links_of_links_lead_to_the_inode)
{
	struct cfs_node *a, *b, *c;
	struct scene s;

	set_up(&s);
	a = link_to(&s, "a", "/b");
	b = link_to(&s, "b", "/c");
	c = link_to(&s, "c", "/d/f");
	CHECK_EQ(resolve(&s, true), 0);
	CHECK_EQ(a->link, s.deep);
	CHECK_EQ(b->link, s.deep);
	CHECK_EQ(c->link, s.deep);
	tear_down(&s);
}

TEST(names_of_one_whiteout_are_whiteouts_of_their_own)
{
	struct cfs_node *gone, *a, *b;
	struct scene s;

	set_up(&s);
	gone = add(&s, s.dir, "gone", S_IFCHR | 0600);
	gone->uid = 7;
	a = link_to(&s, "a", "/d/gone");
	b = link_to(&s, "b", "/d/gone");
	CHECK_EQ(resolve(&s, false), 0);
	CHECK(cfs_node_is_whiteout(a) && cfs_node_is_whiteout(b));
	CHECK_EQ(a->mode, (S_IFCHR | 0600));
	CHECK_EQ(b->uid, 7);
	tear_down(&s);
}

TEST(a_link_to_another_name_of_a_whiteout_is_one_to_a_link)
{
	struct scene s;

	set_up(&s);
	add(&s, s.dir, "gone", S_IFCHR);
	link_to(&s, "a", "/d/gone");
	link_to(&s, "b", "/a");
	CHECK_EQ(resolve(&s, false), -EINVAL);
	CHECK(strstr(err.msg, "the hardlink's target is a hardlink"));
	tear_down(&s);
}

TEST(mkcomposefs_keeps_whiteouts_of_one_inode_together)
{
	struct cfs_node *gone, *a;
	struct scene s;

	set_up(&s);
	gone = add(&s, s.dir, "gone", S_IFCHR);
	a = link_to(&s, "a", "/d/gone");
	CHECK_EQ(resolve(&s, true), 0);
	CHECK(a->flags & CFS_NODE_LINK);
	CHECK_EQ(a->link, gone);
	tear_down(&s);
}

TEST(ten_thousand_links_into_one_directory_are_found)
{
	char name[32], target[32];
	struct scene s;

	set_up(&s);
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		add(&s, s.dir, name, S_IFREG);
	}
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(target, sizeof(target), "/d/t%d", i);
		link_to(&s, name, target);
	}
	CHECK_EQ(resolve(&s, false), 0);
	for (struct cfs_node *n = s.tree->root->dir.first; n; n = n->next) {
		if (n->flags & CFS_NODE_LINK)
			CHECK_STR(n->name + 1, n->link->name + 1);
	}
	tear_down(&s);
}
