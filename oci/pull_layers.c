/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Layers on their way from an origin, several at a time. */
#include "base/pool.h"
#include "oci/blob.h"
#include "oci/fetch.h"
#include "oci/layer.h"
#include "oci/layer_keeper.h"
#include "oci/pulling.h"
#include "oci/tag.h"
#include "repo/stream/names.h"

/* A blob whose bytes are counted for the progress as they are read. */
struct counted {
	const struct cfs_pulling *p;
	size_t layer;
	struct cfs_source from;
};

static ssize_t read_counted(void *ctx, void *data, size_t len,
			    struct cfs_err *err)
{
	struct counted *c = ctx;
	const struct cfs_oci_progress *progress = c->p->pull->progress;
	ssize_t n = cfs_source_read(&c->from, data, len, err);

	if (n > 0 && progress)
		progress->read(progress->ctx, c->layer, (uint64_t)n);
	return n;
}

/* Opens the blob of layer @n; what is read of it is counted. */
static int open_counted(struct cfs_pulling *p, size_t n,
			struct cfs_oci_blob *blob, struct counted *ret,
			struct cfs_err *err)
{
	int r = cfs_oci_fetch_layer(p->pull->origin, p->image, n, blob, err);

	*ret = (struct counted){ .p = p,
				 .layer = n,
				 .from = cfs_oci_blob_source(blob) };
	return r;
}

/* Keeps the blob of layer @n as it comes.  @ret: its stream. */
static int keep_blob(struct cfs_pulling *p, size_t n, struct cfs_digest *ret,
		     struct cfs_err *err)
{
	const struct cfs_oci_descriptor *d = &p->image->manifest.layers.v[n];
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	struct counted counted;
	const struct cfs_source source = { read_counted, &counted };
	int r = open_counted(p, n, &blob, &counted, err);

	return r < 0 ? r
		     : cfs_oci_blob_store(p->store, &source, d->size, &d->id,
					  ret, err);
}

static int name_stream(struct cfs_pulling *p, const char *name,
		       const struct cfs_digest *id, struct cfs_err *err)
{
	int r;

	pthread_mutex_lock(&p->lock);
	r = cfs_stream_link(p->store, name, id, err);
	pthread_mutex_unlock(&p->lock);
	return r;
}

/* Imports layer @n from @source. */
static int split(struct cfs_pulling *p, size_t n,
		 const struct cfs_source *source, struct cfs_err *err)
{
	struct cfs_oci_layer layer;
	struct cfs_oci_layer_stats stats = { 0 };
	int r;

	cfs_oci_fetch_expect(p->pull->origin, p->image, n, &layer);
	layer.blob = source;
	layer.twins = p->twins;
	r = cfs_oci_layer_import(p->store, p->digester, &layer, &stats,
				 &p->image->layers[n], err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&p->lock);
	p->inline_bytes += stats.bytes - stats.object_bytes;
	pthread_mutex_unlock(&p->lock);
	return 0;
}

/* Imports layer @n from the blob that was kept. */
static int split_kept(struct cfs_pulling *p, size_t n,
		      const struct cfs_digest *blob, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	const struct cfs_source source = cfs_source_of_fd(&fd);
	int r = cfs_oci_blob_open(&p->store->repo, blob, &fd, err);

	return r < 0 ? r : split(p, n, &source, err);
}

static int split_new(struct cfs_pulling *p, size_t n, struct cfs_err *err)
{
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	struct counted counted;
	const struct cfs_source source = { read_counted, &counted };
	int r = open_counted(p, n, &blob, &counted, err);

	return r < 0 ? r : split(p, n, &source, err);
}

/* Takes a layer of a container image: its blob, if that is to be kept, and its
 * stream. */
static int take_archive(struct cfs_pulling *p, size_t n, struct cfs_err *err)
{
	const struct cfs_oci_descriptor *d = &p->image->manifest.layers.v[n];
	bool split_already = p->image->layers[n].alg != 0;
	char name[CFS_OCI_NAME_MAX];
	struct cfs_digest blob;
	int r;

	if (!cfs_pulling_keeps(p, n))
		return split_new(p, n, err);
	r = keep_blob(p, n, &blob, err);
	if (r == 0 && !split_already)
		r = split_kept(p, n, &blob, err);
	cfs_oci_blob_name(&d->id, name);
	return r < 0 ? r : name_stream(p, name, &blob, err);
}

static int take(struct cfs_pulling *p, size_t n, struct cfs_err *err)
{
	char name[CFS_OCI_NAME_MAX];
	int r = p->image->is_container
			? take_archive(p, n, err)
			: keep_blob(p, n, &p->image->layers[n], err);

	cfs_oci_layer_name(cfs_oci_image_layer_id(p->image, n), name);
	return r < 0 ? r : name_stream(p, name, &p->image->layers[n], err);
}

static int take_layer(struct cfs_pulling *p, size_t n, struct cfs_err *err)
{
	const struct cfs_oci_descriptor *d = &p->image->manifest.layers.v[n];
	const struct cfs_oci_progress *progress = p->pull->progress;
	int r;

	if (progress)
		progress->begin(progress->ctx, n, &d->id, d->size);
	r = take(p, n, err);
	if (progress)
		progress->end(progress->ctx, n, r);
	if (r < 0)
		return cfs_ctx(err, "layer %zu (%s)", n, d->id.text);
	pthread_mutex_lock(&p->lock);
	p->n_done++;
	pthread_mutex_unlock(&p->lock);
	return 0;
}

static bool next_layer(struct cfs_pulling *p, size_t *ret)
{
	bool more;

	pthread_mutex_lock(&p->lock);
	more = !p->failed && p->next < p->n_todo;
	if (more)
		*ret = p->todo[p->next++];
	pthread_mutex_unlock(&p->lock);
	return more;
}

/* The first failure counts.  Layers that others are at are finished. */
static void fail(struct cfs_pulling *p, const struct cfs_err *err)
{
	pthread_mutex_lock(&p->lock);
	if (!p->failed) {
		p->failed = 1;
		p->err = *err;
	}
	pthread_mutex_unlock(&p->lock);
}

static void *take_layers(void *arg)
{
	struct cfs_pulling *p = arg;
	struct cfs_err err = { 0 };
	size_t n;

	while (next_layer(p, &n))
		if (take_layer(p, n, &err) < 0)
			fail(p, &err);
	return NULL;
}

/* Several layers at a time; a thread that cannot be started is done without. */
static void take_in_parallel(struct cfs_pulling *p, unsigned threads)
{
	pthread_t others[CFS_POOL_THREADS_MAX];
	size_t n = 0, max = p->n_todo < threads ? p->n_todo : threads;

	while (n + 1 < max &&
	       pthread_create(&others[n], NULL, take_layers, p) == 0)
		n++;
	(void)take_layers(p);
	for (size_t i = 0; i < n; i++)
		pthread_join(others[i], NULL);
}

static void tell_plan(const struct cfs_pulling *p)
{
	const struct cfs_oci_progress *progress = p->pull->progress;
	uint64_t bytes = 0;

	for (size_t i = 0; i < p->n_todo; i++)
		bytes += p->image->manifest.layers.v[p->todo[i]].size;
	if (progress)
		progress->plan(progress->ctx, p->n_todo, bytes);
}

static unsigned n_threads(const struct cfs_pulling *p)
{
	unsigned n = p->pull->threads ? p->pull->threads
				      : cfs_pool_usable_threads();

	return n > CFS_POOL_THREADS_MAX ? CFS_POOL_THREADS_MAX : n;
}

int cfs_pulling_layers(struct cfs_pulling *p, struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	struct cfs_layer_keeper keeper;
	struct cfs_keeper k;
	int r;

	if (p->n_todo == 0)
		return 0;
	cfs_layer_keeper_init(&keeper, p->store, &k);
	r = cfs_digester_new(p->store->repo.meta.alg, n_threads(p), &k,
			     &digester, err);
	if (r < 0)
		return r;
	p->digester = digester;
	tell_plan(p);
	take_in_parallel(p, n_threads(p));
	if (p->failed)
		*err = p->err;
	return p->failed ? -err->code : 0;
}

int cfs_pulling_from_kept(struct cfs_pulling *p, size_t n,
			  const struct cfs_digest *blob, struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	struct cfs_layer_keeper keeper;
	char name[CFS_OCI_NAME_MAX];
	struct cfs_keeper k;
	int r;

	cfs_layer_keeper_init(&keeper, p->store, &k);
	r = cfs_digester_new(p->store->repo.meta.alg, n_threads(p), &k,
			     &digester, err);
	p->digester = digester;
	if (r == 0)
		r = split_kept(p, n, blob, err);
	cfs_oci_layer_name(cfs_oci_image_layer_id(p->image, n), name);
	return r < 0 ? r : name_stream(p, name, &p->image->layers[n], err);
}
