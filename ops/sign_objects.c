/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/sign_objects.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/pool.h"
#include "keys/privkey.h"
#include "keys/sign_many.h"
#include "keys/verify.h"
#include "repo/object.h"

/* Objects that are one job for a thread: a few milliseconds. */
#define BATCH 16

struct work {
	const struct cfs_sign_objects_params *params;
	const struct cfs_digest_set *objects;
	struct cfs_sigpacks packs; /* the signatures so far */
	struct cfs_buf *blobs;	   /* the new one of each object */
	struct cfs_sign_objects_result *ret;
	pthread_mutex_t lock; /* of err */
	struct cfs_err err;   /* the first one */
	atomic_bool failed;
};

static void work_free(struct work *w)
{
	for (size_t i = 0; w->blobs && i < w->objects->n; i++)
		cfs_buf_free(&w->blobs[i]);
	free(w->blobs);
	cfs_sigpacks_free(&w->packs);
}

static void fail(struct work *w, const struct cfs_err *err)
{
	pthread_mutex_lock(&w->lock);
	if (!w->failed)
		w->err = *err;
	w->failed = true;
	pthread_mutex_unlock(&w->lock);
}

/* A thread's own. */
struct desk {
	struct cfs_many *first; /* of the first key, unless it is in a token */
};

/* What a token signs is verified afterwards, by cfs_sign(). */
static int open_desk(const struct work *w, struct desk *desk,
		     struct cfs_err *err)
{
	const struct cfs_sign_objects_params *params = w->params;

	if (params->n == 0 || w->objects->n == 0 ||
	    cfs_signing_key(params->keys[0])->ctx)
		return 0;
	return cfs_many_open(params->keys[0], w->objects->v[0].alg,
			     &desk->first, err);
}

static void *make_desk(void *ctx)
{
	struct desk *desk = calloc(1, sizeof(*desk));
	struct cfs_err ignored;

	if (desk && open_desk(ctx, desk, &ignored) < 0) {
		free(desk);
		return NULL;
	}
	return desk;
}

static void free_desk(void *arg)
{
	struct desk *desk = arg;

	cfs_many_free(desk->first);
	free(desk);
}

static bool clear_desk(void *ctx, void *desk)
{
	(void)ctx;
	(void)desk;
	return false;
}

/* Adds the signer @k to *@blob, which is replaced. */
static int add_signer(struct work *w, const struct desk *desk, unsigned k,
		      const struct cfs_digest *id, struct cfs_buf *blob,
		      struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf next = { 0 };
	struct cfs_buf old = *blob;
	int r = 1;

	if (k == 0 && old.len == 0 && desk->first)
		r = cfs_many_sign(desk->first, id, &next, err) < 0 ? -err->code
								   : 1;
	else
		r = cfs_sign(w->params->keys[k], id, cfs_buf_bytes(&old), &next,
			     err);
	if (r < 0)
		return r;
	*blob = next;
	next = old;
	w->ret->signer[k].n_new += (unsigned)r;
	return 0;
}

/* Has one of @certs signed the object before? */
static bool is_signed(const struct cfs_certs *certs,
		      const struct cfs_digest *id, struct cfs_bytes old)
{
	struct cfs_err ignored;

	return old.len > 0 &&
	       cfs_signature_verify(old, id, certs, NULL, &ignored) == 0;
}

/* Adds the signers of a signature made elsewhere to *@blob, which is
 * replaced. */
static int attach(struct work *w, const struct cfs_digest *id,
		  struct cfs_buf *blob, struct cfs_err *err)
{
	const struct cfs_sign_objects_params *params = w->params;
	CFS_AUTOBUF struct cfs_buf more = { 0 }, next = { 0 };
	struct cfs_buf old = *blob;
	int r = params->find(params->find_arg, id, &more, err);

	if (r == 0 && is_signed(params->certs, id, cfs_buf_bytes(&old)))
		return 0;
	if (r == 0)
		return cfs_fail(err, ENOENT,
				"there is no signature that was made "
				"elsewhere; nothing is attached");
	if (r > 0)
		r = cfs_signers_attach(cfs_buf_bytes(&more), id, params->certs,
				       cfs_buf_bytes(&old), &next, err);
	if (r < 0)
		return r;
	*blob = next;
	next = old;
	w->ret->attached += (unsigned)r;
	return 0;
}

/* Appends the signature so far @old of @id to @blob, without the signers who
 * leave. */
static int begin(const struct work *w, struct cfs_bytes old,
		 struct cfs_buf *blob, struct cfs_err *err)
{
	int r;

	if (w->params->leaving) {
		r = cfs_signature_without(old, w->params->leaving, blob, err);
		return r < 0 ? r : 0;
	}
	cfs_buf_add(blob, old.data, old.len);
	return cfs_buf_check(blob, err);
}

/* Makes the new signature of object @i. */
static int sign_object(struct work *w, const struct desk *desk, size_t i,
		       struct cfs_err *err)
{
	const struct cfs_digest *id = &w->objects->v[i];
	struct cfs_buf *blob = &w->blobs[i];
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_bytes old;
	int r = 0;

	if (cfs_sigpacks_find(&w->packs, id, &old))
		r = begin(w, old, blob, err);
	for (unsigned k = 0; r == 0 && k < w->params->n; k++)
		r = add_signer(w, desk, k, id, blob, err);
	if (r == 0 && w->params->n == 0)
		r = attach(w, id, blob, err);
	cfs_digest_to_hex(id, hex);
	return r < 0 ? cfs_ctx(err, "object %s", hex) : 0;
}

struct job {
	struct cfs_job job; /* first: it is what the pool has */
	struct work *work;
	size_t from, to; /* objects, by index */
};

static void run_job(struct cfs_job *arg, void *desk)
{
	const struct job *job = (struct job *)arg;
	struct work *w = job->work;

	for (size_t i = job->from; i < job->to && !w->failed; i++) {
		struct cfs_err err = { 0 };

		if (sign_object(w, desk, i, &err) < 0)
			fail(w, &err);
		else if (w->params->watch)
			w->params->watch->file(w->params->watch->arg);
	}
}

/* A token may have one session, and what drives it need not be used by several
 * threads; what is attached is in files. */
static unsigned threads_for(const struct work *w)
{
	unsigned n = w->params->threads ? w->params->threads
					: cfs_pool_usable_threads();

	for (unsigned k = 0; k < w->params->n; k++)
		if (cfs_signing_key(w->params->keys[k])->ctx)
			n = 1;
	if (w->params->n == 0)
		n = 1;
	return n < CFS_POOL_THREADS_MAX ? n : CFS_POOL_THREADS_MAX;
}

static int run_jobs(struct work *w, struct job *jobs, size_t n, void *desk,
		    struct cfs_err *err)
{
	const struct cfs_pool_desks desks = { make_desk, free_desk, clear_desk,
					      w };
	CFS_AUTO(cfs_pool_free) struct cfs_pool *pool = NULL;
	unsigned threads = threads_for(w);

	if (threads > 1) {
		int r = cfs_pool_new(threads, &desks, &pool, err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < n; i++) {
		size_t from = i * BATCH, to = from + BATCH;

		jobs[i] = (struct job){ .job.run = run_job,
					.work = w,
					.from = from,
					.to = to < w->objects->n
						      ? to
						      : w->objects->n };
		if (pool)
			cfs_pool_push(pool, &jobs[i].job);
		else
			run_job(&jobs[i].job, desk);
	}
	if (pool)
		cfs_pool_finish(pool, desk);
	return 0;
}

static int sign_all(struct work *w, struct cfs_err *err)
{
	size_t n = (w->objects->n + BATCH - 1) / BATCH;
	CFS_AUTOFREE struct job *jobs = calloc(n + 1, sizeof(*jobs));
	struct desk desk = { 0 };
	int r;

	w->blobs = calloc(w->objects->n + 1, sizeof(*w->blobs));
	if (!jobs || !w->blobs)
		return cfs_no_memory(err);
	r = open_desk(w, &desk, err);
	if (r == 0)
		r = run_jobs(w, jobs, n, &desk, err);
	cfs_many_free(desk.first);
	if (r == 0 && w->failed) {
		*err = w->err;
		r = -err->code;
	}
	return r;
}

/* Appends the new pack to @out: the objects, and what else the image's pack so
 * far has. */
static int make_pack(const struct work *w, const struct cfs_sigpack_loaded *old,
		     struct cfs_buf *out, struct cfs_err *err)
{
	CFS_AUTOFREE struct cfs_sigpack_entry *all = NULL;
	size_t n = w->objects->n;

	all = calloc(n + 1, sizeof(*all));
	if (!all)
		return cfs_no_memory(err);
	for (size_t i = 0; i < n; i++)
		all[i] = (struct cfs_sigpack_entry){
			w->objects->v[i], cfs_buf_bytes(&w->blobs[i])
		};
	return cfs_sigpack_merge(old ? &old->pack : NULL, all, n, out, err);
}

/* Writes the pack if it is another one. */
static int keep(struct cfs_store *store, const struct work *w,
		const struct cfs_digest *image, struct cfs_err *err)
{
	const struct cfs_sigpack_loaded *old =
		cfs_sigpacks_of(&w->packs, image);
	struct cfs_sign_objects_result *ret = w->ret;
	CFS_AUTOBUF struct cfs_buf pack = { 0 };
	int r;

	if (w->objects->n == 0)
		return 0;
	r = make_pack(w, old, &pack, err);
	if (r < 0)
		return r;
	cfs_sigpack_path(image, ret->path);
	if (!old ||
	    !cfs_bytes_same(cfs_buf_bytes(&old->bytes), cfs_buf_bytes(&pack)))
		r = cfs_store_write_file(store, ret->path, cfs_buf_bytes(&pack),
					 err);
	ret->kept = r == 0;
	return r;
}

/* Hands the signatures to the kernel, up to the first that it does not take. */
static void enrol(struct cfs_store *store, const struct work *w)
{
	struct cfs_sign_objects_result *ret = w->ret;

	for (size_t i = 0; i < w->objects->n; i++) {
		int r = cfs_enrol_object(store, &w->objects->v[i],
					 cfs_buf_bytes(&w->blobs[i]),
					 &ret->why_not);

		if (r < 0)
			return;
		ret->enrolled++;
		ret->enrolled_before += r == CFS_ENROL_ALREADY;
	}
}

static int describe(const struct work *w, struct cfs_err *err)
{
	struct cfs_sign_objects_result *ret = w->ret;
	int r = 0;

	for (; r == 0 && ret->n < w->params->n; ret->n++)
		r = cfs_cert_describe(cfs_signing_cert(w->params->keys[ret->n]),
				      &ret->signer[ret->n].info, err);
	return r;
}

/* Signs w->objects, with w->packs, and hands on what was made. */
static int sign_and_keep(struct cfs_store *store, struct work *w,
			 const struct cfs_digest *image, struct cfs_err *err)
{
	enum cfs_kernel_signatures kernel = w->params->kernel;
	struct cfs_sign_objects_result *ret = w->ret;
	int r = describe(w, err);

	if (r == 0)
		r = sign_all(w, err);
	if (r == 0)
		r = keep(store, w, image, err);
	if (r < 0 || kernel == CFS_KERNEL_NO)
		return r;
	enrol(store, w);
	if (ret->why_not.code && kernel == CFS_KERNEL_YES)
		return cfs_fail(err, ret->why_not.code,
				"hand the signatures to the kernel: %s",
				ret->why_not.msg);
	return 0;
}

int cfs_sign_objects(struct cfs_store *store,
		     const struct cfs_sign_objects_params *params,
		     const struct cfs_digest *image,
		     struct cfs_digest_set *objects,
		     struct cfs_sign_objects_result *ret, struct cfs_err *err)
{
	__attribute__((cleanup(work_free))) struct work w = {
		.params = params,
		.objects = objects,
		.ret = ret,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	int r;

	cfs_digest_set_sort(objects);
	r = cfs_sigpacks_read(&store->repo, NULL, &w.packs, err);
	return r < 0 ? r : sign_and_keep(store, &w, image, err);
}

/*
 * Adds those objects of @of that are to be signed again to @ret.  Anyone may
 * have written the pack: neither an object that is not the image's nor one that
 * a signer who leaves did not really sign gets a signature for it.
 * Returns how many others a signer who leaves has signed.
 */
static int choose(const struct work *w, const struct cfs_sigpack *pack,
		  const struct cfs_digest_set *of, struct cfs_digest_set *ret,
		  struct cfs_err *err)
{
	const struct cfs_sign_objects_params *params = w->params;
	int left = 0, r = 0;

	for (size_t i = 0; r == 0 && i < of->n; i++) {
		const struct cfs_digest *id = &of->v[i];
		struct cfs_bytes der;

		if (!cfs_sigpack_find(pack, id, &der) ||
		    !is_signed(params->leaving, id, der))
			continue;
		if (params->n > 0 || is_signed(params->certs, id, der))
			r = cfs_digest_set_add(ret, id, err);
		else
			left++;
	}
	return r < 0 ? r : left;
}

static int find_none(void *arg, const struct cfs_digest *id,
		     struct cfs_buf *ret, struct cfs_err *err)
{
	(void)arg;
	(void)id;
	(void)ret;
	(void)err;
	return 0;
}

int cfs_replace_signers(struct cfs_store *store,
			const struct cfs_sign_objects_params *params,
			const struct cfs_digest *image,
			const struct cfs_digest_set *of,
			struct cfs_sign_objects_result *ret,
			struct cfs_err *err)
{
	CFS_AUTODIGESTSET struct cfs_digest_set only = { 0 }, objects = { 0 };
	struct cfs_sign_objects_params own = *params;
	__attribute__((cleanup(work_free))) struct work w = {
		.params = &own,
		.objects = &objects,
		.ret = ret,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	int left = 0, r = cfs_digest_set_add(&only, image, err);

	own.find = find_none;
	if (r == 0)
		r = cfs_sigpacks_read(&store->repo, &only, &w.packs, err);
	if (r == 0 && w.packs.n > 0)
		r = left = choose(&w, &w.packs.v[0].pack, of, &objects, err);
	cfs_digest_set_sort(&objects);
	if (r >= 0 && objects.n > 0)
		r = sign_and_keep(store, &w, image, err);
	return r < 0 ? r : left;
}
