/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Many gets and several servers. */
#include "http/http.h"

#include <signal.h>
#include <time.h>

#include "base/child.h"
#include "tests/unit/http/server.h"

#define MANY 300

static struct server s, other;
static struct kept k;
static struct kept many[MANY];

/* Pushes MANY small gets. */
static void push_many(struct cfs_http *http)
{
	for (size_t i = 0; i < MANY; i++) {
		keep_part(&many[i], "large", 3000000, i * 5000, 4000);
		CHECK_EQ(cfs_http_push(http, &many[i].get, &err), 0);
	}
}

static void free_many(void)
{
	for (size_t i = 0; i < MANY; i++)
		cfs_buf_free(&many[i].buf);
}

/* The last number of each line of the log, at most. */
static int most_at_once(const struct server *server)
{
	CFS_AUTOFILE FILE *f = fopen(server->log, "r");
	char line[512];
	int most = 0;

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		const int n = atoi(strrchr(line, ' ') + 1);

		most = n > most ? n : most;
	}
	return most;
}

TEST(nothing_pushed_is_nothing_done)
{
	prepare();
	make_file("small", 1000);
	make_file("large", 3000000);
	make_file("medium", 100000);
	s = start_server(NULL);
	other = start_server(NULL);
	const char *at = url(&s, "plain");
	CFS_AUTO(cfs_http_free) struct cfs_http *http = open_http(&at, 1);

	CHECK_EQ(cfs_http_run(http, &err), 0);
	CHECK_EQ(cfs_http_counts(http).requests, 0);
	cfs_http_free(NULL);
}

TEST(parameters_are_checked)
{
	static const char *const urls[] = { "http://h", "ftp://h" };
	struct cfs_http_params params = { .urls = urls };
	struct cfs_http *http = NULL;

	CHECK_EQ(cfs_http_open(&params, &http, &err), -EINVAL);
	params.n = CFS_HTTP_URLS + 1;
	CHECK_EQ(cfs_http_open(&params, &http, &err), -EINVAL);
	params.n = 2;
	CHECK_EQ(cfs_http_open(&params, &http, &err), -EINVAL);
	CHECK(strstr(err.msg, "ftp"));
	params.n = 1;
	params.parallel = CFS_HTTP_PARALLEL_MAX + 1;
	CHECK_EQ(cfs_http_open(&params, &http, &err), -EINVAL);
	params.parallel = 0;
	params.ca = "no-such-file";
	CHECK_EQ(cfs_http_open(&params, &http, &err), -ENOENT);
	CHECK(!http);
}

TEST(gets_are_checked)
{
	const char *at = url(&s, "plain");
	CFS_AUTO(cfs_http_free) struct cfs_http *http = open_http(&at, 1);

	keep(&k, "../x", 1);
	CHECK_EQ(cfs_http_push(http, &k.get, &err), -EINVAL);
	keep_part(&k, "x", 1, 5, 0);
	CHECK_EQ(cfs_http_push(http, &k.get, &err), -EINVAL);
	keep_part(&k, "x", 1, UINT64_MAX, 1);
	CHECK_EQ(cfs_http_push(http, &k.get, &err), -EINVAL);
	keep_part(&k, "x", 1, INT64_MAX, 1);
	CHECK_EQ(cfs_http_push(http, &k.get, &err), -EINVAL);
	CHECK_EQ(cfs_http_run(http, &err), 0);
}

TEST(many_are_performed_a_few_at_once)
{
	const char *at = url(&s, "plain");
	const struct cfs_http_params params = { .urls = &at,
						.n = 1,
						.parallel = 5 };
	CFS_AUTO(cfs_http_free) struct cfs_http *http = NULL;
	struct cfs_http_counts counts;

	CHECK_EQ(cfs_http_open(&params, &http, &err), 0);
	push_many(http);
	CHECK_EQ(cfs_http_run(http, &err), 0);
	for (size_t i = 0; i < MANY; i++) {
		CHECK_EQ(many[i].dones, 1);
		CHECK_EQ(many[i].r, 0);
		CHECK_EQ(many[i].buf.len, 4000);
	}
	free_many();
	counts = cfs_http_counts(http);
	CHECK_EQ(counts.requests, MANY);
	CHECK_EQ(counts.retries, 0);
	CHECK_EQ(counts.received, 4000 * MANY);
	CHECK(most_at_once(&s) <= 5);
	CHECK_EQ(requests(&s, "/plain/large"), MANY);
}

TEST(connections_are_used_again)
{
	/* path range status bytes CONNECTION at-once */
	for (int i = 6; i < 50; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), " 206 4000 %d ", i);
		CHECK_EQ(requests(&s, text), 0);
	}
}

static struct cfs_http *chain;

/* Pushes the next one. */
static int push_next(void *arg, int r, struct cfs_err *e)
{
	struct kept *link = arg;

	link->r = r;
	link->dones++;
	cfs_buf_free(&link->buf);
	return link + 1 == many + MANY ? 0
				       : cfs_http_push(chain, &link[1].get, e);
}

TEST(done_may_push_more)
{
	const char *at = url(&s, "plain");

	chain = open_http(&at, 1);
	for (size_t i = 0; i < MANY; i++) {
		keep(&many[i], "small", 1000);
		many[i].get.done = push_next;
	}
	CHECK_EQ(cfs_http_push(chain, &many[0].get, &err), 0);
	CHECK_EQ(cfs_http_run(chain, &err), 0);
	for (size_t i = 0; i < MANY; i++)
		CHECK(many[i].dones == 1 && many[i].r == 0);
	cfs_http_free(chain);
}

TEST(an_absent_file_is_looked_for_at_each_server)
{
	const char *at[] = { url(&s, "gone"), url(&other, "plain") };

	keep(&k, "small", 1000);
	CHECK_EQ(perform_at(at, 2, &k), 0);
	CHECK_EQ(requests(&s, "/gone/small"), 1);
	keep(&k, "nothing", 1000);
	CHECK_EQ(perform_at(at, 2, &k), -ENOENT);
	CHECK(strstr(k.err.msg, "no server has this file"));
}

TEST(wrong_content_is_replaced_by_another_server)
{
	const char *at[] = { url(&s, "wrong"), url(&s, "long"),
			     url(&s, "shifted"), url(&s, "denied"),
			     url(&other, "plain") };

	keep(&k, "medium", 100000);
	CHECK_EQ(perform_at(at, 5, &k), 0);
	CHECK_EQ(k.dones, 1);
	keep_part(&k, "medium", 100000, 10, 50000);
	CHECK_EQ(perform_at(at, 5, &k), 0);
}

TEST(the_report_prefers_wrong_content)
{
	const char *wrong[] = { url(&s, "wrong"), url(&s, "denied"),
				url(&s, "gone") };
	const char *denied[] = { url(&s, "broken"), url(&s, "denied"),
				 url(&s, "gone") };

	keep(&k, "small", 1000);
	CHECK_EQ(perform_at(wrong, 3, &k), -EBADMSG);
	CHECK(strstr(k.err.msg, "/wrong/small"));
	keep(&k, "small", 1000);
	CHECK_EQ(perform_at(denied, 3, &k), -EACCES);
	CHECK(strstr(k.err.msg, "/denied/small"));
}

TEST(what_came_from_one_server_is_not_mixed_with_another)
{
	const char *at[] = { url(&s, "cut"), url(&other, "plain") };

	keep(&k, "medium", 100000);
	CHECK_EQ(perform_at(at, 2, &k), 0);
	CHECK_EQ(k.begins, 2);
	CHECK_EQ(requests(&other, "/plain/medium - 200 100000"), 1);
}

TEST(a_server_that_is_down_is_asked_last)
{
	const char *at[] = { url(&s, "broken"), url(&s, "plain") };
	const struct cfs_http_params params = {
		.urls = at, .n = 2, .parallel = 1, .no_wait = true
	};
	CFS_AUTO(cfs_http_free) struct cfs_http *http = NULL;
	const unsigned before = requests(&s, "/broken/large");

	CHECK_EQ(cfs_http_open(&params, &http, &err), 0);
	push_many(http);
	CHECK_EQ(cfs_http_run(http, &err), 0);
	for (size_t i = 0; i < MANY; i++)
		CHECK_EQ(many[i].r, 0);
	free_many();
	CHECK_EQ(requests(&s, "/broken/large"), before + CFS_HTTP_TRIES);
	CHECK_EQ(cfs_http_counts(http).requests, MANY + CFS_HTTP_TRIES);
	CHECK_EQ(cfs_http_counts(http).retries, CFS_HTTP_TRIES);
	keep(&k, "absent", 1);
	CHECK_EQ(cfs_http_push(http, &k.get, &err), 0);
	CHECK_EQ(cfs_http_run(http, &err), 0);
	CHECK_EQ(k.r, -EREMOTEIO);
	CHECK_EQ(requests(&s, "/broken/absent"), 1);
}

static int no_space(void *arg, struct cfs_bytes bytes, struct cfs_err *e)
{
	(void)arg;
	(void)bytes;
	return cfs_fail(e, ENOSPC, "no space");
}

TEST(a_failing_callback_ends_everything)
{
	const char *at = url(&s, "plain");
	const struct cfs_http_params params = { .urls = &at,
						.n = 1,
						.parallel = 1 };
	CFS_AUTO(cfs_http_free) struct cfs_http *http = NULL;
	unsigned dones = 0;

	/* Of several at once, any number may end before the hundredth. */
	CHECK_EQ(cfs_http_open(&params, &http, &err), 0);
	push_many(http);
	many[100].get.bytes = no_space;
	CHECK_EQ(cfs_http_run(http, &err), -ENOSPC);
	CHECK_STR(err.msg, "no space");
	for (size_t i = 0; i < MANY; i++)
		dones += many[i].dones;
	CHECK_EQ(dones, 100);
	CHECK_EQ(many[100].dones, 0);
	free_many();
	/* It can be used again. */
	keep(&k, "small", 1000);
	CHECK_EQ(cfs_http_push(http, &k.get, &err), 0);
	CHECK_EQ(cfs_http_run(http, &err), 0);
	CHECK_EQ(k.r, 0);
	cfs_buf_free(&k.buf);
}

TEST(so_does_done)
{
	const char *at = url(&s, "plain");
	CFS_AUTO(cfs_http_free) struct cfs_http *http = open_http(&at, 1);

	keep(&k, "nothing", 1000);
	k.result = -ENOENT;
	CHECK_EQ(cfs_http_push(http, &k.get, &err), 0);
	CHECK_EQ(cfs_http_run(http, &err), -ENOENT);
	CHECK_EQ(k.dones, 1);
}

TEST(what_was_not_run_is_forgotten)
{
	const char *at = url(&s, "plain");
	struct cfs_http *http = open_http(&at, 1);

	keep(&k, "small", 1000);
	CHECK_EQ(cfs_http_push(http, &k.get, &err), 0);
	cfs_http_free(http);
	CHECK_EQ(k.dones, 0);
}

TEST(the_limit_of_bytes_a_second_holds_for_all_together)
{
	const char *at = url(&s, "plain");
	const struct cfs_http_params params = { .urls = &at,
						.n = 1,
						.rate = 1000000 };
	CFS_AUTO(cfs_http_free) struct cfs_http *http = NULL;
	struct timespec before, after;

	CHECK_EQ(cfs_http_open(&params, &http, &err), 0);
	push_many(http);
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	CHECK_EQ(cfs_http_run(http, &err), 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	for (size_t i = 0; i < MANY; i++)
		CHECK_EQ(many[i].r, 0);
	free_many();
	/* 1.2 MB, but for a quarter of a second and the last 16 answers;
	 * slower is no fault */
	CHECK((after.tv_sec - before.tv_sec) * 1000 +
		      (after.tv_nsec - before.tv_nsec) / 1000000 >=
	      800);
}

TEST(sigpipe_is_as_before)
{
	struct sigaction action;

	CHECK_EQ(sigaction(SIGPIPE, NULL, &action), 0);
	CHECK(action.sa_handler == SIG_DFL);
}

/* Makes a certificate for 127.0.0.1 that signs itself, and its key. */
static void make_certificate(const char *file)
{
	const char *const argv[] = { "openssl",
				     "req",
				     "-x509",
				     "-newkey",
				     "ec",
				     "-pkeyopt",
				     "ec_paramgen_curve:P-256",
				     "-nodes",
				     "-subj",
				     "/CN=test",
				     "-addext",
				     "subjectAltName=IP:127.0.0.1",
				     "-days",
				     "10",
				     "-keyout",
				     file,
				     "-out",
				     "cert.pem",
				     NULL };
	const struct cfs_child_spec spec = { .argv = argv,
					     .out = -EBADF,
					     .third = -EBADF };
	CFS_AUTOCHILD struct cfs_child child = CFS_CHILD_INIT;
	CFS_AUTOFILE FILE *from = NULL, *to = NULL;
	int c;

	CHECK_EQ(cfs_child_start(&spec, &child, &err), 0);
	CHECK_EQ(cfs_child_wait(&child, NULL, &err), 0);
	from = fopen("cert.pem", "r");
	to = fopen(file, "a");
	CHECK(from && to);
	while ((c = getc(from)) != EOF)
		CHECK(putc(c, to) == c);
}

static int perform_tls(const char *port, const char *mode, const char *ca)
{
	char text[64];
	const char *at = text;
	const struct cfs_http_params params = {
		.urls = &at, .n = 1, .ca = ca, .no_wait = true
	};
	CFS_AUTO(cfs_http_free) struct cfs_http *http = NULL;

	(void)snprintf(text, sizeof(text), "https://127.0.0.1:%s/%s", port,
		       mode);
	keep(&k, "small", 1000);
	CHECK_EQ(cfs_http_open(&params, &http, &err), 0);
	CHECK_EQ(cfs_http_push(http, &k.get, &err), 0);
	CHECK_EQ(cfs_http_run(http, &err), 0);
	cfs_buf_free(&k.buf);
	if (k.r < 0)
		printf("# %s\n", k.err.msg);
	return k.r;
}

TEST(certificates_are_verified)
{
	struct server tls;
	char mode[16];

	make_certificate("both.pem");
	tls = start_server("both.pem");
	CHECK_EQ(perform_tls(tls.port, "plain", NULL), -EPROTO);
	CHECK(strstr(k.err.msg, "--ca"));
	CHECK_EQ(requests(&tls, ""), 0);
	CHECK_EQ(perform_tls(tls.port, "plain", "cert.pem"), 0);
	CHECK_EQ(perform_tls(tls.port, "away", "cert.pem"), 0);
	(void)snprintf(mode, sizeof(mode), "to-%s", s.port);
	CHECK_EQ(perform_tls(tls.port, mode, "cert.pem"), -EPROTO);
	CHECK(strstr(k.err.msg, "from https to https"));
	stop_server(&tls);
}

TEST(servers_end)
{
	stop_server(&s);
	stop_server(&other);
}
