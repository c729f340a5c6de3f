/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Why a garbage collection keeps an object. */
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/gc.h"

#define ROOTS_MAX 20 /* roots that are explained of one object */

/* A stream and its object. */
struct name {
	struct cfs_digest id;
	char *content_id; /* owned */
};

struct names {
	const struct cfs_repo *repo;
	CFS_VEC(struct name); /* by id */
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i].content_id);
	cfs_vec_free(names);
}

static int add_stream(const char *content_id, const struct cfs_digest *id,
		      void *arg, struct cfs_err *err)
{
	struct names *names = arg;
	struct name name = { 0 };

	if (!id)
		return 0;
	name.id = *id;
	name.content_id = strdup(content_id);
	if (!name.content_id)
		return cfs_no_memory(err);
	if (cfs_vec_add(names, name))
		return 0;
	free(name.content_id);
	return cfs_no_memory(err);
}

static int compare(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return memcmp(x->id.bytes, y->id.bytes, CFS_DIGEST_MAX);
}

static int read_names(struct names *names, struct cfs_err *err)
{
	int r = cfs_stream_each(names->repo, add_stream, names, err);

	if (names->n > 0)
		qsort(names->v, names->n, sizeof(*names->v), compare);
	return r;
}

/* The name of the object @id: streams/..., images/... or objects/... */
static void add_text(const struct names *names, const struct cfs_digest *id,
		     struct cfs_buf *to)
{
	const struct name key = { .id = *id };
	const struct name *found = names->n ? bsearch(&key, names->v, names->n,
						      sizeof(key), compare)
					    : NULL;
	char path[CFS_OBJECT_PATH_MAX],
		image[sizeof("images/") + CFS_DIGEST_HEX_MAX];

	strcpy(image, "images/");
	cfs_digest_to_hex(id, image + strlen(image));
	cfs_digest_to_path(id, path);
	if (found)
		cfs_buf_addf(to, "streams/%s", found->content_id);
	else if (cfs_name_exists(names->repo->fd, image) == 1)
		cfs_buf_adds(to, image);
	else
		cfs_buf_addf(to, "objects/%s", path);
}

/* An object that is asked about, and where the answer goes. */
struct question {
	const struct names *names;
	struct cfs_json_writer *w; /* or NULL: stdout */
	struct cfs_digest id;
	struct cfs_buf way;
};

static int add_step(void *arg, const struct cfs_digest *container,
		    struct cfs_err *err)
{
	struct question *q = arg;

	if (q->way.len > 0)
		cfs_buf_adds(&q->way, " > ");
	add_text(q->names, container, &q->way);
	return cfs_buf_check(&q->way, err);
}

static int print_way(struct question *q, const struct cfs_gc_root *root,
		     struct cfs_err *err)
{
	char room[CFS_REF_MAX];
	const char *way = cfs_buf_text(&q->way);

	if (!way)
		return cfs_buf_check(&q->way, err);
	if (!q->w) {
		cmd_line(stdout, "  %s %s: %s", cmd_gc_root_type(root),
			 cmd_gc_root_text(root, room), way);
		return 0;
	}
	cfs_json_write_object(q->w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(q->w, "name", cmd_gc_root_text(root, room));
	cfs_json_write_text(q->w, "type", cmd_gc_root_type(root));
	cfs_json_write_text(q->w, "way", way);
	cfs_json_write_end(q->w);
	return 0;
}

static int print_roots(const struct cfs_gc *gc, struct question *q,
		       struct cfs_err *err)
{
	size_t found = 0;

	for (size_t i = 0; i < cfs_gc_n_roots(gc); i++) {
		int r;

		q->way.len = 0;
		r = cfs_gc_why(gc, i, &q->id, add_step, q, err);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (found++ == ROOTS_MAX) {
			if (!q->w)
				puts("  and others");
			break;
		}
		r = print_way(q, cfs_gc_root(gc, i), err);
		if (r < 0)
			return r;
	}
	if (found == 0 && !q->w)
		puts("  nothing needs it");
	return 0;
}

/* An object is a digest, with or without its algorithm, or a path below
 * objects/ or from there. */
static int parse(const char *text, struct cfs_digest *ret, struct cfs_err *err)
{
	static const char *const before[] = { "objects/",
					      "sha256:", "sha512:" };
	char hex[CFS_DIGEST_HEX_MAX];
	const char *at = text;
	size_t n = 0;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(before); i++)
		if (strncmp(at, before[i], strlen(before[i])) == 0)
			at += strlen(before[i]);
	for (size_t i = 0; at[i] && n < sizeof(hex); i++)
		if (i != 2 || at[i] != '/')
			hex[n++] = at[i];
	if (cfs_digest_from_hex(hex, n, ret, err) < 0)
		return cfs_fail(err, CFS_EUSAGE,
				"--why %s: neither the digest of an object nor "
				"its path",
				text);
	return 0;
}

int cmd_gc_why_check(const struct cfs_opt_list *objects, struct cfs_err *err)
{
	struct cfs_digest ignored;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < objects->n; i++)
		r = parse(objects->v[i], &ignored, err);
	return r;
}

static int answer(const struct cfs_repo *repo, const struct cfs_gc *gc,
		  struct question *q, struct cfs_err *err)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	bool exists;
	int r = 0;

	cfs_digest_to_path(&q->id, path + strlen(path));
	exists = cfs_name_exists(repo->fd, path) == 1;
	if (q->w) {
		cfs_json_write_object(q->w, NULL, CFS_JSON_LINES);
		cmd_json_digest(q->w, "object", &q->id);
		cfs_json_write_bool(q->w, "exists", exists);
		cfs_json_write_array(q->w, "kept_by", CFS_JSON_LINES);
	} else {
		cmd_line(stdout, "%s%s", path, exists ? ":" : " is missing:");
	}
	r = print_roots(gc, q, err);
	if (q->w) {
		cfs_json_write_end(q->w);
		cfs_json_write_end(q->w);
	}
	return r;
}

int cmd_gc_why(const struct cfs_repo *repo, const struct cfs_gc *gc,
	       const struct cfs_opt_list *objects, struct cfs_json_writer *w,
	       struct cfs_err *err)
{
	__attribute__((
		cleanup(names_free))) struct names names = { .repo = repo };
	struct question q = { .names = &names, .w = w };
	int r = objects->n ? read_names(&names, err) : 0;

	if (w)
		cfs_json_write_array(w, "why", CFS_JSON_LINES);
	for (unsigned i = 0; r == 0 && i < objects->n; i++) {
		r = parse(objects->v[i], &q.id, err);
		if (r == 0)
			r = answer(repo, gc, &q, err);
	}
	cfs_buf_free(&q.way);
	if (w)
		cfs_json_write_end(w);
	return r;
}
