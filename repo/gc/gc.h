/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Garbage collection: removes the objects of a repository that nothing needs.
 *
 * Roots are the names below images/refs and streams/refs, and what the caller
 * adds.  An image needs the objects of its files.  A stream needs the objects
 * that it is split into and the streams and images that it refers to, with all
 * that those need; composefs-rs keeps such an image as a file only.
 *
 * Whatever is found wrong is a finding (struct cfs_gc_finding).  A name that
 * leads nowhere needs nothing and is left alone.  If an image or stream cannot
 * be read, what it needs is unknown: that stops the collection before anything
 * is removed.
 *
 * Names go first and objects after them, so that a collection that is
 * interrupted leaves objects without a name and never a name without its
 * objects.
 *
 * Source: composefs-rs crates/composefs/src/repository.rs, gc.
 */
#ifndef CFS_REPO_GC_GC_H
#define CFS_REPO_GC_GC_H

#include "base/own.h"
#include "repo/open.h"
#include "repo/stream/names.h"

enum cfs_gc_code {
	CFS_GC_DANGLING_NAME,  /* a name of a missing image or stream */
	CFS_GC_MISSING_OBJECT, /* of an image or stream that is needed */
	CFS_GC_MISSING_ROOT,   /* the caller's root is not in the repository */
	CFS_GC_UNKNOWN_FILE,   /* a file that has no place there; it is kept */
	CFS_GC_UNREADABLE,     /* what it needs is unknown */
};

/* One finding.  Strings are borrowed for the call; their bytes are those of
 * the disk and not fit to be printed (base/text.h). */
struct cfs_gc_finding {
	enum cfs_gc_code code;
	const char *where; /* path below the repository, or the caller's */
	const char *reason;
	bool stops; /* nothing may be removed */
};

/* "dangling-name" and so on: the same in every version. */
const char *cfs_gc_code_name(enum cfs_gc_code code);

struct cfs_gc_params {
	void (*found)(void *arg, const struct cfs_gc_finding *finding);
	void *arg;
	/*
	 * Is the name @ref below streams/refs about another stream?  Returns
	 * true with the content id of that stream in @ret.  Such a name is
	 * kept, and is a root, as long as that stream is, and is removed with
	 * it.  NULL: there are no such names.
	 */
	bool (*subject)(const char *ref, char ret[static CFS_CONTENT_ID_MAX]);
};

enum cfs_gc_root_kind {
	CFS_GC_ROOT_IMAGE,  /* a name below images/refs */
	CFS_GC_ROOT_STREAM, /* a name below streams/refs */
	CFS_GC_ROOT_CALLER, /* cfs_gc_add_root(), cfs_gc_add_named() */
};

struct cfs_gc_root {
	enum cfs_gc_root_kind kind;
	char *name;	      /* below refs/, or the caller's text */
	struct cfs_digest id; /* the object that it leads to */
	/* After cfs_gc_sweep() with CFS_GC_COUNT: what else would be removed
	 * without it. */
	uint64_t objects, bytes;
};

struct cfs_gc_result {
	uint64_t objects_removed, objects_bytes;
	uint64_t objects_kept;
	uint64_t images_pruned, streams_pruned; /* links, of refs too */
	uint64_t signatures_pruned;
	uint64_t temporary; /* files that interrupted programs left */
};

struct cfs_gc;

/* Starts a collection in @repo, which is locked and outlives it, as what
 * params->arg points to does; repo->meta.alg is set also if there is no
 * meta.json.  Errors: -ENOMEM, -EINVAL if there is neither meta.json nor
 * images/ nor streams/: it may be something else than a repository. */
int cfs_gc_new(const struct cfs_repo *repo, const struct cfs_gc_params *params,
	       struct cfs_gc **ret,
	       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_gc_free(struct cfs_gc *gc);
CFS_DEFINE_AUTO(struct cfs_gc, cfs_gc_free);

/* Reports a finding. */
void cfs_gc_report(struct cfs_gc *gc,
		   const struct cfs_gc_finding *finding) CFS_NONNULL;

/* Findings that stop the collection, so far. */
unsigned cfs_gc_stops(const struct cfs_gc *gc) CFS_NONNULL;

/*
 * Adds the image @id as a root; @name says where it was found.
 * Returns 1, or 0 if the repository has no such image.
 * Errors: -ENOMEM, reading.
 */
int cfs_gc_add_root(struct cfs_gc *gc, const char *name,
		    const struct cfs_digest *id,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Adds what is called @entry in images/ or streams/ as a root.
 * Returns 1, or 0 if neither has it.  Errors: see cfs_gc_add_root(). */
int cfs_gc_add_named(struct cfs_gc *gc, const char *name, const char *entry,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Finds everything that is needed: adds the names of the repository as roots
 * and reads all that roots lead to.
 * Errors: -ENOMEM, reading directories.
 */
int cfs_gc_mark(struct cfs_gc *gc,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

enum cfs_gc_how {
	CFS_GC_COUNT,	       /* change nothing */
	CFS_GC_REMOVE,	       /* the lock is held exclusively */
	CFS_GC_REMOVE_NO_SYNC, /* and the disk is not waited for */
};

/*
 * After cfs_gc_mark(): removes what is not needed.
 * Errors: -EBADMSG the collection is stopped; reading and removing.
 */
int cfs_gc_sweep(struct cfs_gc *gc, enum cfs_gc_how how,
		 struct cfs_gc_result *ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The roots, in the order in which they were added: the caller's, names of
 * images, names of streams. */
size_t cfs_gc_n_roots(const struct cfs_gc *gc) CFS_NONNULL;
const struct cfs_gc_root *cfs_gc_root(const struct cfs_gc *gc,
				      size_t i) CFS_NONNULL;

/*
 * After cfs_gc_mark(): why does the root @i keep the object @id?  Calls @step
 * with each image and stream on the shortest way from the root to the object:
 * the object is the last one, or is needed by it.
 * Returns 1, or 0 if that root does not need it.  What @step returns but 0 ends
 * the walk.  Errors: -ENOMEM.
 */
int cfs_gc_why(const struct cfs_gc *gc, size_t i, const struct cfs_digest *id,
	       int (*step)(void *arg, const struct cfs_digest *container,
			   struct cfs_err *err),
	       void *arg, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4, 6)));

#endif
