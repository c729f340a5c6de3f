/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Many files from web servers at once, by libcurl (http/libcurl.h).
 *
 * Every server of a list has the same files below its URL.  A file is asked for
 * at the first of them, again there after a failure that may pass (no
 * connection, timeout, status 429 or 5xx, a body that ends early), then at the
 * next.  What came already is not asked for again if the server serves ranges.
 *
 * Nothing that a server sends is trusted: not more bytes than the caller
 * expects are passed on, and only the caller can tell whether they are right.
 *
 * http and https alone, also where a server redirects to; never from https to
 * http.  Certificates are verified.  No cookies, no .netrc; proxies as the
 * environment says (http_proxy, https_proxy, no_proxy).
 *
 * One thread: all functions of a struct cfs_http, and so all callbacks.
 */
#ifndef CFS_HTTP_HTTP_H
#define CFS_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/own.h"

#define CFS_HTTP_URLS	      16  /* most servers */
#define CFS_HTTP_PARALLEL     16  /* requests at once, unless stated */
#define CFS_HTTP_PARALLEL_MAX 256 /* most that can be stated */
#define CFS_HTTP_TRIES	      4	  /* of a file at one server */
/* Most bytes before the wanted ones that are read and dropped, where a server
 * ignores ranges. */
#define CFS_HTTP_SKIP (1 << 20)

struct cfs_http_params {
	/* The servers, the first one preferred; copied.  Each is checked as
	 * cfs_http_url_init() does. */
	const char *const *urls;
	size_t n;	   /* of urls, 1 to CFS_HTTP_URLS */
	unsigned parallel; /* requests at once; 0: CFS_HTTP_PARALLEL */
	uint64_t rate;	   /* bytes a second, all together; 0: no limit */
	const char *ca;	   /* PEM file of certificates that are trusted instead
			    * of the system's; copied; NULL: the system's */
	unsigned patience; /* seconds without progress; 0: 60, connecting 30 */
	bool no_wait;	   /* tries again at once: for tests */
};

/* A file, or a part of it.  Borrowed from cfs_http_push() until done() is
 * called. */
struct cfs_http_get {
	/* Below the URL, without a leading slash: letters, digits and any of
	 * "-._~/+" ('+' is sent as it is), no part "." or "..". */
	const char *path;
	uint64_t offset; /* of the first byte wanted; 0 if length is 0 */
	uint64_t length; /* bytes wanted; 0: the whole file */
	uint64_t max;	 /* most bytes of a whole file; not used for a part */
	/* A file that changes on the server: a body that ends early is not
	 * continued, but asked for from the beginning. */
	bool may_change;
	/*
	 * Called before the first byte, and once more whenever the body starts
	 * from the beginning again: at another server, or at one that does not
	 * serve ranges.  Drops what came before.
	 */
	int (*begin)(void *arg, struct cfs_err *err);
	/* Takes the next bytes, 1 at least.  Of a part never more than @length
	 * in sum, of a file never more than @max. */
	int (*bytes)(void *arg, struct cfs_bytes bytes, struct cfs_err *err);
	/* Called when the body is complete (a part has @length bytes), the last
	 * chance to refuse it.  May be NULL. */
	int (*end)(void *arg, struct cfs_err *err);
	/*
	 * The outcome, called once, unless cfs_http_run() fails before.  @r: 0;
	 * -ENOENT no server has the file (status 404 or 410); or the failure
	 * of the last server, or of the first whose content was refused, with
	 * @err naming URL and cause.  A file of another server being absent
	 * does not hide it.  A negative result ends cfs_http_run(): `return r`
	 * does if there is no way to go on.  May free the get, and push others.
	 */
	int (*done)(void *arg, int r, struct cfs_err *err);
	void *arg;
	/*
	 * begin(), bytes() and end() return 0; -EBADMSG with @err set if the
	 * content is wrong: the next server is asked, from the beginning; any
	 * other negative errno with @err set ends cfs_http_run().
	 */
};

/* Traffic so far; redirections count as part of the request that they answer.
 */
struct cfs_http_counts {
	uint64_t requests; /* begun, repeated ones included */
	uint64_t retries;  /* of these: not the first one of their get */
	uint64_t received; /* bytes of bodies, dropped ones included */
};

struct cfs_http;

/*
 * Prepares for requests, but makes none.
 *
 * Errors: -ELIBACC there is no libcurl, -EINVAL a URL or number, -ENOENT and
 * the like there is no @params->ca, -ENOMEM.
 */
int cfs_http_open(const struct cfs_http_params *params, struct cfs_http **ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Ends what is under way, without calling done(). */
void cfs_http_free(struct cfs_http *http);
CFS_DEFINE_AUTO(struct cfs_http, cfs_http_free);

/*
 * Adds @get to those that cfs_http_run() performs, in the order in which they
 * were added.  May be called before it and in all callbacks.
 *
 * Errors: -EINVAL a path or range, -ENOMEM.
 */
int cfs_http_push(struct cfs_http *http, const struct cfs_http_get *get,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Performs all that was pushed and returns when done() was called for the last
 * of it.  May be called again after more was pushed.  SIGPIPE is ignored
 * meanwhile.
 *
 * Errors: those that a callback returned, -ENOMEM, -EIO libcurl itself fails.
 * The gets for which done() was not called are forgotten then.
 */
int cfs_http_run(struct cfs_http *http,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The counts since cfs_http_open(). */
struct cfs_http_counts cfs_http_counts(const struct cfs_http *http)
	CFS_MUST_CHECK CFS_NONNULL;

#endif
