/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Objects in files of their own: written while they come. */
#include "ops/fetch_parts.h"
#include "repo/object_stream.h"

struct cfs_fetch_object_file {
	struct cfs_fetch_objects *o;
	const struct cfs_export_need *need;
	const struct cfs_export_place *place;
	struct cfs_http_get get;
	struct cfs_object_stream *stream;
	struct cfs_sink sink; /* of stream */
	struct cfs_unzstd_sink *unzstd;
	uint64_t came;
	char path[CFS_EXPORT_PATH_MAX];
};

static void forget(struct cfs_fetch_object_file *file)
{
	if (file->unzstd)
		cfs_unzstd_sink_free(cfs_steal_ptr(&file->unzstd));
	if (file->stream)
		cfs_object_stream_free(cfs_steal_ptr(&file->stream));
	file->came = 0;
}

static int begin(void *arg, struct cfs_err *err)
{
	struct cfs_fetch_object_file *file = arg;
	int r;

	forget(file);
	r = cfs_object_stream_begin(file->o->f->store, &file->need->id,
				    file->need->size, &file->stream, err);
	/* Another process stored it meanwhile: what comes is passed over. */
	if (r <= 0)
		return r;
	file->sink = cfs_object_stream_sink(file->stream);
	return file->place->zstd
		       ? cfs_unzstd_sink_new(&file->sink, &file->unzstd, err)
		       : 0;
}

static int bytes(void *arg, struct cfs_bytes bytes, struct cfs_err *err)
{
	struct cfs_fetch_object_file *file = arg;

	file->came += bytes.len;
	cfs_fetch_progress(file->o, bytes.len);
	if (!file->stream)
		return 0;
	return file->unzstd ? cfs_unzstd_sink_write(file->unzstd, bytes, err)
			    : cfs_sink_write(&file->sink, bytes.data, bytes.len,
					     err);
}

static int end(void *arg, struct cfs_err *err)
{
	struct cfs_fetch_object_file *file = arg;
	int r = 0;

	if (!file->stream)
		return 0;
	if (file->came != file->place->stored)
		return cfs_fail(err, EBADMSG,
				"%llu bytes; there should be %llu",
				(unsigned long long)file->came,
				(unsigned long long)file->place->stored);
	if (file->unzstd)
		r = cfs_unzstd_sink_end(file->unzstd, err);
	if (r == 0)
		r = cfs_object_stream_end(file->stream, err);
	return r;
}

static int done(void *arg, int r, struct cfs_err *err)
{
	struct cfs_fetch_object_file *file = arg;

	forget(file);
	if (r == -ENOENT)
		(void)cfs_fail(err, ENOENT, "%s lacks %s",
			       file->o->f->params->http.urls[0], file->path);
	if (r < 0)
		return cfs_fetch_blame(file->need, err);
	cfs_fetch_count(file->o, file->need);
	return 0;
}

int cfs_fetch_push_files(struct cfs_fetch_objects *o, struct cfs_err *err)
{
	int r = 0;

	o->files = calloc(o->plan.files.n + 1, sizeof(*o->files));
	if (!o->files)
		return cfs_no_memory(err);
	for (size_t i = 0; r == 0 && i < o->plan.files.n; i++) {
		struct cfs_fetch_object_file *file = &o->files[i];

		file->o = o;
		file->need = &o->needs->v[o->plan.files.v[i]];
		file->place = &o->places[o->plan.files.v[i]];
		cfs_export_object_path(&file->need->id,
				       file->place->zstd ? ".zst" : "",
				       file->path);
		file->get = (struct cfs_http_get){ .path = file->path,
						   .max = file->place->stored,
						   .begin = begin,
						   .bytes = bytes,
						   .end = end,
						   .done = done,
						   .arg = file };
		r = cfs_http_push(o->f->http, &file->get, err);
	}
	return r;
}

void cfs_fetch_forget_files(struct cfs_fetch_objects *o)
{
	for (size_t i = 0; o->files && i < o->plan.files.n; i++)
		forget(&o->files[i]);
	free(cfs_steal_ptr(&o->files));
}
