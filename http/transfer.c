/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/transfer.h"

#include <inttypes.h>

#define CONNECT_SECONDS 30
#define SILENT_SECONDS	60
#define SLOW		16	/* bytes a second that count as silence */
#define REDIRECTS	5	/* at most, for one request */
#define HEADER_MAX	65536	/* bytes of all headers of a request */
#define PAGE_MAX	65536	/* bytes of a page that is not the file */
#define BUFFER		131072L /* bytes that libcurl reads at once */
#define BUFFER_MIN	1024L
/* Buffers full that libcurl may pass on for each of its turns (maxloops in its
 * lib/transfer.c), times the turns a second that are enough. */
#define BUFFERS (100 * 8)

/* Options of a handle; the first failure sticks. */
struct setup {
	CURL *easy;
	CURLcode code;
};

static void set_long(struct setup *s, CURLoption option, long value)
{
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, option, value);
}

static void set_size(struct setup *s, CURLoption option, curl_off_t value)
{
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, option, value);
}

/* Text is copied by libcurl. */
static void set_pointer(struct setup *s, CURLoption option, const void *value)
{
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, option, value);
}

static void set_callback(struct setup *s, CURLoption option,
			 curl_write_callback value)
{
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, option, value);
}

static void set_progress(struct setup *s, curl_xferinfo_callback value)
{
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->easy, CURLOPT_XFERINFOFUNCTION,
					   value);
	set_long(s, CURLOPT_NOPROGRESS, 0);
}

static unsigned status_of(struct cfs_http_transfer *t)
{
	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return status > 0 ? (unsigned)status : 0;
}

/* Makes libcurl end the request. */
static size_t stop(struct cfs_http_transfer *t)
{
	t->is_stopped = true;
	return 0;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct cfs_http_transfer *t = arg;

	t->header += size * n;
	if (t->header > HEADER_MAX) {
		t->r = cfs_fail(&t->err, EREMOTEIO,
				"the header of the response is longer than %d "
				"bytes",
				HEADER_MAX);
		return stop(t);
	}
	/* A trailer comes too late to mean anything. */
	if (!t->is_started)
		cfs_http_response_line(
			&t->response,
			(struct cfs_bytes){ (const uint8_t *)data, size * n });
	return size * n;
}

/* Looks at what came before the body.  Returns whether it is wanted. */
static bool start(struct cfs_http_transfer *t, unsigned status)
{
	t->is_started = true;
	t->r = cfs_http_body_start(&t->body, status, &t->response, &t->err);
	return t->r == 0;
}

static bool is_good(unsigned status)
{
	return status == 200 || status == 206;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct cfs_http_transfer *t = arg;
	const struct cfs_bytes bytes = { (const uint8_t *)data, size * n };
	const unsigned status = status_of(t);

	t->received += bytes.len;
	t->passed += bytes.len;
	if (!is_good(status)) {
		/* Read to its end, the connection can be used again. */
		t->dropped += bytes.len;
		return t->dropped > PAGE_MAX ? stop(t) : bytes.len;
	}
	if (t->is_complete || (!t->is_started && !start(t, status)))
		return stop(t);
	t->r = cfs_http_body_add(&t->body, bytes, &t->err);
	if (t->r < 0)
		return stop(t);
	t->is_complete = t->r > 0;
	t->r = 0;
	return bytes.len;
}

/* libcurl itself reads the page of a redirection to its end, so that the
 * connection can be used again. */
static int on_progress(void *arg, curl_off_t total, curl_off_t now,
		       curl_off_t to_send, curl_off_t sent)
{
	struct cfs_http_transfer *t = arg;

	(void)total;
	(void)to_send;
	(void)sent;
	if (t->is_stopped || now < PAGE_MAX ||
	    (uint64_t)now - PAGE_MAX <= t->passed)
		return 0;
	t->r = cfs_fail(&t->err, EREMOTEIO,
			"the page of a redirection is longer than %d bytes",
			PAGE_MAX);
	t->is_stopped = true;
	return 1;
}

static void set_protocols(struct setup *s)
{
	set_pointer(s, CURLOPT_PROTOCOLS_STR, "http,https");
	set_long(s, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
	/* Better one connection with many streams than many connections. */
	set_long(s, CURLOPT_PIPEWAIT, 1);
	set_long(s, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_long(s, CURLOPT_FOLLOWLOCATION, 1);
	set_long(s, CURLOPT_MAXREDIRS, REDIRECTS);
	set_long(s, CURLOPT_HTTP_CONTENT_DECODING, 0);
	set_long(s, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
	set_pointer(s, CURLOPT_USERAGENT, "composefs-seal/" CFS_VERSION);
}

static void set_limits(struct setup *s, const struct cfs_http_settings *want)
{
	const uint64_t share = want->rate / want->parallel;
	const uint64_t slow = want->rate && share < 4 * SLOW ? share / 4 : SLOW;

	set_long(s, CURLOPT_CONNECTTIMEOUT,
		 want->patience ? (long)want->patience : CONNECT_SECONDS);
	set_long(s, CURLOPT_LOW_SPEED_TIME,
		 want->patience ? (long)want->patience : SILENT_SECONDS);
	set_long(s, CURLOPT_LOW_SPEED_LIMIT, slow ? (long)slow : 1);
	set_long(s, CURLOPT_BUFFERSIZE, BUFFER);
	if (want->rate) {
		/* The engine holds all of them back together, which is smooth
		 * only if no turn passes on much. */
		const uint64_t step = share / BUFFERS;

		set_long(s, CURLOPT_BUFFERSIZE,
			 step < BUFFER_MIN ? BUFFER_MIN
			 : step > BUFFER   ? BUFFER
					   : (long)step);
		set_size(s, CURLOPT_MAX_RECV_SPEED_LARGE,
			 want->rate > INT64_MAX ? INT64_MAX
						: (curl_off_t)want->rate);
	}
	/* The engine ignores SIGPIPE; names are resolved by a thread. */
	set_long(s, CURLOPT_NOSIGNAL, 1);
}

int cfs_http_transfer_init(struct cfs_http_transfer *t,
			   const struct cfs_http_settings *settings,
			   struct cfs_err *err)
{
	struct setup s = { .easy = curl_easy_init() };

	if (!s.easy)
		return cfs_no_memory(err);
	t->easy = s.easy;
	set_protocols(&s);
	set_limits(&s, settings);
	if (settings->ca) {
		set_pointer(&s, CURLOPT_CAINFO, settings->ca);
		set_pointer(&s, CURLOPT_CAPATH, NULL);
	}
	set_callback(&s, CURLOPT_HEADERFUNCTION, on_header);
	set_pointer(&s, CURLOPT_HEADERDATA, t);
	set_callback(&s, CURLOPT_WRITEFUNCTION, on_body);
	set_pointer(&s, CURLOPT_WRITEDATA, t);
	set_progress(&s, on_progress);
	set_pointer(&s, CURLOPT_XFERINFODATA, t);
	set_pointer(&s, CURLOPT_ERRORBUFFER, t->error);
	set_pointer(&s, CURLOPT_PRIVATE, t);
	if (s.code == CURLE_OUT_OF_MEMORY)
		return cfs_no_memory(err);
	if (s.code != CURLE_OK)
		return cfs_fail(err, ELIBACC,
				"libcurl does not know an option: %s; 7.85 or "
				"later is needed",
				curl_easy_strerror(s.code));
	return 0;
}

void cfs_http_transfer_free(struct cfs_http_transfer *t)
{
	if (t->easy)
		curl_easy_cleanup(t->easy);
	t->easy = NULL;
}

int cfs_http_transfer_prepare(struct cfs_http_transfer *t, struct cfs_err *err)
{
	const struct cfs_http_url *url = &t->server->url;
	struct setup s = { .easy = t->easy };
	char range[CFS_HTTP_RANGE_TEXT];
	CFS_AUTOFREE char *text = NULL;

	if (asprintf(&text, "%s%s", url->base, t->get->path) < 0) {
		text = NULL;
		return cfs_no_memory(err);
	}
	t->response = (struct cfs_http_response){ 0 };
	t->is_started = t->is_complete = t->is_stopped = false;
	t->dropped = t->received = t->passed = 0;
	t->header = 0;
	t->after = 0;
	t->r = 0;
	t->error[0] = '\0';
	set_pointer(&s, CURLOPT_URL, text);
	set_pointer(&s, CURLOPT_REDIR_PROTOCOLS_STR,
		    url->is_tls ? "https" : "http,https");
	set_pointer(&s, CURLOPT_RANGE,
		    cfs_http_body_request(&t->body, range) ? range : NULL);
	return s.code == CURLE_OK ? 0 : cfs_no_memory(err);
}

/* Judges a response that was received as far as it is wanted. */
static enum cfs_http_verdict judge_response(struct cfs_http_transfer *t,
					    unsigned status)
{
	enum cfs_http_verdict verdict;
	curl_off_t after = 0;

	if (status == 416 && t->body.is_ranged) {
		t->r = cfs_http_body_no_range(&t->body, &t->err);
		if (t->r < 0)
			return CFS_HTTP_NEXT;
		t->r = cfs_fail(&t->err, EREMOTEIO, "the file has changed");
		return CFS_HTTP_AGAIN;
	}
	verdict = cfs_http_judge_status(status, &t->err);
	if (verdict == CFS_HTTP_GOOD) {
		if ((!t->is_started && !start(t, status)) ||
		    (t->r = cfs_http_body_end(&t->body, &t->err)) < 0)
			return t->body.is_fatal ? CFS_HTTP_FATAL
						: CFS_HTTP_NEXT;
		return CFS_HTTP_GOOD;
	}
	if (verdict == CFS_HTTP_AGAIN &&
	    curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &after) ==
		    CURLE_OK &&
	    after > 0)
		t->after = after > UINT32_MAX ? UINT32_MAX : (unsigned)after;
	t->r = verdict == CFS_HTTP_ABSENT ? 0 : -t->err.code;
	return verdict;
}

static enum cfs_http_verdict judge(struct cfs_http_transfer *t, int code)
{
	const unsigned status = status_of(t);
	enum cfs_http_verdict verdict;

	if (t->body.is_fatal)
		return CFS_HTTP_FATAL;
	if (t->r < 0)
		return CFS_HTTP_NEXT;
	/* A status that words a failure is the better answer, even if the page
	 * with it was cut. */
	if (code == CURLE_OK || t->is_stopped || t->is_complete ||
	    status >= 400)
		return judge_response(t, status);
	verdict = cfs_http_judge_code(
		code, *t->error ? t->error : curl_easy_strerror(code), &t->err);
	t->r = -t->err.code;
	return verdict;
}

enum cfs_http_verdict cfs_http_transfer_judge(struct cfs_http_transfer *t,
					      int code)
{
	const enum cfs_http_verdict verdict = judge(t, code);

	if (t->r == -EBADMSG && t->response.encoded)
		(void)cfs_ctx(&t->err, "sent with a Content-Encoding that was "
				       "not asked for");
	return verdict;
}
