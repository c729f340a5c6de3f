/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What needs what in a repository: objects that are images or streams refer to
 * other objects, and roots refer to the first ones.  An object that the graph
 * knows is needed.
 *
 * The graph also answers which objects only one root needs.  It takes time and
 * memory in proportion to the references, however many roots share them.
 */
#ifndef CFS_REPO_GC_GRAPH_H
#define CFS_REPO_GC_GRAPH_H

#include "base/vec.h"
#include "repo/stream/ids.h"

#define CFS_GC_OBJECTS_MAX (1u << 28) /* objects that a graph knows */

/* In place of a root: none needs it; of a container: there is none. */
#define CFS_GC_NONE   UINT32_MAX
#define CFS_GC_SHARED (UINT32_MAX - 1) /* several roots need it */

#define CFS_GC_NO_SIZE UINT64_MAX

/* An object that may refer to others. */
struct cfs_gc_container {
	uint32_t object; /* its index among graph.ids */
	uint32_t needs,
		n_needs;       /* indexes of objects: a range of graph.needs */
	uint32_t kids, n_kids; /* of containers: a range of graph.kids */
	uint32_t owner;	       /* a root, CFS_GC_NONE or CFS_GC_SHARED */
};

struct cfs_gc_numbers {
	CFS_VEC(uint32_t);
};

void cfs_gc_numbers_free(struct cfs_gc_numbers *numbers);

#define CFS_AUTOGCNUMBERS __attribute__((cleanup(cfs_gc_numbers_free)))

/* Zero-initialise it but for ids.alg; release it with cfs_gc_graph_free(). */
struct cfs_gc_graph {
	struct cfs_ids ids; /* of all objects */
	CFS_VEC(struct cfs_gc_container) containers;
	struct cfs_gc_numbers container;   /* by object, or CFS_GC_NONE */
	struct cfs_gc_numbers needs, kids; /* by container */
	struct cfs_gc_numbers roots;	   /* the container of each */
	struct cfs_gc_numbers owner;	   /* by object */
	CFS_VEC(uint64_t) size;		   /* by object */
};

void cfs_gc_graph_free(struct cfs_gc_graph *graph);

uint32_t cfs_gc_n_containers(const struct cfs_gc_graph *graph) CFS_NONNULL;
struct cfs_gc_container *cfs_gc_container(const struct cfs_gc_graph *graph,
					  uint32_t i) CFS_NONNULL;

/* The digest of the object with the index @object. */
struct cfs_digest cfs_gc_object(const struct cfs_gc_graph *graph,
				uint32_t object) CFS_NONNULL;

/*
 * Sets *@ret to the container for the object @id, which is added if it is not
 * in the graph; new ones have the highest numbers.
 * Errors: -EFBIG, -ENOMEM.
 */
int cfs_gc_add_container(struct cfs_gc_graph *graph,
			 const struct cfs_digest *id, uint32_t *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * What the container @i refers to: an object of @size bytes, CFS_GC_NO_SIZE if
 * that is not known, or one that is a container itself.  Between the first and
 * the last reference of a container none of another one is added.
 * Errors: -EFBIG, -ENOMEM.
 */
int cfs_gc_add_need(struct cfs_gc_graph *graph, uint32_t i,
		    const struct cfs_digest *id, uint64_t size,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cfs_gc_add_kid(struct cfs_gc_graph *graph, uint32_t i,
		   const struct cfs_digest *id,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Adds a root, the next number from 0, that refers to the container @i. */
int cfs_gc_graph_add_root(struct cfs_gc_graph *graph, uint32_t i,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Finds the owners, once everything is added.  Errors: -ENOMEM. */
int cfs_gc_find_owners(struct cfs_gc_graph *graph,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* After cfs_gc_find_owners(): the only root that needs the object,
 * CFS_GC_SHARED, or CFS_GC_NONE. */
uint32_t cfs_gc_owner(const struct cfs_gc_graph *graph,
		      uint32_t object) CFS_NONNULL;

/* The size of the object in bytes, as a container that needs it has it, or
 * CFS_GC_NO_SIZE. */
uint64_t cfs_gc_size(const struct cfs_gc_graph *graph,
		     uint32_t object) CFS_NONNULL;

/*
 * The shortest way from @root to the object: *@ret gets the containers on it,
 * from that of the root on.  The last one is the object itself,
 * or refers to it.
 * Returns 1, or 0 if the root does not need it.  Errors: -ENOMEM.
 */
int cfs_gc_way(const struct cfs_gc_graph *graph, uint32_t root, uint32_t object,
	       struct cfs_gc_numbers *ret,
	       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
