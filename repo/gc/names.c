/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Finds the roots: the names below images/refs and streams/refs. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "repo/dir.h"
#include "repo/gc/run.h"
#include "repo/link.h"
#include "repo/temp.h"

/* A walk through images/refs or streams/refs. */
struct walk {
	struct cfs_gc *gc;
	int (*visit)(struct walk *w, const char *last, struct cfs_err *err);
	const char *top;
	struct cfs_buf path; /* of the entry at hand, top included */
};

/* The entry at hand, as a path below the top; its path is terminated. */
static const char *name_of(const struct walk *w)
{
	return (const char *)w->path.data + strlen(w->top) + 1;
}

/*
 * Returns 1 with the object that @entry in the directory @dir leads to, or 0 if
 * there is no such link, or it leads to an object of the other algorithm.
 */
static int find_object(const struct cfs_gc *gc, const char *dir,
		       const char *entry, struct cfs_digest *ret,
		       struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_dir_open(gc->repo->fd, dir);
	struct cfs_digest id;
	int r = fd < 0 ? fd : cfs_link_object(fd, entry, &id);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return cfs_fail(err, -r, "read %s/%s: %s", dir, entry,
				strerror(-r));
	if (r == 0 || id.alg != gc->graph.ids.alg)
		return 0;
	*ret = id;
	return 1;
}

int cfs_gc_find_stream(const struct cfs_gc *gc, const char *content_id,
		       struct cfs_digest *ret, struct cfs_err *err)
{
	return find_object(gc, "streams", content_id, ret, err);
}

static bool object_exists(const struct cfs_gc *gc, const struct cfs_digest *id)
{
	char path[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(id, path);
	return gc->objects >= 0 && cfs_name_exists(gc->objects, path) != 0;
}

/* Both what the link leads to and what it is named by are kept: programs
 * differ in which of them they look at. */
int cfs_gc_push_image(struct cfs_gc *gc, enum cfs_gc_root_kind kind,
		      const char *name, const char *entry, struct cfs_err *err)
{
	struct cfs_digest target, named;
	struct cfs_err ignored;
	int found = find_object(gc, "images", entry, &target, err), r = 0;

	if (found > 0)
		r = cfs_gc_push_root(gc, kind, name, &target, err);
	if (found < 0 || r < 0)
		return found < 0 ? found : r;
	if (cfs_digest_from_hex(entry, strlen(entry), &named, &ignored) < 0 ||
	    named.alg != gc->graph.ids.alg ||
	    (found > 0 && cfs_digest_equal(&named, &target)) ||
	    !object_exists(gc, &named))
		return found;
	r = cfs_gc_push_root(gc, kind, name, &named, err);
	return r < 0 ? r : 1;
}

static void dangles(struct walk *w, const char *what, const char *last)
{
	cfs_gc_found(w->gc, CFS_GC_DANGLING_NAME, (char *)w->path.data,
		     "there is no %s %s, so the name keeps nothing; remove it, "
		     "or restore the %s",
		     what, last, what);
}

static int visit_image(struct walk *w, const char *last, struct cfs_err *err)
{
	int r = cfs_gc_push_image(w->gc, CFS_GC_ROOT_IMAGE, name_of(w), last,
				  err);

	if (r == 0)
		dangles(w, "image", last);
	return r < 0 ? r : 0;
}

static int add_referrer(struct walk *w, const char *last, const char *subject,
			struct cfs_err *err)
{
	struct cfs_gc_referrer referrer = { 0 };
	int r = cfs_gc_find_stream(w->gc, subject, &referrer.subject, err);

	referrer.has_subject = r > 0;
	if (r >= 0)
		r = cfs_gc_find_stream(w->gc, last, &referrer.stream, err);
	if (r < 0)
		return r;
	referrer.has_stream = r > 0;
	referrer.ref = strdup(name_of(w));
	if (!referrer.ref)
		return cfs_no_memory(err);
	if (!cfs_vec_add(&w->gc->referrers, referrer)) {
		free(referrer.ref);
		return cfs_no_memory(err);
	}
	if (r == 0 && referrer.has_subject)
		dangles(w, "stream", last);
	return 0;
}

static int visit_stream(struct walk *w, const char *last, struct cfs_err *err)
{
	const struct cfs_gc_params *params = &w->gc->params;
	char subject[CFS_CONTENT_ID_MAX];
	struct cfs_digest id;
	int r;

	if (params->subject && params->subject(name_of(w), subject))
		return add_referrer(w, last, subject, err);
	r = cfs_gc_find_stream(w->gc, last, &id, err);
	if (r == 0)
		dangles(w, "stream", last);
	return r <= 0 ? r
		      : cfs_gc_push_root(w->gc, CFS_GC_ROOT_STREAM, name_of(w),
					 &id, err);
}

static int walk(struct walk *w, int parent, const char *name, unsigned depth,
		struct cfs_err *err);

static int visit(struct walk *w, int dir, const char *name, unsigned depth,
		 struct cfs_err *err)
{
	const char *path = cfs_buf_text(&w->path);
	char last[CFS_LINK_MAX];
	struct stat st;
	int r;

	if (!path)
		return cfs_buf_check(&w->path, err);
	/* Others may remove names beside a dry run. */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : cfs_fail_errno(err, "stat %s", path);
	if (S_ISDIR(st.st_mode))
		return walk(w, dir, name, depth + 1, err);
	r = cfs_link_read(dir, name, last);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return cfs_fail(err, -r, "read %s: %s", path, strerror(-r));
	if (r > 0)
		return w->visit(w, last, err);
	cfs_gc_found(w->gc, CFS_GC_UNKNOWN_FILE, path,
		     S_ISLNK(st.st_mode) ? "it leads to nothing of a "
					   "repository"
					 : "it is not a symbolic link");
	return 0;
}

/* Walks the directory @name in @parent, whose path is w->path. */
static int walk(struct walk *w, int parent, const char *name, unsigned depth,
		struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int dir = cfs_dir_open(parent, name);
	size_t len = w->path.len;
	int r;

	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return cfs_fail(err, -dir, "open %.*s: %s", (int)len,
				w->path.data, strerror(-dir));
	if (depth == CFS_DIR_DEPTH_MAX) {
		cfs_gc_found(w->gc, CFS_GC_UNREADABLE, (char *)w->path.data,
			     "nested too deeply for names");
		return 0;
	}
	r = cfs_dir_list(dir, ".", &names, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		if (strncmp(names.v[i].name, CFS_TEMP_PREFIX,
			    strlen(CFS_TEMP_PREFIX)) == 0)
			continue;
		cfs_buf_addf(&w->path, "/%s", names.v[i].name);
		r = visit(w, dir, names.v[i].name, depth, err);
		w->path.len = len;
	}
	return r;
}

static int walk_top(struct walk *w, struct cfs_err *err)
{
	int r;

	cfs_buf_adds(&w->path, w->top);
	r = cfs_buf_text(&w->path) ? walk(w, w->gc->repo->fd, w->top, 0, err)
				   : cfs_buf_check(&w->path, err);
	cfs_buf_free(&w->path);
	return r;
}

/* Those without a subject come last. */
static int compare(const void *a, const void *b)
{
	const struct cfs_gc_referrer *x = a, *y = b;

	if (x->has_subject != y->has_subject)
		return x->has_subject ? -1 : 1;
	return memcmp(x->subject.bytes, y->subject.bytes, CFS_DIGEST_MAX);
}

int cfs_gc_names(struct cfs_gc *gc, struct cfs_err *err)
{
	struct walk images = { .gc = gc,
			       .visit = visit_image,
			       .top = "images/refs" };
	struct walk streams = { .gc = gc,
				.visit = visit_stream,
				.top = "streams/refs" };
	int r = walk_top(&images, err);

	if (r == 0)
		r = walk_top(&streams, err);
	if (gc->referrers.n > 0)
		qsort(gc->referrers.v, gc->referrers.n,
		      sizeof(*gc->referrers.v), compare);
	return r;
}
