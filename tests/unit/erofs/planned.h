/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A plan made of a dumpfile's text, step by step, for tests of the steps. */
#ifndef CFS_TESTS_UNIT_EROFS_PLANNED_H
#define CFS_TESTS_UNIT_EROFS_PLANNED_H

#include "erofs/write_plan.h"
#include "tests/test.h"
#include "tree/dump/dump.h"

#define ROOT "/ 0 40755 2 0 0 0 0.0 - - -"
#define DIR  " 0 40755 2 0 0 0 0.0 - - -"
#define FILE " 0 100644 1 0 0 0 0.0 - - -"

/* Two digests, and their objects' paths. */
#define HEX62 "3456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"
#define OBJ_A "0a/" HEX62 " - 0a" HEX62
#define OBJ_B "0b/" HEX62 " - 0b" HEX62

static struct cfs_err err;

struct planned {
	struct cfs_tree *tree;
	struct cfs_erofs_plan plan;
};

/* With lines as mkcomposefs takes them. */
static inline void plan_start(struct planned *p, unsigned version,
			      unsigned flags, const char *text)
{
	const struct cfs_bytes dump = { (const uint8_t *)text, strlen(text) };

	memset(p, 0, sizeof(*p));
	CHECK_EQ(cfs_dump_read(dump, CFS_DUMP_LENIENT, &p->tree, &err), 0);
	p->plan.tree = p->tree;
	p->plan.rules = &cfs_erofs_rules[version];
	p->plan.flags = flags;
}

static inline void plan_order(struct planned *p, unsigned version,
			      const char *text)
{
	plan_start(p, version, 0, text);
	CHECK_EQ(cfs_erofs_order(&p->plan, &err), 0);
}

static inline void plan_share(struct planned *p, unsigned version,
			      const char *text)
{
	plan_order(p, version, text);
	CHECK_EQ(cfs_erofs_share(&p->plan, &err), 0);
}

static inline void plan_layout(struct planned *p, unsigned version,
			       const char *text)
{
	plan_share(p, version, text);
	CHECK_EQ(cfs_erofs_layout(&p->plan, &err), 0);
}

static inline void plan_end(struct planned *p)
{
	cfs_erofs_plan_free(&p->plan);
	cfs_tree_free(p->tree);
}

/* The inode of the file at @path. */
static inline struct cfs_erofs_inode *inode_at(struct planned *p,
					       const char *path)
{
	struct cfs_node *node;

	CHECK_EQ(cfs_tree_lookup(p->tree, path, &node, &err), 1);
	node = cfs_node_inode(node);
	CHECK(p->plan.ino_of[node->seq] < p->plan.n);
	return &p->plan.inodes[p->plan.ino_of[node->seq]];
}

#endif
