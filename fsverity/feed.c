/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/feed.h"

#include <assert.h>
#include <string.h>

#include "fsverity/digesting.h"
#include "fsverity/long.h"

/* A window of the feed, and the job for its contents. */
struct slot {
	struct cfs_job job;
	struct slot *next; /* in the list of free slots */
	struct cfs_feed *feed;
	struct cfs_window *window;
	/* The file that this is a piece of, and which; NULL: short files. */
	struct fed *fed;
	uint64_t segment;
};

/* A file that is longer than a window. */
struct fed {
	struct cfs_long file;
	bool held;     /* all pieces stay in slots until the digest is known */
	uint64_t left; /* pieces that are not hashed yet; atomic */
	struct slot *slots[CFS_FEED_HELD];
};

/* A file that is held, and the short files before it, wait at the same time. */
_Static_assert(CFS_FEED_WINDOWS > CFS_FEED_HELD,
	       "a held file can be completed");

struct cfs_feed {
	struct cfs_digester *d;
	struct cfs_window *desk; /* of the caller's thread, with a pool */

	/* The current file. */
	uint64_t size; /* in bytes */
	uint64_t left; /* bytes for which no memory was given out yet */
	uint8_t *ret;
	const void *who;
	bool open;	      /* it is not complete */
	size_t piece;	      /* bytes being filled by the caller; or 0 */
	struct slot *filling; /* gathers short files; or NULL */
	struct slot *current; /* the piece of a longer file being filled */
	struct fed *fed;      /* of a longer file; else NULL */

	pthread_mutex_t lock; /* guards free and busy */
	struct slot *free;
	size_t busy; /* jobs that were submitted and have not ended */
	size_t n_slots;
	struct slot slots[CFS_FEED_WINDOWS];
};

int cfs_feed_new(struct cfs_digester *d, struct cfs_feed **ret,
		 struct cfs_err *err)
{
	CFS_AUTO(cfs_feed_free)
	struct cfs_feed *feed = calloc(1, sizeof(*feed));
	int r = 0;

	if (!feed)
		return cfs_no_memory(err);
	feed->d = d;
	pthread_mutex_init(&feed->lock, NULL);
	if (d->pool)
		r = cfs_digester_window(d, &feed->desk, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&feed);
	return 0;
}

static void release(struct cfs_feed *feed, struct slot *slot)
{
	pthread_mutex_lock(&feed->lock);
	slot->fed = NULL;
	slot->next = feed->free;
	feed->free = slot;
	pthread_mutex_unlock(&feed->lock);
}

/* Must be the last action of a job: the feed may be freed right afterwards. */
static void end_job(struct cfs_feed *feed)
{
	pthread_mutex_lock(&feed->lock);
	feed->busy--;
	pthread_mutex_unlock(&feed->lock);
}

static bool has_free(void *ctx)
{
	struct cfs_feed *feed = ctx;
	bool has;

	pthread_mutex_lock(&feed->lock);
	has = feed->free;
	pthread_mutex_unlock(&feed->lock);
	return has;
}

static bool is_quiet(void *ctx)
{
	struct cfs_feed *feed = ctx;
	bool quiet;

	pthread_mutex_lock(&feed->lock);
	quiet = feed->busy == 0;
	pthread_mutex_unlock(&feed->lock);
	return quiet;
}

/* Returns a slot with an empty window: a free one, a new one, or, when there
 * are enough, one that becomes free while the caller works for the pool. */
static int get_slot(struct cfs_feed *feed, struct slot **ret,
		    struct cfs_err *err)
{
	struct slot *slot;
	int r;

	if (!has_free(feed) && feed->n_slots < CFS_FEED_WINDOWS) {
		slot = &feed->slots[feed->n_slots];
		slot->feed = feed;
		r = cfs_digester_window(feed->d, &slot->window, err);
		if (r < 0)
			return r;
		feed->n_slots++;
		*ret = slot;
		return 0;
	}
	if (!has_free(feed))
		cfs_pool_until(feed->d->pool, feed->desk, has_free, feed);
	pthread_mutex_lock(&feed->lock);
	slot = feed->free;
	feed->free = slot->next;
	pthread_mutex_unlock(&feed->lock);
	*ret = slot;
	return 0;
}

static void submit(struct cfs_feed *feed, struct slot *slot,
		   void (*run)(struct cfs_job *job, void *desk))
{
	pthread_mutex_lock(&feed->lock);
	feed->busy++;
	pthread_mutex_unlock(&feed->lock);
	slot->job = (struct cfs_job){ .run = run };
	if (feed->d->pool)
		cfs_pool_push(feed->d->pool, &slot->job);
	else
		run(&slot->job, NULL);
}

static void run_short(struct cfs_job *job, void *desk)
{
	struct slot *slot = (struct slot *)job;

	(void)desk;
	cfs_digester_flush(slot->feed->d, slot->window);
	release(slot->feed, slot);
	end_job(slot->feed);
}

static void push_filling(struct cfs_feed *feed)
{
	struct slot *slot = cfs_steal_ptr(&feed->filling);

	if (slot)
		submit(feed, slot, run_short);
}

/* Writes a file whose pieces are all in memory, unless it is kept already. */
static int keep_held(struct fed *fed, const struct cfs_digest *id,
		     struct cfs_err *err)
{
	const struct cfs_keeper *k = fed->file.keeper;
	int r = k->begin(k->ctx, fed->file.size, id, &fed->file.kept, err);

	for (uint64_t i = 0; r > 0 && i < fed->file.segments; i++) {
		const struct cfs_bytes data = {
			cfs_window_blocks(fed->slots[i]->window),
			cfs_long_segment_size(&fed->file, i)
		};

		if (cfs_long_write(&fed->file, i * CFS_FEED_WINDOW, data, err) <
		    0)
			r = -err->code;
	}
	return r;
}

/* Computes the digest of a file whose pieces are all hashed, and completes it
 * at the keeper. */
static int finish(struct cfs_digester *d, struct fed *fed, struct cfs_window *w,
		  struct cfs_err *err)
{
	struct cfs_digest id;
	int r = cfs_long_finish(&fed->file, w, &id, err);

	if (r < 0 || !d->keeps)
		return r;
	if (fed->held)
		r = keep_held(fed, &id, err);
	return r < 0 ? r : cfs_long_keep(&fed->file, &id, err);
}

static void finish_fed(struct cfs_feed *feed, struct fed *fed,
		       struct cfs_window *w)
{
	struct cfs_err err = { 0 };

	if (!cfs_digester_failed(feed->d) && finish(feed->d, fed, w, &err) < 0)
		cfs_digester_fail(feed->d, &err, fed->file.who);
	for (size_t i = 0; i < CFS_FEED_HELD; i++)
		if (fed->slots[i])
			release(feed, fed->slots[i]);
	cfs_long_free(&fed->file);
	free(fed);
}

static int hash_piece(struct slot *slot, struct cfs_err *err)
{
	struct fed *fed = slot->fed;
	uint8_t *data = cfs_window_blocks(slot->window);
	const struct cfs_bytes bytes = {
		data, cfs_long_segment_size(&fed->file, slot->segment)
	};
	int r = cfs_long_hash(&fed->file, slot->window, slot->segment, data,
			      err);

	return r < 0 ? r
		     : cfs_long_write(&fed->file,
				      slot->segment * CFS_FEED_WINDOW, bytes,
				      err);
}

static void run_piece(struct cfs_job *job, void *desk)
{
	struct slot *slot = (struct slot *)job;
	struct cfs_feed *feed = slot->feed;
	struct fed *fed = slot->fed;
	struct cfs_err err = { 0 };
	/* Read now: once the last piece is done, @fed is freed. */
	bool held = fed->held;

	(void)desk;
	if (!cfs_digester_failed(feed->d) && hash_piece(slot, &err) < 0)
		cfs_digester_fail(feed->d, &err, fed->file.who);
	/* Each piece has an element of its own, hence no lock; the decrement
	 * below makes it visible to whichever thread finishes the file. */
	if (held)
		fed->slots[slot->segment] = slot;
	if (__atomic_sub_fetch(&fed->left, 1, __ATOMIC_ACQ_REL) == 0)
		finish_fed(feed, fed, slot->window);
	if (!held)
		release(feed, slot);
	end_job(feed);
}

static int begin_fed(struct cfs_feed *feed, struct cfs_err *err)
{
	CFS_AUTOFREE struct fed *fed = calloc(1, sizeof(*fed));
	const struct cfs_keeper *k = &feed->d->keeper;
	int r;

	if (!fed)
		return cfs_no_memory(err);
	fed->file = (struct cfs_long){ .size = feed->size,
				       .segment = CFS_FEED_WINDOW,
				       .ret = feed->ret,
				       .who = feed->who,
				       .keeper = k };
	r = cfs_long_init(&fed->file, feed->d->alg, err);
	if (r < 0)
		return r;
	fed->left = fed->file.segments;
	/* A file that fits into a few windows is not written before its digest
	 * is known: it may be stored already. */
	fed->held = fed->file.segments <= CFS_FEED_HELD;
	if (feed->d->keeps && !fed->held)
		r = k->begin(k->ctx, feed->size, NULL, &fed->file.kept, err);
	if (r < 0) {
		cfs_long_free(&fed->file);
		return r;
	}
	feed->fed = cfs_steal_ptr(&fed);
	return 0;
}

int cfs_feed_file(struct cfs_feed *feed, uint64_t size, uint8_t *ret,
		  const void *who, struct cfs_err *err)
{
	struct cfs_err why;

	assert(!feed->open);
	if (cfs_digester_failed(feed->d))
		return cfs_digester_failure(feed->d, err);
	feed->open = true;
	feed->size = feed->left = size;
	feed->ret = ret;
	feed->who = who;
	if (size <= CFS_FEED_WINDOW || begin_fed(feed, &why) == 0)
		return 0;
	cfs_digester_fail(feed->d, &why, who);
	return cfs_digester_failure(feed->d, err);
}

/* Takes the piece that the caller has filled. */
static void take_piece(struct cfs_feed *feed)
{
	struct slot *slot = cfs_steal_ptr(&feed->current);

	feed->piece = 0;
	if (!feed->fed) {
		cfs_window_add(feed->filling->window, feed->size, feed->ret,
			       feed->who);
		return;
	}
	slot->fed = feed->fed;
	slot->segment = (feed->size - feed->left - 1) / CFS_FEED_WINDOW;
	/* Another thread may free the file as soon as its last piece is
	 * submitted. */
	if (feed->left == 0)
		feed->fed = NULL;
	submit(feed, slot, run_piece);
}

static int room_of_short(struct cfs_feed *feed, uint8_t **ret,
			 struct cfs_err *err)
{
	uint8_t *data = NULL;
	int r = 0;

	if (feed->filling &&
	    cfs_window_used(feed->filling->window) + feed->size <=
		    CFS_FEED_WINDOW)
		data = cfs_window_room(feed->filling->window, feed->size);
	if (!data) {
		push_filling(feed);
		r = get_slot(feed, &feed->filling, err);
	}
	if (r < 0)
		return r;
	*ret = data ? data : cfs_window_room(feed->filling->window, feed->size);
	return 0;
}

static int room_of_piece(struct cfs_feed *feed, uint8_t **ret,
			 struct cfs_err *err)
{
	int r = get_slot(feed, &feed->current, err);

	if (r == 0)
		*ret = cfs_window_blocks(feed->current->window);
	return r;
}

static int next_room(struct cfs_feed *feed, uint8_t **ret, size_t *ret_len,
		     struct cfs_err *err)
{
	int r = feed->fed ? room_of_piece(feed, ret, err)
			  : room_of_short(feed, ret, err);

	if (r < 0)
		return r;
	*ret_len = feed->left < CFS_FEED_WINDOW ? (size_t)feed->left
						: CFS_FEED_WINDOW;
	feed->piece = *ret_len;
	feed->left -= *ret_len;
	return 1;
}

int cfs_feed_room(struct cfs_feed *feed, uint8_t **ret, size_t *ret_len,
		  struct cfs_err *err)
{
	uint8_t *nothing;
	int r = 0;

	if (feed->piece > 0)
		take_piece(feed);
	if (cfs_digester_failed(feed->d))
		return cfs_digester_failure(feed->d, err);
	if (!feed->open)
		return 0;
	if (feed->left > 0)
		return next_room(feed, ret, ret_len, err);
	feed->open = false;
	/* An empty file has no piece that would enter it into a window. */
	if (feed->size == 0)
		r = room_of_short(feed, &nothing, err);
	if (feed->size == 0 && r == 0)
		take_piece(feed);
	return r;
}

static void wait_quiet(struct cfs_feed *feed)
{
	if (feed->d->pool)
		cfs_pool_until(feed->d->pool, feed->desk, is_quiet, feed);
}

int cfs_feed_all(struct cfs_feed *feed, const struct cfs_feed_content *file,
		 bool *ret_source, struct cfs_err *err)
{
	uint8_t *data = NULL;
	size_t len = 0;
	int r = cfs_feed_file(feed, file->size, file->ret, file->who, err);

	*ret_source = false;
	while (r == 0 && (r = cfs_feed_room(feed, &data, &len, err)) > 0) {
		ssize_t n = cfs_source_full(file->source, data, len, err);

		*ret_source = n < 0;
		r = n < 0 ? (int)n : 0;
		if (r == 0 && (size_t)n != len)
			r = cfs_fail(err, EINVAL, "its content ends early");
	}
	return r;
}

int cfs_feed_finish(struct cfs_feed *feed, struct cfs_err *err)
{
	assert(!feed->open);
	push_filling(feed);
	wait_quiet(feed);
	return cfs_digester_failed(feed->d) ? cfs_digester_failure(feed->d, err)
					    : 0;
}

/* Discards a file that the caller did not complete. */
static void abandon(struct cfs_feed *feed)
{
	struct fed *fed = cfs_steal_ptr(&feed->fed);

	if (!fed)
		return;
	cfs_long_free(&fed->file);
	free(fed);
}

void cfs_feed_free(struct cfs_feed *feed)
{
	if (!feed)
		return;
	/* Jobs refer to the feed. */
	wait_quiet(feed);
	abandon(feed);
	for (size_t i = 0; i < feed->n_slots; i++)
		cfs_window_free(feed->slots[i].window);
	cfs_window_free(feed->desk);
	pthread_mutex_destroy(&feed->lock);
	free(feed);
}
