/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * For tests of requests: tests/tools/httpd.py below $TMPDIR, gets that keep
 * what comes, and what the server saw of it.
 */
#ifndef CFS_TESTS_UNIT_HTTP_SERVER_H
#define CFS_TESTS_UNIT_HTTP_SERVER_H

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "http/http.h"
#include "http/libcurl.h"
#include "tests/test.h"

extern char **environ;

static struct cfs_err err;

struct server {
	int in; /* its standard input, at whose end it ends */
	pid_t pid;
	char port[8];
	char log[16]; /* name of its log */
};

/* The files of all servers are in "files"; each has a log of its own. */
static inline struct server start_server(const char *pem)
{
	static unsigned n;
	struct server s = { .in = -EBADF };
	int in[2], out[2];
	posix_spawn_file_actions_t actions;
	char script[4096];
	const char *argv[10] = { "python3", "-B", script, "--until-eof" };
	size_t argc = 4, len = 0;

	(void)snprintf(script, sizeof(script), "%s/tests/tools/httpd.py",
		       getenv("CFS_SRC"));
	(void)snprintf(s.log, sizeof(s.log), "log%u", n++);
	if (pem) {
		argv[argc++] = "--tls";
		argv[argc++] = pem;
	}
	argv[argc++] = "files";
	argv[argc++] = s.log;
	CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	CHECK_EQ(posix_spawn_file_actions_init(&actions), 0);
	CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, in[0], 0), 0);
	CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, out[1], 1), 0);
	CHECK_EQ(posix_spawnp(&s.pid, "python3", &actions, NULL,
			      (char *const *)(uintptr_t)argv, environ),
		 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(in[0]);
	(void)close(out[1]);
	s.in = in[1];
	while (!len || s.port[len - 1] != '\n')
		CHECK(len < sizeof(s.port) &&
		      read(out[0], s.port + len++, 1) == 1);
	s.port[len - 1] = '\0';
	(void)close(out[0]);
	return s;
}

static inline void stop_server(struct server *s)
{
	int status;

	(void)close(s->in);
	CHECK_EQ(waitpid(s->pid, &status, 0), s->pid);
}

/* Goes to $TMPDIR.  No proxy is asked.  Without libcurl, which tests/cross/run
 * has not for other processors, the program is skipped. */
static inline void prepare(void)
{
	static bool is_done;
	static const char *const proxies[] = { "http_proxy", "https_proxy",
					       "HTTPS_PROXY", "all_proxy",
					       "ALL_PROXY" };

	if (is_done)
		return;
	is_done = true;
	if (cfs_libcurl_load(&err) < 0) {
		puts(err.msg);
		exit(77);
	}
	for (size_t i = 0; i < CFS_ARRAY_SIZE(proxies); i++)
		(void)unsetenv(proxies[i]);
	CHECK_EQ(chdir(getenv("TMPDIR")), 0);
	CHECK_EQ(mkdir("files", 0755), 0);
}

/* Byte @i of a file of @len bytes. */
static inline uint8_t byte_of(uint64_t len, uint64_t i)
{
	return (uint8_t)((i * 31 + i / 251 + len) % 251 + 1);
}

/* Makes a file of @len bytes for the servers. */
static inline void make_file(const char *name, size_t len)
{
	char path[64];
	CFS_AUTOFILE FILE *f = NULL;

	(void)snprintf(path, sizeof(path), "files/%s", name);
	f = fopen(path, "w");
	CHECK(f);
	for (size_t i = 0; i < len; i++)
		CHECK(putc(byte_of(len, i), f) != EOF);
}

/* Returns a URL, which the next 16 calls leave as it is. */
static inline const char *url(const struct server *s, const char *mode)
{
	static char texts[16][64];
	static unsigned n;
	char *text = texts[n++ % CFS_ARRAY_SIZE(texts)];

	(void)snprintf(text, sizeof(texts[0]), "http://127.0.0.1:%s/%s",
		       s->port, mode);
	return text;
}

/* A get, and what became of it. */
struct kept {
	struct cfs_http_get get;
	struct cfs_buf buf;
	size_t size; /* of the file: its bytes are checked by byte_of() */
	unsigned begins, ends, dones;
	int r; /* of done() */
	struct cfs_err err;
	int result; /* that done() returns */
};

static inline int kept_begin(void *arg, struct cfs_err *e)
{
	struct kept *k = arg;

	(void)e;
	k->begins++;
	k->buf.len = 0;
	return 0;
}

static inline int kept_bytes(void *arg, struct cfs_bytes bytes,
			     struct cfs_err *e)
{
	struct kept *k = arg;

	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.data[i] !=
		    byte_of(k->size, k->get.offset + k->buf.len + i))
			return cfs_fail(e, EBADMSG, "wrong byte");
	cfs_buf_add(&k->buf, bytes.data, bytes.len);
	return 0;
}

static inline int kept_end(void *arg, struct cfs_err *e)
{
	struct kept *k = arg;
	const uint64_t want = k->get.length ? k->get.length : k->size;

	k->ends++;
	return k->buf.len == want ? 0 : cfs_fail(e, EBADMSG, "wrong size");
}

static inline int kept_done(void *arg, int r, struct cfs_err *e)
{
	struct kept *k = arg;

	k->dones++;
	k->r = r;
	k->err = r < 0 ? *e : (struct cfs_err){ 0 };
	return k->result < 0 ? cfs_fail(e, -k->result, "done") : 0;
}

/* A get of the whole file @path, which has @size bytes. */
static inline void keep(struct kept *k, const char *path, size_t size)
{
	*k = (struct kept){
		.get = { .path = path,
			 .max = size,
			 .begin = kept_begin,
			 .bytes = kept_bytes,
			 .end = kept_end,
			 .done = kept_done,
			 .arg = k },
		.size = size,
	};
}

/* A get of a part of it. */
static inline void keep_part(struct kept *k, const char *path, size_t size,
			     uint64_t offset, uint64_t length)
{
	keep(k, path, size);
	k->get.offset = offset;
	k->get.length = length;
}

static inline struct cfs_http *open_http(const char *const *urls, size_t n)
{
	const struct cfs_http_params params = { .urls = urls,
						.n = n,
						.no_wait = true };
	struct cfs_http *http;

	CHECK_EQ(cfs_http_open(&params, &http, &err), 0);
	return http;
}

/* Performs one get alone.  Returns what done() was told. */
static inline int perform_at(const char *const *urls, size_t n, struct kept *k)
{
	CFS_AUTO(cfs_http_free) struct cfs_http *http = open_http(urls, n);

	CHECK_EQ(cfs_http_push(http, &k->get, &err), 0);
	CHECK_EQ(cfs_http_run(http, &err), 0);
	CHECK_EQ(k->dones, 1);
	cfs_buf_free(&k->buf);
	if (k->r < 0)
		printf("# %s\n", k->err.msg);
	return k->r;
}

static inline int perform(const struct server *s, const char *mode,
			  struct kept *k)
{
	const char *at = url(s, mode);

	return perform_at(&at, 1, k);
}

/* Returns how many requests the server saw whose line contains @text. */
static inline unsigned requests(const struct server *s, const char *text)
{
	CFS_AUTOFILE FILE *f = fopen(s->log, "r");
	char line[512];
	unsigned n = 0;

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, text) != NULL;
	return n;
}

#endif
