/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One get (http/http.h) on its way: the request that is made for it, by
 * libcurl's easy interface, and how it ended.  Which server is asked, and when,
 * is up to the engine.
 */
#ifndef CFS_HTTP_TRANSFER_H
#define CFS_HTTP_TRANSFER_H

#include "http/body.h"
#include "http/libcurl.h"
#include "http/retry.h"
#include "http/url.h"

/* The same for all requests. */
struct cfs_http_settings {
	const char *ca;	   /* NULL: the system's certificates */
	unsigned parallel; /* requests at once */
	unsigned patience; /* seconds; 0: the usual */
	uint64_t rate;	   /* bytes a second; 0: no limit */
};

struct cfs_http_server {
	struct cfs_http_url url; /* owned */
	bool is_down;		 /* asked last, and once only */
};

struct cfs_http_transfer {
	CURL *easy;			/* owned; used for many gets */
	const struct cfs_http_get *get; /* NULL: none */
	struct cfs_http_body body;

	/* the request */
	struct cfs_http_server *server;
	struct cfs_http_response response;
	bool is_started;   /* its body was looked at */
	bool is_complete;  /* all that is wanted came */
	bool is_stopped;   /* we want no more of it */
	size_t header;	   /* bytes of headers, redirections included */
	uint64_t dropped;  /* bytes of a page that words an error */
	uint64_t received; /* bytes of its body, for the engine to count */
	uint64_t passed;   /* bytes of its body, all of them */
	unsigned after;	   /* seconds that the server asks to wait */
	int r;		   /* 0, or what is wrong with it, in err */
	struct cfs_err err;
	char error[CURL_ERROR_SIZE]; /* libcurl's words */

	/* for the engine */
	unsigned tries; /* at this server */
	uint64_t had;	/* bytes when the last ones were counted */
	uint32_t asked; /* a bit for each server that was */
	uint64_t due;	/* nanoseconds, when to try again; 0: now */
	int outcome;	/* 0, or the failure to report */
	struct cfs_err outcome_err;
};

/* Makes the handle of an empty @t, which must stay where it is.
 * Errors: -ENOMEM, -ELIBACC libcurl is too old. */
int cfs_http_transfer_init(struct cfs_http_transfer *t,
			   const struct cfs_http_settings *settings,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

void cfs_http_transfer_free(struct cfs_http_transfer *t) CFS_NONNULL;

/* Prepares the next request, to @t->server, for the engine to add. */
int cfs_http_transfer_prepare(struct cfs_http_transfer *t,
			      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The request has ended: with @code, a CURLcode.  Passes on what is left to
 * do of a complete body.  The failure is in @t->r and @t->err, without the URL,
 * unless the verdict is CFS_HTTP_GOOD or CFS_HTTP_ABSENT.
 */
enum cfs_http_verdict cfs_http_transfer_judge(struct cfs_http_transfer *t,
					      int code) CFS_NONNULL;

#endif
