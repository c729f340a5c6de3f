/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/gc/graph.h"

#include <string.h>

void cfs_gc_graph_free(struct cfs_gc_graph *graph)
{
	cfs_ids_free(&graph->ids);
	cfs_buf_free(&graph->containers);
	cfs_buf_free(&graph->container);
	cfs_buf_free(&graph->needs);
	cfs_buf_free(&graph->kids);
	cfs_buf_free(&graph->roots);
	cfs_buf_free(&graph->owner);
	cfs_buf_free(&graph->size);
}

static uint32_t *numbers(const struct cfs_buf *buf)
{
	return (uint32_t *)buf->data;
}

static uint32_t count(const struct cfs_buf *buf)
{
	return (uint32_t)(buf->len / sizeof(uint32_t));
}

static int add_number(struct cfs_buf *buf, uint32_t value, struct cfs_err *err)
{
	if (count(buf) >= CFS_GC_SHARED)
		return cfs_fail(err, EFBIG, "too many references");
	cfs_buf_add(buf, &value, sizeof(value));
	return cfs_buf_check(buf, err);
}

uint32_t cfs_gc_n_containers(const struct cfs_gc_graph *graph)
{
	return (uint32_t)(graph->containers.len /
			  sizeof(struct cfs_gc_container));
}

struct cfs_gc_container *cfs_gc_container(const struct cfs_gc_graph *graph,
					  uint32_t i)
{
	return (struct cfs_gc_container *)graph->containers.data + i;
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
	const uint64_t no_size = CFS_GC_NO_SIZE;
	size_t object = 0;
	int r = cfs_ids_index(&graph->ids, id->bytes, CFS_GC_OBJECTS_MAX,
			      &object, err);

	if (r == 0 && object == count(&graph->container)) {
		cfs_buf_add(&graph->size, &no_size, sizeof(no_size));
		r = cfs_buf_check(&graph->size, err);
		if (r == 0)
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
	container = &numbers(&graph->container)[new.object];
	if (*container == CFS_GC_NONE) {
		uint32_t i = cfs_gc_n_containers(graph);

		cfs_buf_add(&graph->containers, &new, sizeof(new));
		if (graph->containers.failed)
			return cfs_buf_check(&graph->containers, err);
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
		((uint64_t *)graph->size.data)[object] = size;
	if (container->n_needs++ == 0)
		container->needs = count(&graph->needs);
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
		container->kids = count(&graph->kids);
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
		 struct cfs_buf *stack, struct cfs_err *err)
{
	int r;

	stack->len = 0;
	r = add_number(stack, numbers(&graph->roots)[root], err);
	while (r == 0 && stack->len > 0) {
		struct cfs_gc_container *c;

		stack->len -= sizeof(uint32_t);
		c = cfs_gc_container(graph, numbers(stack)[count(stack)]);
		if (c->owner == root || c->owner == CFS_GC_SHARED)
			continue;
		c->owner = c->owner == CFS_GC_NONE ? root : CFS_GC_SHARED;
		for (uint32_t i = 0; r == 0 && i < c->n_kids; i++)
			r = add_number(stack,
				       numbers(&graph->kids)[c->kids + i], err);
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
	CFS_AUTOBUF struct cfs_buf stack = { 0 };
	uint32_t *owner;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < count(&graph->roots); i++)
		r = claim(graph, i, &stack, err);
	graph->owner.len = 0;
	cfs_buf_add(&graph->owner, graph->container.data, graph->container.len);
	if (r == 0)
		r = cfs_buf_check(&graph->owner, err);
	if (r < 0)
		return r;
	owner = numbers(&graph->owner);
	for (uint32_t i = 0; i < count(&graph->owner); i++)
		owner[i] = CFS_GC_NONE;
	for (uint32_t i = 0; i < cfs_gc_n_containers(graph); i++) {
		const struct cfs_gc_container *c = cfs_gc_container(graph, i);

		join(&owner[c->object], c->owner);
		for (uint32_t n = 0; n < c->n_needs; n++)
			join(&owner[numbers(&graph->needs)[c->needs + n]],
			     c->owner);
	}
	return 0;
}

uint32_t cfs_gc_owner(const struct cfs_gc_graph *graph, uint32_t object)
{
	return numbers(&graph->owner)[object];
}

uint64_t cfs_gc_size(const struct cfs_gc_graph *graph, uint32_t object)
{
	return ((const uint64_t *)graph->size.data)[object];
}

/* Is the object @c, or does @c refer to it? */
static bool has(const struct cfs_gc_graph *graph,
		const struct cfs_gc_container *c, uint32_t object)
{
	if (c->object == object)
		return true;
	for (uint32_t n = 0; n < c->n_needs; n++)
		if (numbers(&graph->needs)[c->needs + n] == object)
			return true;
	return false;
}

/* Writes the way to the container @i, which @from leads back from. */
static int write_way(const uint32_t *from, uint32_t i, struct cfs_buf *ret,
		     struct cfs_err *err)
{
	uint32_t n = 1;

	for (uint32_t at = i; from[at] != at; at = from[at])
		n++;
	ret->len = 0;
	cfs_buf_addz(ret, n * sizeof(uint32_t));
	if (ret->failed)
		return cfs_buf_check(ret, err);
	for (; n > 0; i = from[i])
		numbers(ret)[--n] = i;
	return 1;
}

int cfs_gc_way(const struct cfs_gc_graph *graph, uint32_t root, uint32_t object,
	       struct cfs_buf *ret, struct cfs_err *err)
{
	uint32_t n = cfs_gc_n_containers(graph);
	CFS_AUTOFREE uint32_t *from = malloc((n + 1) * sizeof(*from));
	CFS_AUTOBUF struct cfs_buf queue = { 0 };
	uint32_t start = numbers(&graph->roots)[root];
	int r;

	if (!from)
		return cfs_no_memory(err);
	memset(from, 0xff, (n + 1) * sizeof(*from));
	from[start] = start;
	r = add_number(&queue, start, err);
	for (uint32_t at = 0; r == 0 && at < count(&queue); at++) {
		uint32_t i = numbers(&queue)[at];
		const struct cfs_gc_container *c = cfs_gc_container(graph, i);

		if (has(graph, c, object))
			return write_way(from, i, ret, err);
		for (uint32_t k = 0; r == 0 && k < c->n_kids; k++) {
			uint32_t kid = numbers(&graph->kids)[c->kids + k];

			if (from[kid] != CFS_GC_NONE)
				continue;
			from[kid] = i;
			r = add_number(&queue, kid, err);
		}
	}
	return r;
}
