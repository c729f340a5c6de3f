/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The objects that an image needs and the store lacks. */
#include <fcntl.h>
#include <sys/statvfs.h>

#include "base/io.h"
#include "ops/fetch_parts.h"
#include "repo/export/index.h"
#include "repo/export/plan.h"
#include "repo/object.h"
#include "repo/writer.h"

static void objects_free(struct cfs_fetch_objects *o)
{
	if (o->unzstd)
		cfs_unzstd_sink_free(o->unzstd);
	cfs_vec_free(&o->missing);
	cfs_export_plan_free(&o->plan);
	free(o->places);
}

/* Takes the object from one of the other repositories.  What is wrong with the
 * one there is no concern of this one: a link in its place, or an object that
 * may not be read, is as good as none.  Returns 1, or 0 if none has it. */
static int seed(struct cfs_fetching *f, const struct cfs_digest *id,
		struct cfs_err *err)
{
	for (size_t i = 0; i < f->params->n_from; i++) {
		CFS_AUTOFD int objects = cfs_open_beneath(
			f->params->from[i].fd, "objects", O_PATH | O_DIRECTORY);
		CFS_AUTOFD int fd = -EBADF;
		struct cfs_err ignored;
		int r;

		if (objects < 0 ||
		    cfs_object_open(objects, id, &fd, &ignored) <= 0)
			continue;
		r = cfs_object_add_opened(f->store, fd, id, err);
		if (r == 0)
			return 1;
		if (r != -ENOENT && r != -EBADMSG && r != -EINVAL)
			return r;
	}
	return 0;
}

static int find_missing(struct cfs_fetch_objects *o, struct cfs_err *err)
{
	struct cfs_fetching *f = o->f;

	for (size_t i = 0; i < o->needs->n; i++) {
		const struct cfs_export_need *need = &o->needs->v[i];
		int r = cfs_object_has(f->store, need->size, &need->id, err);

		f->result.present += r > 0;
		if (r == 0) {
			r = seed(f, &need->id, err);
			f->result.seeded += r > 0;
		}
		if (r < 0)
			return r;
		if (r == 0)
			(void)cfs_vec_add(&o->missing, (uint32_t)i);
	}
	return cfs_vec_check(&o->missing, err);
}

/* Is there room for what is missing?  Blocks are 4096 bytes. */
static int check_space(const struct cfs_fetch_objects *o, struct cfs_err *err)
{
	uint64_t wanted = 0, there;
	struct statvfs st;

	for (size_t i = 0; i < o->missing.n; i++)
		if (__builtin_add_overflow(
			    wanted,
			    (o->needs->v[o->missing.v[i]].size | 4095) + 1,
			    &wanted))
			wanted = UINT64_MAX;
	if (fstatvfs(o->f->store->objects, &st) < 0)
		return cfs_fail_errno(err, "look at the file system");
	there = (uint64_t)st.f_bavail * st.f_frsize;
	return wanted <= there
		       ? 0
		       : cfs_fail(err, ENOSPC,
				  "%zu objects take %llu MiB; the file system "
				  "has %llu MiB left",
				  o->missing.n,
				  (unsigned long long)(wanted >> 20),
				  (unsigned long long)(there >> 20));
}

/* In a repository each object is a file of its own, as it is. */
static void place_in_repository(struct cfs_fetch_objects *o)
{
	for (size_t i = 0; i < o->needs->n; i++)
		o->places[i] = (struct cfs_export_place){
			.pack = CFS_EXPORT_NO_PACK,
			.stored = o->needs->v[i].size,
		};
}

static int read_index(struct cfs_fetch_objects *o, struct cfs_err *err)
{
	char path[CFS_EXPORT_PATH_MAX];
	const struct cfs_fetch_file file = { path,
					     CFS_EXPORT_INDEX_SIZE(o->needs->n),
					     false };
	CFS_AUTOBUF struct cfs_buf index = { 0 };
	int r;

	cfs_export_image_path(o->id, ".index", path);
	r = cfs_fetch_file(o->f, &file, &index, err);
	if (r == 0)
		return cfs_fail(err, ENOENT, "%s lacks %s",
				o->f->params->http.urls[0], path);
	if (r > 0)
		r = cfs_export_index_read(cfs_buf_bytes(&index), o->id->alg,
					  o->needs, o->places, err);
	return r < 0 ? cfs_ctx(err, "%s", path) : 0;
}

static int make_plan(struct cfs_fetch_objects *o, struct cfs_err *err)
{
	int r = 0;

	o->places = calloc(o->needs->n, sizeof(*o->places));
	if (!o->places)
		return cfs_no_memory(err);
	if (o->f->is_repository)
		place_in_repository(o);
	else
		r = read_index(o, err);
	if (r == 0)
		r = cfs_export_plan_make(o->places, o->missing.v, o->missing.n,
					 &o->plan, err);
	if (r == 0 && o->f->params->plan)
		o->f->params->plan(o->f->params->arg, o->plan.bytes);
	return r;
}

static int run(struct cfs_fetch_objects *o, struct cfs_err *err)
{
	int r = find_missing(o, err);

	if (r < 0 || o->missing.n == 0)
		return r;
	r = check_space(o, err);
	if (r == 0)
		r = make_plan(o, err);
	if (r == 0)
		r = cfs_fetch_push_files(o, err);
	if (r == 0)
		r = cfs_fetch_push_runs(o, err);
	return r < 0 ? r : cfs_http_run(o->f->http, err);
}

int cfs_fetch_objects(struct cfs_fetching *f, const struct cfs_digest *id,
		      const struct cfs_export_needs *needs, struct cfs_err *err)
{
	struct cfs_fetch_objects o = { .f = f, .id = id, .needs = needs };
	int r = run(&o, err);

	cfs_fetch_forget_files(&o);
	cfs_fetch_forget_runs(&o);
	objects_free(&o);
	return r;
}
