/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/gc/graph.h"

#include <string.h>

void cfs_gc_numbers_free(struct cfs_gc_numbers *numbers)
{
	cfs_vec_free(numbers);
}

void cfs_gc_graph_free(struct cfs_gc_graph *graph)
{
	cfs_ids_free(&graph->ids);
	cfs_vec_free(&graph->containers);
	cfs_vec_free(&graph->container);
	cfs_vec_free(&graph->needs);
	cfs_vec_free(&graph->kids);
	cfs_vec_free(&graph->roots);
	cfs_vec_free(&graph->owner);
	cfs_vec_free(&graph->size);
}

static int add_number(struct cfs_gc_numbers *to, uint32_t value,
		      struct cfs_err *err)
{
	if (to->n >= CFS_GC_SHARED)
		return cfs_fail(err, EFBIG, "too many references");
	return cfs_vec_add(to, value) ? 0 : cfs_no_memory(err);
}

uint32_t cfs_gc_n_containers(const struct cfs_gc_graph *graph)
{
	return (uint32_t)graph->containers.n;
}

struct cfs_gc_container *cfs_gc_container(const struct cfs_gc_graph *graph,
					  uint32_t i)
{
	return &graph->containers.v[i];
}

struct cfs_digest cfs_gc_object(const struct cfs_gc_graph *graph,
				uint32_t object)
{
	size_t size = cfs_alg_size(graph->ids.alg);
	struct cfs_digest id = { .alg = graph->ids.alg };

	memcpy(id.bytes, graph->ids.bytes.data + object * size, size);
	return id;
}

static int add_object(struct cfs_gc_graph *graph, const struct cfs_digest *id,
		      uint32_t *ret, struct cfs_err *err)
{
	size_t object = 0;
	int r = cfs_ids_index(&graph->ids, id->bytes, CFS_GC_OBJECTS_MAX,
			      &object, err);

	if (r == 0 && object == graph->container.n) {
		if (!cfs_vec_add(&graph->size, CFS_GC_NO_SIZE))
			return cfs_no_memory(err);
		r = add_number(&graph->container, CFS_GC_NONE, err);
	}
	if (r == 0)
		*ret = (uint32_t)object;
	return r;
}

int cfs_gc_add_container(struct cfs_gc_graph *graph,
			 const struct cfs_digest *id, uint32_t *ret,
			 struct cfs_err *err)
{
	struct cfs_gc_container new = { .owner = CFS_GC_NONE };
	uint32_t *container;
	int r = add_object(graph, id, &new.object, err);

	if (r < 0)
		return r;
	container = &graph->container.v[new.object];
	if (*container == CFS_GC_NONE) {
		uint32_t i = cfs_gc_n_containers(graph);

		if (!cfs_vec_add(&graph->containers, new))
			return cfs_no_memory(err);
		*container = i;
	}
	*ret = *container;
	return 0;
}

int cfs_gc_add_need(struct cfs_gc_graph *graph, uint32_t i,
		    const struct cfs_digest *id, uint64_t size,
		    struct cfs_err *err)
{
	struct cfs_gc_container *container = cfs_gc_container(graph, i);
	uint32_t object = 0;
	int r = add_object(graph, id, &object, err);

	if (r < 0)
		return r;
	if (size != CFS_GC_NO_SIZE)
		graph->size.v[object] = size;
	/* Containers are loaded one at a time: their needs follow one
	 * another. */
	if (container->n_needs++ == 0)
		container->needs = (uint32_t)graph->needs.n;
	return add_number(&graph->needs, object, err);
}

int cfs_gc_add_kid(struct cfs_gc_graph *graph, uint32_t i,
		   const struct cfs_digest *id, struct cfs_err *err)
{
	struct cfs_gc_container *container;
	uint32_t kid = 0;
	int r = cfs_gc_add_container(graph, id, &kid, err);

	if (r < 0)
		return r;
	container = cfs_gc_container(graph, i);
	if (container->n_kids++ == 0)
		container->kids = (uint32_t)graph->kids.n;
	return add_number(&graph->kids, kid, err);
}

int cfs_gc_graph_add_root(struct cfs_gc_graph *graph, uint32_t i,
			  struct cfs_err *err)
{
	return add_number(&graph->roots, i, err);
}

/*
 * Gives the containers that @root reaches to it, or makes them shared.  What a
 * shared container reaches is shared already, so that none is entered a third
 * time.
 */
static int claim(struct cfs_gc_graph *graph, uint32_t root,
		 struct cfs_gc_numbers *stack, struct cfs_err *err)
{
	int r;

	stack->n = 0;
	r = add_number(stack, graph->roots.v[root], err);
	while (r == 0 && stack->n > 0) {
		struct cfs_gc_container *c =
			cfs_gc_container(graph, stack->v[--stack->n]);

		if (c->owner == root || c->owner == CFS_GC_SHARED)
			continue;
		c->owner = c->owner == CFS_GC_NONE ? root : CFS_GC_SHARED;
		for (uint32_t i = 0; r == 0 && i < c->n_kids; i++)
			r = add_number(stack, graph->kids.v[c->kids + i], err);
	}
	return r;
}

static void join(uint32_t *owner, uint32_t with)
{
	if (*owner == CFS_GC_NONE)
		*owner = with;
	else if (*owner != with && with != CFS_GC_NONE)
		*owner = CFS_GC_SHARED;
}

int cfs_gc_find_owners(struct cfs_gc_graph *graph, struct cfs_err *err)
{
	CFS_AUTOGCNUMBERS struct cfs_gc_numbers stack = { 0 };
	struct cfs_gc_numbers *owner = &graph->owner;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < graph->roots.n; i++)
		r = claim(graph, i, &stack, err);
	if (r < 0)
		return r;
	owner->n = 0;
	if (!cfs_vec_reserve(owner, graph->container.n))
		return cfs_no_memory(err);
	while (owner->n < graph->container.n)
		owner->v[owner->n++] = CFS_GC_NONE;
	for (uint32_t i = 0; i < cfs_gc_n_containers(graph); i++) {
		const struct cfs_gc_container *c = cfs_gc_container(graph, i);

		join(&owner->v[c->object], c->owner);
		for (uint32_t n = 0; n < c->n_needs; n++)
			join(&owner->v[graph->needs.v[c->needs + n]], c->owner);
	}
	return 0;
}

uint32_t cfs_gc_owner(const struct cfs_gc_graph *graph, uint32_t object)
{
	return graph->owner.v[object];
}

uint64_t cfs_gc_size(const struct cfs_gc_graph *graph, uint32_t object)
{
	return graph->size.v[object];
}

/* Is the object @c, or does @c refer to it? */
static bool has(const struct cfs_gc_graph *graph,
		const struct cfs_gc_container *c, uint32_t object)
{
	if (c->object == object)
		return true;
	for (uint32_t n = 0; n < c->n_needs; n++)
		if (graph->needs.v[c->needs + n] == object)
			return true;
	return false;
}

/* Writes the way to the container @i, which @from leads back from. */
static int write_way(const uint32_t *from, uint32_t i,
		     struct cfs_gc_numbers *ret, struct cfs_err *err)
{
	uint32_t n = 1;

	for (uint32_t at = i; from[at] != at; at = from[at])
		n++;
	ret->n = 0;
	if (!cfs_vec_reserve(ret, n))
		return cfs_no_memory(err);
	ret->n = n;
	for (; n > 0; i = from[i])
		ret->v[--n] = i;
	return 1;
}

int cfs_gc_way(const struct cfs_gc_graph *graph, uint32_t root, uint32_t object,
	       struct cfs_gc_numbers *ret, struct cfs_err *err)
{
	uint32_t n = cfs_gc_n_containers(graph);
	CFS_AUTOFREE uint32_t *from = malloc((n + 1) * sizeof(*from));
	CFS_AUTOGCNUMBERS struct cfs_gc_numbers queue = { 0 };
	uint32_t start = graph->roots.v[root];
	int r;

	if (!from)
		return cfs_no_memory(err);
	memset(from, 0xff, (n + 1) * sizeof(*from));
	from[start] = start;
	/* Breadth first, so the way is the shortest. */
	r = add_number(&queue, start, err);
	for (uint32_t at = 0; r == 0 && at < queue.n; at++) {
		uint32_t i = queue.v[at];
		const struct cfs_gc_container *c = cfs_gc_container(graph, i);

		if (has(graph, c, object))
			return write_way(from, i, ret, err);
		for (uint32_t k = 0; r == 0 && k < c->n_kids; k++) {
			uint32_t kid = graph->kids.v[c->kids + k];

			if (from[kid] != CFS_GC_NONE)
				continue;
			from[kid] = i;
			r = add_number(&queue, kid, err);
		}
	}
	return r;
}
