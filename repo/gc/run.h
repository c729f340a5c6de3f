/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Internals that the parts of a garbage collection share. */
#ifndef CFS_REPO_GC_RUN_H
#define CFS_REPO_GC_RUN_H

#include "repo/gc/gc.h"
#include "repo/gc/graph.h"

/* A name that is kept as long as the stream is that it is about. */
struct cfs_gc_referrer {
	char *ref; /* below streams/refs; owned */
	bool has_subject, has_stream;
	struct cfs_digest subject, stream; /* objects */
};

struct cfs_gc {
	const struct cfs_repo *repo;
	struct cfs_gc_params params;
	int objects; /* objects/, or -EBADF if it does not exist */
	unsigned stops;
	struct cfs_gc_graph graph;
	CFS_VEC(struct cfs_gc_root) roots; /* as in the graph */
	/* By subject, once they are all known. */
	CFS_VEC(struct cfs_gc_referrer) referrers;
	/* By container: the root that it was first found by, or CFS_GC_NONE. */
	struct cfs_gc_numbers origin;
};

/* Reports a finding whose reason is @fmt. */
void cfs_gc_found(struct cfs_gc *gc, enum cfs_gc_code code, const char *where,
		  const char *fmt, ...) CFS_PRINTF(4, 5);

/* Adds a root that leads to the object @id, of the repository's algorithm. */
int cfs_gc_push_root(struct cfs_gc *gc, enum cfs_gc_root_kind kind,
		     const char *name, const struct cfs_digest *id,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Adds the image that @entry, in images/, leads to as a root.
 * Returns 1, or 0 if there is neither such a link nor such an object.
 */
int cfs_gc_push_image(struct cfs_gc *gc, enum cfs_gc_root_kind kind,
		      const char *name, const char *entry,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The object that the link streams/@content_id leads to.
 * Returns 1 with *@ret, or 0 if there is no such stream of the repository's
 * algorithm. */
int cfs_gc_find_stream(const struct cfs_gc *gc, const char *content_id,
		       struct cfs_digest *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Is the object @id needed? */
bool cfs_gc_needs(const struct cfs_gc *gc,
		  const struct cfs_digest *id) CFS_NONNULL;

/* Adds all names as roots and referrers. */
int cfs_gc_names(struct cfs_gc *gc,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads the container @i: adds what it refers to to the graph. */
int cfs_gc_load(struct cfs_gc *gc, uint32_t i,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Is the stream that @referrer is about kept? */
bool cfs_gc_referrer_is_kept(const struct cfs_gc *gc,
			     const struct cfs_gc_referrer *referrer)
	CFS_NONNULL;

#endif
