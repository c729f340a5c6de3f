/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/gc/gc.h"

#include <stdarg.h>
#include <string.h>

#include "base/io.h"
#include "repo/dir.h"
#include "repo/gc/run.h"

const char *cfs_gc_code_name(enum cfs_gc_code code)
{
	static const char *const names[] = {
		[CFS_GC_DANGLING_NAME] = "dangling-name",
		[CFS_GC_MISSING_OBJECT] = "missing-object",
		[CFS_GC_MISSING_ROOT] = "missing-root",
		[CFS_GC_UNKNOWN_FILE] = "unknown-file",
		[CFS_GC_UNREADABLE] = "unreadable",
	};

	return names[code];
}

/* Every directory objects/ of digests passes for a repository from before
 * meta.json, such as that of a Git repository. */
static int check_is_ours(const struct cfs_repo *repo, struct cfs_err *err)
{
	if (repo->has_meta || cfs_name_exists(repo->fd, "images") != 0 ||
	    cfs_name_exists(repo->fd, "streams") != 0)
		return 0;
	return cfs_fail(err, EINVAL,
			"nothing was removed: there is neither meta.json nor "
			"images/ nor streams/, so the objects may belong to "
			"another program; if they do not, `cfsctl init "
			"--ensure` makes it a repository");
}

int cfs_gc_new(const struct cfs_repo *repo, const struct cfs_gc_params *params,
	       struct cfs_gc **ret, struct cfs_err *err)
{
	struct cfs_gc *gc = NULL;

	if (check_is_ours(repo, err) < 0)
		return -EINVAL;
	gc = calloc(1, sizeof(*gc));
	if (!gc)
		return cfs_no_memory(err);
	gc->repo = repo;
	gc->params = *params;
	gc->graph.ids.alg = repo->meta.alg;
	gc->objects = cfs_dir_open(repo->fd, "objects");
	if (gc->objects < 0 && gc->objects != -ENOENT) {
		int r = cfs_fail(err, -gc->objects, "open objects: %s",
				 strerror(-gc->objects));

		cfs_gc_free(gc);
		return r;
	}
	*ret = gc;
	return 0;
}

void cfs_gc_free(struct cfs_gc *gc)
{
	if (!gc)
		return;
	for (size_t i = 0; i < gc->roots.n; i++)
		free(gc->roots.v[i].name);
	for (size_t i = 0; i < gc->referrers.n; i++)
		free(gc->referrers.v[i].ref);
	cfs_closep(&gc->objects);
	cfs_gc_graph_free(&gc->graph);
	cfs_vec_free(&gc->roots);
	cfs_vec_free(&gc->referrers);
	cfs_vec_free(&gc->origin);
	free(gc);
}

void cfs_gc_report(struct cfs_gc *gc, const struct cfs_gc_finding *finding)
{
	gc->stops += finding->stops;
	gc->params.found(gc->params.arg, finding);
}

void cfs_gc_found(struct cfs_gc *gc, enum cfs_gc_code code, const char *where,
		  const char *fmt, ...)
{
	struct cfs_gc_finding finding = { .code = code, .where = where };
	CFS_AUTOFREE char *text = NULL;
	struct cfs_err no_memory;
	va_list ap;

	(void)cfs_no_memory(&no_memory);
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	finding.reason = text ? text : no_memory.msg;
	/* What it refers to is not known, so nothing may be removed. */
	finding.stops = code == CFS_GC_UNREADABLE;
	cfs_gc_report(gc, &finding);
}

unsigned cfs_gc_stops(const struct cfs_gc *gc)
{
	return gc->stops;
}

size_t cfs_gc_n_roots(const struct cfs_gc *gc)
{
	return gc->roots.n;
}

const struct cfs_gc_root *cfs_gc_root(const struct cfs_gc *gc, size_t i)
{
	return &gc->roots.v[i];
}

int cfs_gc_push_root(struct cfs_gc *gc, enum cfs_gc_root_kind kind,
		     const char *name, const struct cfs_digest *id,
		     struct cfs_err *err)
{
	struct cfs_gc_root root = { .kind = kind, .id = *id };
	uint32_t container;
	int r = cfs_gc_add_container(&gc->graph, id, &container, err);

	if (r == 0)
		r = cfs_gc_graph_add_root(&gc->graph, container, err);
	if (r < 0)
		return r;
	root.name = strdup(name);
	if (!root.name)
		return cfs_no_memory(err);
	if (cfs_vec_add(&gc->roots, root))
		return 0;
	free(root.name);
	return cfs_no_memory(err);
}

int cfs_gc_add_root(struct cfs_gc *gc, const char *name,
		    const struct cfs_digest *id, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];

	/* An image of the other algorithm cannot be in this repository. */
	if (id->alg != gc->repo->meta.alg)
		return 0;
	cfs_digest_to_hex(id, hex);
	return cfs_gc_push_image(gc, CFS_GC_ROOT_CALLER, name, hex, err);
}

int cfs_gc_add_named(struct cfs_gc *gc, const char *name, const char *entry,
		     struct cfs_err *err)
{
	struct cfs_digest id;
	int image, stream;

	if (cfs_content_id_check(entry, err) < 0)
		return 0;
	image = cfs_gc_push_image(gc, CFS_GC_ROOT_CALLER, name, entry, err);
	if (image < 0)
		return image;
	/* An image and a stream may have the same name. */
	stream = cfs_gc_find_stream(gc, entry, &id, err);
	if (stream <= 0)
		return stream < 0 ? stream : image;
	stream = cfs_gc_push_root(gc, CFS_GC_ROOT_CALLER, name, &id, err);
	return stream < 0 ? stream : 1;
}

bool cfs_gc_needs(const struct cfs_gc *gc, const struct cfs_digest *id)
{
	size_t ignored;

	return id->alg == gc->graph.ids.alg &&
	       cfs_ids_find(&gc->graph.ids, id->bytes, &ignored);
}

bool cfs_gc_referrer_is_kept(const struct cfs_gc *gc,
			     const struct cfs_gc_referrer *referrer)
{
	return referrer->has_subject && cfs_gc_needs(gc, &referrer->subject);
}

/* A root is the origin of its container, and the origin of a container is that
 * of those it refers to. */
static int set_origins(struct cfs_gc *gc, uint32_t from, uint32_t origin,
		       struct cfs_err *err)
{
	for (uint32_t i = from; i < cfs_gc_n_containers(&gc->graph); i++)
		(void)cfs_vec_add(&gc->origin, origin);
	return cfs_vec_check(&gc->origin, err);
}

static int set_root_origins(struct cfs_gc *gc, struct cfs_err *err)
{
	const uint32_t *container = gc->graph.roots.v;
	int r = set_origins(gc, 0, CFS_GC_NONE, err);

	/* Backward, so that the first of several roots is the origin. */
	for (size_t i = cfs_gc_n_roots(gc); r == 0 && i > 0; i--)
		gc->origin.v[container[i - 1]] = (uint32_t)(i - 1);
	return r;
}

int cfs_gc_mark(struct cfs_gc *gc, struct cfs_err *err)
{
	int r = cfs_gc_names(gc, err);

	if (r == 0)
		r = set_root_origins(gc, err);
	/* The list grows as containers are loaded: this reaches all of them,
	 * each once. */
	for (uint32_t i = 0; r == 0 && i < cfs_gc_n_containers(&gc->graph);
	     i++) {
		uint32_t n = cfs_gc_n_containers(&gc->graph);

		r = cfs_gc_load(gc, i, err);
		if (r == 0)
			r = set_origins(gc, n, gc->origin.v[i], err);
	}
	return r < 0 ? r : cfs_gc_find_owners(&gc->graph, err);
}

int cfs_gc_why(const struct cfs_gc *gc, size_t i, const struct cfs_digest *id,
	       int (*step)(void *arg, const struct cfs_digest *container,
			   struct cfs_err *err),
	       void *arg, struct cfs_err *err)
{
	CFS_AUTOGCNUMBERS struct cfs_gc_numbers way = { 0 };
	size_t object;
	int r;

	if (id->alg != gc->graph.ids.alg ||
	    !cfs_ids_find(&gc->graph.ids, id->bytes, &object))
		return 0;
	r = cfs_gc_way(&gc->graph, (uint32_t)i, (uint32_t)object, &way, err);
	if (r <= 0)
		return r;
	for (size_t n = 0; n < way.n; n++) {
		const struct cfs_gc_container *c =
			cfs_gc_container(&gc->graph, way.v[n]);
		struct cfs_digest at = cfs_gc_object(&gc->graph, c->object);

		r = step(arg, &at, err);
		if (r != 0)
			return r;
	}
	return 1;
}
