/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/http.h"

#include <signal.h>
#include <sys/random.h>
#include <time.h>

#include "base/vec.h"
#include "http/rate.h"
#include "http/transfer.h"

#define MILLISECOND 1000000ULL	  /* in nanoseconds */
#define SECOND	    1000000000ULL /* likewise */
#define PROGRESS    (1 << 20)	  /* bytes after which tries are counted anew */

/* Those that were asked for a file are bits of a number. */
_Static_assert(CFS_HTTP_URLS <= 32, "more servers than bits");

struct cfs_http {
	struct cfs_http_server servers[CFS_HTTP_URLS];
	size_t n_servers;
	struct cfs_http_settings settings;
	char *ca; /* owned; settings.ca */
	bool no_wait;
	bool is_initialised;		     /* libcurl, for us */
	CURLM *multi;			     /* owned */
	struct cfs_http_transfer *transfers; /* settings.parallel; owned */
	/* Gets that have not begun, from queue.v[head] on. */
	CFS_VEC(const struct cfs_http_get *) queue;
	size_t head;
	struct cfs_http_rate rate;
	struct cfs_http_counts counts;
};

static uint64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* A server may close a connection while libcurl writes to it. */
static struct sigaction ignore_sigpipe(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction before;

	(void)sigaction(SIGPIPE, &ignore, &before);
	return before;
}

static int copy_servers(struct cfs_http *http,
			const struct cfs_http_params *params,
			struct cfs_err *err)
{
	if (params->n < 1 || params->n > CFS_HTTP_URLS)
		return cfs_fail(err, EINVAL,
				"%zu servers; 1 to %d are supported", params->n,
				CFS_HTTP_URLS);
	for (size_t i = 0; i < params->n; i++) {
		int r = cfs_http_url_init(&http->servers[i].url,
					  params->urls[i], err);

		if (r < 0)
			return r;
		http->n_servers++;
	}
	return 0;
}

static int copy_settings(struct cfs_http *http,
			 const struct cfs_http_params *params,
			 struct cfs_err *err)
{
	http->settings = (struct cfs_http_settings){
		.parallel = params->parallel ? params->parallel
					     : CFS_HTTP_PARALLEL,
		.patience = params->patience,
		.rate = params->rate,
	};
	if (http->settings.parallel > CFS_HTTP_PARALLEL_MAX)
		return cfs_fail(err, EINVAL,
				"%u requests at once; the maximum is %d",
				http->settings.parallel, CFS_HTTP_PARALLEL_MAX);
	http->no_wait = params->no_wait;
	http->rate.rate = params->rate;
	if (!params->ca)
		return 0;
	if (access(params->ca, R_OK) < 0)
		return cfs_fail_errno(err, "open %s", params->ca);
	http->settings.ca = http->ca = strdup(params->ca);
	return http->ca ? 0 : cfs_no_memory(err);
}

static int init(struct cfs_http *http, const struct cfs_http_params *params,
		struct cfs_err *err)
{
	CURLcode code;
	int r = copy_servers(http, params, err);

	if (r < 0)
		return r;
	r = copy_settings(http, params, err);
	if (r < 0)
		return r;
	r = cfs_libcurl_load(err);
	if (r < 0)
		return r;
	code = curl_global_init(CURL_GLOBAL_DEFAULT);
	if (code != CURLE_OK)
		return cfs_fail(err, EIO, "libcurl: %s",
				curl_easy_strerror(code));
	http->is_initialised = true;
	http->multi = curl_multi_init();
	http->transfers =
		calloc(http->settings.parallel, sizeof(*http->transfers));
	if (!http->multi || !http->transfers)
		return cfs_no_memory(err);
	/* By default libcurl keeps as many as the transfers that it has at the
	 * moment need, and there are few between one and the next. */
	(void)curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS,
				(long)http->settings.parallel * 2);
	/* The others are made when they are needed. */
	return cfs_http_transfer_init(&http->transfers[0], &http->settings,
				      err);
}

int cfs_http_open(const struct cfs_http_params *params, struct cfs_http **ret,
		  struct cfs_err *err)
{
	CFS_AUTO(cfs_http_free)
	struct cfs_http *http = calloc(1, sizeof(*http));
	int r;

	if (!http)
		return cfs_no_memory(err);
	r = init(http, params, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&http);
	return 0;
}

/* Forgets all gets. */
static void forget(struct cfs_http *http)
{
	for (unsigned i = 0; i < http->settings.parallel; i++) {
		struct cfs_http_transfer *t = &http->transfers[i];

		if (t->get && !t->due)
			(void)curl_multi_remove_handle(http->multi, t->easy);
		t->get = NULL;
	}
	http->queue.n = http->head = 0;
}

void cfs_http_free(struct cfs_http *http)
{
	struct sigaction before;

	if (!http)
		return;
	before = ignore_sigpipe();
	if (http->transfers) {
		if (http->multi)
			forget(http);
		for (unsigned i = 0; i < http->settings.parallel; i++)
			cfs_http_transfer_free(&http->transfers[i]);
	}
	if (http->multi)
		(void)curl_multi_cleanup(http->multi);
	if (http->is_initialised)
		curl_global_cleanup();
	(void)sigaction(SIGPIPE, &before, NULL);
	for (size_t i = 0; i < http->n_servers; i++)
		cfs_http_url_free(&http->servers[i].url);
	cfs_vec_free(&http->queue);
	free(http->transfers);
	free(http->ca);
	free(http);
}

int cfs_http_push(struct cfs_http *http, const struct cfs_http_get *get,
		  struct cfs_err *err)
{
	uint64_t end;
	int r = cfs_http_path_check(get->path, err);

	if (r < 0)
		return r;
	if ((!get->length && get->offset) ||
	    __builtin_add_overflow(get->offset, get->length, &end) ||
	    end > INT64_MAX)
		return cfs_fail(err, EINVAL, "%s: not a range of a file",
				get->path);
	/* Those that have begun make room when they are half of all. */
	if (http->head > 64 && http->head > http->queue.n / 2) {
		http->queue.n -= http->head;
		memmove(http->queue.v, http->queue.v + http->head,
			http->queue.n * sizeof(*http->queue.v));
		http->head = 0;
	}
	if (!cfs_vec_add(&http->queue, get))
		return cfs_no_memory(err);
	return 0;
}

/* Hands a request to libcurl. */
static int request(struct cfs_http *http, struct cfs_http_transfer *t,
		   struct cfs_err *err)
{
	CURLMcode code;
	int r = cfs_http_transfer_prepare(t, err);

	if (r < 0)
		return r;
	code = curl_multi_add_handle(http->multi, t->easy);
	if (code != CURLM_OK)
		return cfs_fail(err, EIO, "libcurl: %s",
				curl_multi_strerror(code));
	t->due = 0;
	http->counts.requests++;
	if (t->tries++ || t->asked & (t->asked - 1))
		http->counts.retries++;
	return 0;
}

/* Chooses the server to ask next: the first that was not asked and is not down,
 * or the first that was not asked.  Returns false if all were. */
static bool choose(struct cfs_http *http, struct cfs_http_transfer *t)
{
	size_t best = http->n_servers;

	for (size_t i = http->n_servers; i-- > 0;) {
		if (t->asked & (1U << i))
			continue;
		if (best == http->n_servers || !http->servers[i].is_down ||
		    http->servers[best].is_down)
			best = i;
	}
	if (best == http->n_servers)
		return false;
	t->asked |= 1U << best;
	t->server = &http->servers[best];
	t->tries = 0;
	t->had = 0;
	cfs_http_body_restart(&t->body);
	return true;
}

/* Reports the outcome.  The transfer is then free for another get. */
static int finish(struct cfs_http_transfer *t, int r, struct cfs_err *err)
{
	const struct cfs_http_get *get = t->get;

	t->get = NULL;
	if (r < 0)
		*err = t->outcome_err;
	r = get->done(get->arg, r, err);
	return r < 0 ? r : 0;
}

/* Asks the next server, or gives up. */
static int go_on(struct cfs_http *http, struct cfs_http_transfer *t,
		 struct cfs_err *err)
{
	if (choose(http, t))
		return request(http, t, err);
	if (!t->outcome)
		t->outcome = cfs_fail(
			&t->outcome_err, ENOENT, "%.300s%.200s: %s",
			t->server->url.shown, t->get->path,
			http->n_servers > 1 ? "no server has this file"
					    : "the server has no such file");
	return finish(t, t->outcome, err);
}

/* Keeps the failure of a request for the report: wrong content rather than
 * others, later ones rather than earlier ones. */
static void keep_failure(struct cfs_http_transfer *t)
{
	if (t->outcome == -EBADMSG)
		return;
	t->outcome = t->r;
	t->outcome_err = t->err;
	(void)cfs_ctx(&t->outcome_err, "%.300s%.200s", t->server->url.shown,
		      t->get->path);
}

static uint32_t random_number(void)
{
	uint32_t number = 0;

	return getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0 ? 0
								     : number;
}

/* A request failed in a way that may pass. */
static int again(struct cfs_http *http, struct cfs_http_transfer *t,
		 struct cfs_err *err)
{
	const unsigned most = t->server->is_down ? 1 : CFS_HTTP_TRIES;

	if (t->body.have >= t->had + PROGRESS) {
		t->had = t->body.have;
		t->tries = 1;
	}
	if (t->tries >= most || t->after > CFS_HTTP_RETRY_AFTER_MAX) {
		if (t->after > CFS_HTTP_RETRY_AFTER_MAX)
			(void)cfs_ctx(&t->err, "wants a pause of %u seconds",
				      t->after);
		else if (t->tries > 1)
			(void)cfs_ctx(&t->err, "gave up after %u tries",
				      t->tries);
		t->server->is_down = true;
		keep_failure(t);
		return go_on(http, t, err);
	}
	if (t->get->may_change)
		cfs_http_body_restart(&t->body);
	/* 0 stands for what is under way. */
	t->due = now() + 1;
	if (!http->no_wait)
		t->due += cfs_http_delay(t->tries, t->after, random_number()) *
			  MILLISECOND;
	return 0;
}

/* A request has ended. */
static int ended(struct cfs_http *http, struct cfs_http_transfer *t, int code,
		 struct cfs_err *err)
{
	switch (cfs_http_transfer_judge(t, code)) {
	case CFS_HTTP_GOOD:
		t->server->is_down = false;
		return finish(t, 0, err);
	case CFS_HTTP_ABSENT:
		t->server->is_down = false;
		return go_on(http, t, err);
	case CFS_HTTP_AGAIN:
		return again(http, t, err);
	case CFS_HTTP_DOWN:
		t->server->is_down = true;
		break;
	case CFS_HTTP_NEXT:
		break;
	case CFS_HTTP_FATAL:
		*err = t->err;
		return t->r;
	}
	keep_failure(t);
	return go_on(http, t, err);
}

/* Begins with the next get of the queue. */
static int take(struct cfs_http *http, struct cfs_http_transfer *t,
		struct cfs_err *err)
{
	int r = 0;

	if (!t->easy)
		r = cfs_http_transfer_init(t, &http->settings, err);
	if (r < 0)
		return r;
	t->get = http->queue.v[http->head++];
	t->body = (struct cfs_http_body){ .get = t->get };
	t->asked = 0;
	t->outcome = 0;
	return go_on(http, t, err);
}

/*
 * Begins whatever can begin.  Returns the milliseconds until more can, at most
 * a second; negative errno; or INT_MAX if there is nothing to do any more.
 */
static int begin(struct cfs_http *http, struct cfs_err *err)
{
	const uint64_t at = now();
	uint64_t wait = SECOND;
	bool is_idle = true;

	for (unsigned i = 0; i < http->settings.parallel; i++) {
		struct cfs_http_transfer *t = &http->transfers[i];
		int r = 0;

		if (!t->get && http->head < http->queue.n)
			r = take(http, t, err);
		else if (t->get && t->due && t->due <= at)
			r = request(http, t, err);
		else if (t->get && t->due && t->due - at < wait)
			wait = t->due - at;
		if (r < 0)
			return r;
		is_idle = is_idle && !t->get;
	}
	if (is_idle && http->head == http->queue.n)
		return INT32_MAX;
	return (int)(wait / MILLISECOND) + 1;
}

/* Looks at the requests that have ended.  Returns their number. */
static int collect(struct cfs_http *http, struct cfs_err *err)
{
	const CURLMsg *message;
	int n = 0, left;

	while ((message = curl_multi_info_read(http->multi, &left))) {
		const CURLcode code = message->data.result;
		CURL *easy = message->easy_handle;
		struct cfs_http_transfer *t = NULL;
		int r;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
		(void)curl_multi_remove_handle(http->multi, easy);
		r = ended(http, t, code, err);
		if (r < 0)
			return r;
		n++;
	}
	return n;
}

/* Receives what can be received, and counts it. */
static int perform(struct cfs_http *http, struct cfs_err *err)
{
	const CURLMcode code = curl_multi_perform(http->multi, &(int){ 0 });
	uint64_t received = 0;

	for (unsigned i = 0; i < http->settings.parallel; i++) {
		received += http->transfers[i].received;
		http->transfers[i].received = 0;
	}
	http->counts.received += received;
	cfs_http_rate_add(&http->rate, now(), received);
	if (code == CURLM_OUT_OF_MEMORY)
		return cfs_no_memory(err);
	if (code != CURLM_OK)
		return cfs_fail(err, EIO, "libcurl: %s",
				curl_multi_strerror(code));
	return 0;
}

/* Waits because of the limit of bytes a second, a second at most. */
static void hold_back(const struct cfs_http *http)
{
	uint64_t wait = cfs_http_rate_wait(&http->rate, now());
	struct timespec t;

	if (wait > SECOND)
		wait = SECOND;
	t.tv_sec = (time_t)(wait / SECOND);
	t.tv_nsec = (long)(wait % SECOND);
	if (wait)
		(void)nanosleep(&t, NULL);
}

static int run(struct cfs_http *http, struct cfs_err *err)
{
	for (;;) {
		const int wait = begin(http, err);
		int r;

		if (wait < 0)
			return wait;
		if (wait == INT32_MAX)
			return 0;
		while (cfs_http_rate_wait(&http->rate, now()) > MILLISECOND)
			hold_back(http);
		r = perform(http, err);
		if (r < 0)
			return r;
		r = collect(http, err);
		if (r < 0)
			return r;
		if (r == 0)
			(void)curl_multi_poll(http->multi, NULL, 0, wait, NULL);
	}
}

int cfs_http_run(struct cfs_http *http, struct cfs_err *err)
{
	const struct sigaction before = ignore_sigpipe();
	int r = run(http, err);

	if (r < 0)
		forget(http);
	else
		http->queue.n = http->head = 0;
	(void)sigaction(SIGPIPE, &before, NULL);
	return r;
}

struct cfs_http_counts cfs_http_counts(const struct cfs_http *http)
{
	return http->counts;
}
