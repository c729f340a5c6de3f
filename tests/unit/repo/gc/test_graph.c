/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/gc/graph.h"

#include <string.h>

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_digest id_of(unsigned n)
{
	struct cfs_digest id = { .alg = CFS_ALG_SHA256 };

	memcpy(id.bytes, &n, sizeof(n));
	memcpy(id.bytes + 8, &n, sizeof(n));
	return id;
}

static uint32_t container(struct cfs_gc_graph *g, unsigned n)
{
	struct cfs_digest id = id_of(n);
	uint32_t i;

	CHECK_EQ(cfs_gc_add_container(g, &id, &i, &err), 0);
	return i;
}

static void need(struct cfs_gc_graph *g, uint32_t i, unsigned n)
{
	struct cfs_digest id = id_of(n);

	CHECK_EQ(cfs_gc_add_need(g, i, &id, n * 2, &err), 0);
}

static void kid(struct cfs_gc_graph *g, uint32_t i, unsigned n)
{
	struct cfs_digest id = id_of(n);

	CHECK_EQ(cfs_gc_add_kid(g, i, &id, &err), 0);
}

static uint32_t owner(const struct cfs_gc_graph *g, unsigned n)
{
	struct cfs_digest id = id_of(n);
	size_t object;

	CHECK(cfs_ids_find(&g->ids, id.bytes, &object));
	return cfs_gc_owner(g, (uint32_t)object);
}

static uint64_t size_of(const struct cfs_gc_graph *g, unsigned n)
{
	struct cfs_digest id = id_of(n);
	size_t object;

	CHECK(cfs_ids_find(&g->ids, id.bytes, &object));
	return cfs_gc_size(g, (uint32_t)object);
}

/* Two roots, 1 and 2, each with an object of its own and the container 3. */
static void make(struct cfs_gc_graph *g)
{
	uint32_t a, b;

	*g = (struct cfs_gc_graph){ .ids.alg = CFS_ALG_SHA256 };
	a = container(g, 1);
	b = container(g, 2);
	CHECK_EQ(cfs_gc_graph_add_root(g, a, &err), 0);
	CHECK_EQ(cfs_gc_graph_add_root(g, b, &err), 0);
	need(g, a, 10);
	kid(g, a, 3);
	need(g, b, 20);
	kid(g, b, 3);
	need(g, container(g, 3), 30);
	need(g, container(g, 3), 10);
	CHECK_EQ(cfs_gc_find_owners(g, &err), 0);
}

TEST(an_object_that_two_roots_need_belongs_to_neither)
{
	struct cfs_gc_graph g;
	struct cfs_digest absent = id_of(40);
	size_t ignored;

	make(&g);
	CHECK_EQ(cfs_gc_n_containers(&g), 3);
	CHECK_EQ(owner(&g, 1), 0);
	CHECK_EQ(owner(&g, 2), 1);
	CHECK_EQ(owner(&g, 20), 1);
	CHECK_EQ(owner(&g, 3), CFS_GC_SHARED);
	CHECK_EQ(owner(&g, 30), CFS_GC_SHARED);
	CHECK_EQ(size_of(&g, 30), 60);
	CHECK_EQ(size_of(&g, 3), CFS_GC_NO_SIZE);
	/* One way to it is shared. */
	CHECK_EQ(owner(&g, 10), CFS_GC_SHARED);
	CHECK(!cfs_ids_find(&g.ids, absent.bytes, &ignored));
	cfs_gc_graph_free(&g);
}

TEST(the_shortest_way_is_found)
{
	CFS_AUTOGCNUMBERS struct cfs_gc_numbers way = { 0 };
	struct cfs_gc_graph g;
	struct cfs_digest id;
	size_t object;

	make(&g);
	id = id_of(30);
	CHECK(cfs_ids_find(&g.ids, id.bytes, &object));
	CHECK_EQ(cfs_gc_way(&g, 1, (uint32_t)object, &way, &err), 1);
	CHECK_EQ(way.n, 2);
	CHECK_EQ(way.v[0], 1);
	CHECK_EQ(way.v[1], 2);
	id = id_of(10);
	CHECK(cfs_ids_find(&g.ids, id.bytes, &object));
	CHECK_EQ(cfs_gc_way(&g, 0, (uint32_t)object, &way, &err), 1);
	CHECK_EQ(way.n, 1);
	id = id_of(20);
	CHECK(cfs_ids_find(&g.ids, id.bytes, &object));
	CHECK_EQ(cfs_gc_way(&g, 0, (uint32_t)object, &way, &err), 0);
	cfs_gc_graph_free(&g);
}

TEST(containers_that_refer_to_each_other_end_the_walk)
{
	CFS_AUTOGCNUMBERS struct cfs_gc_numbers way = { 0 };
	struct cfs_gc_graph g = { .ids.alg = CFS_ALG_SHA256 };
	uint32_t a = container(&g, 1), b = container(&g, 2);

	CHECK_EQ(cfs_gc_graph_add_root(&g, a, &err), 0);
	kid(&g, a, 2);
	kid(&g, a, 1);
	kid(&g, b, 1);
	need(&g, b, 3);
	CHECK_EQ(cfs_gc_find_owners(&g, &err), 0);
	CHECK_EQ(owner(&g, 1), 0);
	CHECK_EQ(owner(&g, 2), 0);
	CHECK_EQ(owner(&g, 3), 0);
	CHECK_EQ(cfs_gc_way(&g, 0, 2, &way, &err), 1);
	CHECK_EQ(way.n, 2);
	cfs_gc_graph_free(&g);
}

/* Does @root reach the container @at, by the references of @kids? */
static bool reaches(bool kids[20][20], bool *seen, unsigned at, unsigned to)
{
	if (at == to)
		return true;
	seen[at] = true;
	for (unsigned i = 0; i < 20; i++)
		if (kids[at][i] && !seen[i] && reaches(kids, seen, i, to))
			return true;
	return false;
}

static uint32_t slow_owner(bool kids[20][20], unsigned roots, unsigned to)
{
	uint32_t one = CFS_GC_NONE;

	for (unsigned i = 0; i < roots; i++) {
		bool seen[20] = { false };

		if (!reaches(kids, seen, i, to))
			continue;
		if (one != CFS_GC_NONE)
			return CFS_GC_SHARED;
		one = i;
	}
	return one;
}

/* 20 containers, of which the first ones are roots, with random references. */
static void try_random(unsigned seed)
{
	struct cfs_gc_graph g = { .ids.alg = CFS_ALG_SHA256 };
	bool kids[20][20] = { { false } };
	unsigned roots = 1 + seed % 5;

	srandom(seed);
	for (unsigned i = 0; i < 20; i++)
		(void)container(&g, i);
	for (unsigned i = 0; i < roots; i++)
		CHECK_EQ(cfs_gc_graph_add_root(&g, i, &err), 0);
	for (unsigned i = 0; i < 20; i++)
		for (unsigned k = 0; k < 20; k++) {
			kids[i][k] = random() % 25 == 0;
			if (kids[i][k])
				kid(&g, i, k);
		}
	CHECK_EQ(cfs_gc_find_owners(&g, &err), 0);
	for (unsigned i = 0; i < 20; i++)
		CHECK_EQ(owner(&g, i), slow_owner(kids, roots, i));
	cfs_gc_graph_free(&g);
}

TEST(owners_are_those_that_a_walk_from_each_root_finds)
{
	for (unsigned seed = 0; seed < 500; seed++)
		try_random(seed);
}
