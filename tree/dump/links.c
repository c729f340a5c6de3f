/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Hardlinks are resolved when all lines are read, since mkcomposefs lets
 * targets stand behind their links.  No index of all names is needed: the
 * wanted ones are put into a table, and one pass over the directories that they
 * would be in finds them.
 */
#include "tree/dump/links.h"

#include "tree/dump/dump.h"
#include "tree/dump/field.h"

struct cfs_dump_link {
	struct cfs_node *node;
	const char *target;
	uint64_t line;
	/* Where the target is to be: @name is its last one, empty for the
	 * root; @dir is NULL when there is no such directory. */
	struct cfs_node *dir;
	struct cfs_bytes name;
	/* The first link of the same target finds it for all. */
	struct cfs_dump_link *first;
	struct cfs_node *found;
};

void cfs_dump_links_free(struct cfs_dump_links *links)
{
	cfs_vec_free(links);
	cfs_arena_free(&links->texts);
}

int cfs_dump_links_add(struct cfs_dump_links *links, struct cfs_node *node,
		       struct cfs_bytes target, uint64_t line,
		       struct cfs_err *err)
{
	struct cfs_dump_link link = { .node = node, .line = line };

	link.target = cfs_arena_dup(&links->texts, target.data, target.len);
	if (!link.target)
		return cfs_no_memory(err);
	return cfs_vec_add(links, link) ? 0 : cfs_no_memory(err);
}

static uint64_t link_hash(const void *entry)
{
	const struct cfs_dump_link *link = entry;

	return cfs_table_hash(link->name.data, link->name.len, link->dir->seq);
}

static bool same_target(const void *entry, const void *key)
{
	const struct cfs_dump_link *a = entry, *b = key;

	return a->dir == b->dir && a->name.len == b->name.len &&
	       memcmp(a->name.data, b->name.data, a->name.len) == 0;
}

/* Follows the target's path but for its last name. */
static int find_dir(struct cfs_dump_link *link, struct cfs_dump_dirs *dirs,
		    struct cfs_err *err)
{
	struct cfs_bytes rest = { (const uint8_t *)link->target,
				  strlen(link->target) };
	struct cfs_node *dir = dirs->tree->root;
	struct cfs_bytes name = { rest.data, 0 }, next;
	int r = 1;

	while (r > 0 && rest.len > 0) {
		(void)cfs_dump_take(&rest, '/', &next);
		if (next.len == 0)
			continue;
		if (name.len > 0)
			r = cfs_dump_dirs_find(dirs, dir, name, &dir, err);
		name = next;
	}
	link->dir = r > 0 ? dir : NULL;
	link->name = name;
	return r;
}

/* Puts every target into @wanted, and marks the directories to search. */
static int collect(struct cfs_dump_link *links, size_t n,
		   struct cfs_dump_dirs *dirs, struct cfs_table *wanted,
		   struct cfs_err *err)
{
	if (!cfs_table_reserve_many(wanted, n))
		return cfs_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		struct cfs_dump_link *link = &links[i];
		const void **slot;

		if (find_dir(link, dirs, err) < 0)
			return -err->code;
		link->first = link;
		if (!link->dir)
			continue;
		link->dir->flags |= CFS_NODE_SEEN;
		if (link->name.len == 0)
			link->found = dirs->tree->root;
		slot = cfs_table_slot(wanted, link_hash(link), same_target,
				      link);
		if (*slot)
			memcpy(&link->first, slot, sizeof(link->first));
		else
			cfs_table_fill(wanted, slot, link);
	}
	return 0;
}

/* Of two children of one name the first is found; sorting the tree refuses the
 * second. */
static void search(struct cfs_node *dir, const struct cfs_table *wanted)
{
	dir->flags &= (uint8_t)~CFS_NODE_SEEN;
	for (struct cfs_node *n = dir->dir.first; n; n = n->next) {
		const struct cfs_dump_link key = {
			.dir = dir,
			.name = { (const uint8_t *)n->name, n->name_len },
		};
		struct cfs_dump_link *link;

		memcpy(&link,
		       cfs_table_slot(wanted, link_hash(&key), same_target,
				      &key),
		       sizeof(link));
		if (link && !link->found)
			link->found = n;
	}
}

static int find_targets(struct cfs_dump_link *links, size_t n,
			struct cfs_dump_dirs *dirs, struct cfs_err *err)
{
	struct cfs_table wanted = { .hash_of = link_hash };
	int r = collect(links, n, dirs, &wanted, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		if (links[i].dir && links[i].dir->flags & CFS_NODE_SEEN)
			search(links[i].dir, &wanted);
	}
	for (size_t i = 0; i < n && r == 0; i++)
		links[i].found = links[i].first->found;
	cfs_table_free(&wanted);
	return r;
}

static int resolve(const struct cfs_dump_link *link, bool lenient,
		   struct cfs_err *err)
{
	struct cfs_node *target = link->found;

	if (!target)
		return cfs_fail(err, ENOENT, "there is no hardlink target");
	if (target == link->node)
		return cfs_fail(err, EINVAL, "a hardlink to itself");
	if (S_ISDIR(target->mode))
		return cfs_fail(err, EINVAL, "a hardlink to a directory");
	/* Nodes are numbered in the order of lines. */
	if (!lenient && target->seq > link->node->seq)
		return cfs_fail(err, EINVAL,
				"the hardlink's target stands behind it");
	if (!lenient && target->flags & CFS_NODE_LINK)
		return cfs_fail(err, EINVAL,
				"the hardlink's target is a hardlink");
	cfs_node_set_link(link->node, target);
	return 0;
}

/*
 * Follows links of links, and shortens the way for those that come after.
 * Names of one whiteout are whiteouts of their own unless @lenient: only then
 * each marks its directory, which overlayfs asks for.
 */
static int shorten(struct cfs_node *node, bool lenient, struct cfs_err *err)
{
	struct cfs_node *const from = node;
	struct cfs_node *end = node, *next;
	int r = 0;

	for (; end->flags & CFS_NODE_LINK && r == 0; end = end->link) {
		if (end->flags & CFS_NODE_SEEN)
			r = cfs_fail(err, ELOOP, "hardlinks form a circle");
		end->flags |= CFS_NODE_SEEN;
	}
	for (; node->flags & CFS_NODE_SEEN; node = next) {
		next = node->link;
		node->flags &= (uint8_t)~CFS_NODE_SEEN;
		node->link = end;
		node->mode = end->mode;
	}
	if (r == 0 && !lenient && cfs_node_is_whiteout(end) && end != from)
		cfs_node_copy_inode(from, end);
	return r;
}

/* All are flagged before any is resolved: a target may be a link itself. */
int cfs_dump_links_resolve(struct cfs_dump_links *links,
			   struct cfs_dump_dirs *dirs, unsigned flags,
			   struct cfs_err *err)
{
	struct cfs_dump_link *all = links->v;
	bool lenient = flags & CFS_DUMP_LENIENT;
	size_t n = links->n;
	int r = n > 0 ? find_targets(all, n, dirs, err) : 0;
	char name[CFS_NODE_NAME_MAX];

	for (size_t i = 0; i < n; i++)
		all[i].node->flags |= CFS_NODE_LINK;
	for (size_t i = 0; i < 2 * n && r == 0; i++) {
		const struct cfs_dump_link *link = &all[i % n];

		r = i < n ? resolve(link, lenient, err)
			  : shorten(link->node, lenient, err);
		if (r < 0)
			cfs_ctx(err, "dumpfile line %llu: %s: payload: %s",
				(unsigned long long)link->line,
				cfs_node_name(link->node, name), link->target);
	}
	return r;
}
