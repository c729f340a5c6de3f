/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/pull.h"

#include <string.h>
#include <sys/statvfs.h>

#include "oci/blob.h"
#include "oci/fetch.h"
#include "oci/pulling.h"
#include "oci/tag.h"
#include "repo/object.h"
#include "repo/stream/names.h"

void cfs_oci_pulled_free(struct cfs_oci_pulled *pulled)
{
	cfs_oci_referrers_free(&pulled->referrers);
	cfs_oci_image_free(&pulled->image);
}

/* Looks for the stream @name and its object.  Returns 1 with *@ret, or 0. */
static int find_stream(struct cfs_pulling *p, const char *name,
		       struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id;
	int r = cfs_stream_lookup(&p->store->repo, name, &id, err);

	if (r > 0)
		r = cfs_object_open(p->store->objects, &id, &fd, err);
	if (r > 0)
		*ret = id;
	return r;
}

/* Sets image->layers[@n] if the layer is there. */
static int find_layer(struct cfs_pulling *p, size_t n, struct cfs_err *err)
{
	char name[CFS_OCI_NAME_MAX];

	cfs_oci_layer_name(cfs_oci_image_layer_id(p->image, n), name);
	return find_stream(p, name, &p->image->layers[n], err);
}

bool cfs_pulling_keeps(const struct cfs_pulling *p, size_t n)
{
	return p->pull->keep_blobs && p->image->is_container &&
	       !cfs_oci_id_equal(&p->image->manifest.layers.v[n].id,
				 &p->image->config.diff_ids[n]);
}

/* Is the blob of layer @n kept, and its object there? */
static int is_kept(struct cfs_pulling *p, size_t n, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	char name[CFS_OCI_NAME_MAX];
	struct cfs_digest stream;
	struct cfs_err ignored;
	int r;

	cfs_oci_blob_name(&p->image->manifest.layers.v[n].id, name);
	r = find_stream(p, name, &stream, err);
	if (r <= 0)
		return r;
	return cfs_oci_blob_open(&p->store->repo, &stream, &fd, &ignored) == 0;
}

/* Is nothing of layer @n to be read? */
static int is_present(struct cfs_pulling *p, size_t n, struct cfs_err *err)
{
	int r = find_layer(p, n, err);

	return r > 0 && cfs_pulling_keeps(p, n) ? is_kept(p, n, err) : r;
}

/* Does a layer before @n have the same name?  Then that one is taken. */
static bool is_repeated(const struct cfs_pulling *p, size_t n)
{
	const struct cfs_oci_id *id = cfs_oci_image_layer_id(p->image, n);

	for (size_t i = 0; i < p->n_todo; i++)
		if (cfs_oci_id_equal(
			    cfs_oci_image_layer_id(p->image, p->todo[i]), id))
			return true;
	return false;
}

/* Looks up the layers that were not pulled because another one has the same
 * archive. */
static int find_repeated(struct cfs_pulling *p, struct cfs_err *err)
{
	for (size_t i = 0; i < p->image->manifest.layers.n; i++) {
		int r = p->image->layers[i].alg ? 1 : find_layer(p, i, err);

		if (r <= 0)
			return r < 0 ? r
				     : cfs_fail(err, EIO,
						"layer %zu is gone again", i);
	}
	return 0;
}

static int by_size(const void *a, const void *b, void *ctx)
{
	const struct cfs_oci_descriptor *v = ctx;
	uint64_t x = v[*(const size_t *)a].size, y = v[*(const size_t *)b].size;

	if (x != y)
		return x < y ? 1 : -1;
	return *(const size_t *)a < *(const size_t *)b ? -1 : 1;
}

static void tell_skipped(const struct cfs_pulling *p, size_t n)
{
	const struct cfs_oci_progress *progress = p->pull->progress;

	if (progress && progress->skip)
		progress->skip(progress->ctx,
			       &p->image->manifest.layers.v[n].id);
}

static int plan(struct cfs_pulling *p, struct cfs_err *err)
{
	size_t n = p->image->manifest.layers.n;

	/* One more than there are: calloc(0) might return NULL. */
	p->image->layers = calloc(n + 1, sizeof(*p->image->layers));
	p->todo = calloc(n + 1, sizeof(*p->todo));
	if (!p->image->layers || !p->todo)
		return cfs_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		int r = is_present(p, i, err);

		if (r < 0)
			return r;
		if (r == 0 && (p->pull->keep_blobs || !is_repeated(p, i)))
			p->todo[p->n_todo++] = i;
		else
			tell_skipped(p, i);
	}
	/* The largest take longest, so they come first. */
	qsort_r(p->todo, p->n_todo, sizeof(*p->todo), by_size,
		p->image->manifest.layers.v);
	return 0;
}

/* A layer takes at least as much space as its blob, usually more. */
static int check_space(const struct cfs_pulling *p, struct cfs_err *err)
{
	uint64_t need = 0, have;
	struct statvfs st;

	for (size_t i = 0; i < p->n_todo; i++)
		if (__builtin_add_overflow(
			    need, p->image->manifest.layers.v[p->todo[i]].size,
			    &need))
			need = UINT64_MAX;
	if (fstatvfs(p->store->objects, &st) < 0)
		return cfs_fail_errno(err, "ask for free space");
	if (__builtin_mul_overflow((uint64_t)st.f_bavail, (uint64_t)st.f_frsize,
				   &have))
		have = UINT64_MAX;
	/* An image much like one that is there may take hardly any space. */
	if (need <= have || p->twins)
		return 0;
	return cfs_fail(err, ENOSPC,
			"the repository has %.2f MiB of free space, and the "
			"missing layers take at least %.2f MiB: gc removes "
			"what nothing needs",
			(double)have / (1 << 20), (double)need / (1 << 20));
}

/* Keeps the EROFS images that the repository has of this image: the
 * configuration's stream, which refers to them, is written anew. */
static void take_over_refs(struct cfs_pulling *p)
{
	CFS_AUTOIMAGE struct cfs_oci_image old = { 0 };
	struct cfs_err ignored;

	if (cfs_oci_image_open(&p->store->repo, &p->image->id, &old,
			       &ignored) <= 0)
		return;
	cfs_vec_move(&p->image->erofs, &old.erofs);
}

static int take(struct cfs_pulling *p, struct cfs_err *err)
{
	int r = plan(p, err);

	if (r == 0 && p->n_todo > 0)
		cfs_pulling_find_twins(p);
	if (r == 0)
		r = check_space(p, err);
	if (r == 0)
		r = cfs_pulling_layers(p, err);
	if (r == 0)
		r = find_repeated(p, err);
	if (r < 0)
		return r;
	take_over_refs(p);
	return cfs_oci_image_write(p->store, p->image, err);
}

static int pull(struct cfs_pulling *p, struct cfs_err *err)
{
	int r = p->pull->tag ? cfs_oci_tag_check(p->pull->tag, err) : 0;

	if (r == 0)
		r = cfs_oci_fetch_documents(p->pull->origin, p->pull->choice,
					    p->image, err);
	if (r == 0)
		r = take(p, err);
	if (r == 0 && p->image->is_container && p->pull->formats)
		r = cfs_oci_make_images(p->store, p->image, p->pull->formats,
					p->pull->bootable, &p->pull->tree, err);
	return r;
}

/* Pulls one image or artifact, without a tag. */
static int pull_one(struct cfs_store *store, const struct cfs_oci_pull *options,
		    struct cfs_oci_pulled *ret, struct cfs_err *err)
{
	struct cfs_pulling p = { .store = store,
				 .pull = options,
				 .image = &ret->image,
				 .lock = PTHREAD_MUTEX_INITIALIZER };
	int r = pull(&p, err);

	if (r == 0 && options->expected)
		r = cfs_oci_expect(store, p.image, &options->tree,
				   options->expected, &ret->expected, err);
	ret->inline_bytes += p.inline_bytes;
	ret->layers_todo = p.n_todo;
	ret->layers_done = p.n_done;
	free(p.todo);
	cfs_twins_free(p.twins);
	return r;
}

int cfs_oci_pull(struct cfs_store *store, const struct cfs_oci_pull *options,
		 struct cfs_oci_pulled *ret, struct cfs_err *err)
{
	int r;

	*ret = (struct cfs_oci_pulled){ 0 };
	r = pull_one(store, options, ret, err);
	if (r == 0 && ret->image.is_container && options->referrers)
		r = cfs_oci_pull_referrers(store, options, pull_one, ret, err);
	/* Only an image that is accepted gets its tag, or more artifacts: it
	 * may be there from elsewhere, and be accepted by those that it has. */
	if (r == 0 && options->accept) {
		r = options->accept(options->accept_ctx, &store->repo,
				    &ret->image, err);
		if (r < 0)
			cfs_oci_pull_unlist(store, ret);
	}
	if (r == 0 && options->tag)
		r = cfs_oci_tag_set(store, options->tag, &ret->image.id, err);
	return r;
}
