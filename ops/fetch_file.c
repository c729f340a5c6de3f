/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Files that are fetched into memory. */
#include "ops/fetching.h"

struct reading {
	struct cfs_fetching *f;
	const struct cfs_fetch_file *file;
	struct cfs_buf *buf;
	struct cfs_sink sink; /* into buf, up to file->max bytes */
	struct cfs_unzstd_sink *unzstd;
	bool found;
};

static int take(void *arg, const void *data, size_t len, struct cfs_err *err)
{
	struct reading *reading = arg;

	if (len > reading->file->max - reading->buf->len)
		return cfs_fail(err, EBADMSG, "over %llu bytes",
				(unsigned long long)reading->file->max);
	cfs_buf_add(reading->buf, data, len);
	return cfs_buf_check(reading->buf, err);
}

static int begin(void *arg, struct cfs_err *err)
{
	struct reading *reading = arg;

	reading->buf->len = 0;
	if (!reading->file->zstd)
		return 0;
	if (reading->unzstd)
		cfs_unzstd_sink_free(cfs_steal_ptr(&reading->unzstd));
	return cfs_unzstd_sink_new(&reading->sink, &reading->unzstd, err);
}

static int bytes(void *arg, struct cfs_bytes bytes, struct cfs_err *err)
{
	struct reading *reading = arg;

	return reading->unzstd
		       ? cfs_unzstd_sink_write(reading->unzstd, bytes, err)
		       : cfs_sink_write(&reading->sink, bytes.data, bytes.len,
					err);
}

static int end(void *arg, struct cfs_err *err)
{
	struct reading *reading = arg;

	return reading->unzstd ? cfs_unzstd_sink_end(reading->unzstd, err) : 0;
}

static int done(void *arg, int r, struct cfs_err *err)
{
	struct reading *reading = arg;

	(void)err;
	reading->found = r == 0;
	if (r == -EACCES && reading->file->is_optional)
		return 0;
	return r == -ENOENT ? 0 : r;
}

int cfs_fetch_file(struct cfs_fetching *f, const struct cfs_fetch_file *file,
		   struct cfs_buf *ret, struct cfs_err *err)
{
	struct reading reading = { .f = f, .file = file, .buf = ret };
	const struct cfs_http_get get = { .path = file->path,
					  .max = file->max,
					  .may_change = file->may_change,
					  .begin = begin,
					  .bytes = bytes,
					  .end = end,
					  .done = done,
					  .arg = &reading };
	int r;

	reading.sink = (struct cfs_sink){ take, &reading };
	r = cfs_http_push(f->http, &get, err);
	if (r == 0)
		r = cfs_http_run(f->http, err);
	if (reading.unzstd)
		cfs_unzstd_sink_free(reading.unzstd);
	return r < 0 ? r : reading.found;
}
