/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * URLs of servers, and paths below them.
 *
 * Source: RFC 3986.
 */
#ifndef CFS_HTTP_URL_H
#define CFS_HTTP_URL_H

#include <stdbool.h>

#include "base/err.h"

#define CFS_HTTP_URL_MAX 4096 /* bytes of a URL, and of a path */

struct cfs_http_url {
	char *base;  /* for requests; ends with one '/'; owned */
	char *shown; /* the same for messages, without a password; owned */
	bool is_tls; /* https */
};

/*
 * Checks the URL of a server, or of a folder there, and copies it to *@ret.
 * Refused are other schemes than http and https, a URL without a host, with a
 * query ('?') or fragment ('#'), and any character that a URL cannot have:
 * spaces, controls, other than ASCII.  "user:password@" before the host is
 * used, but not shown, in errors neither.
 *
 * Errors: -EINVAL, -ENOMEM.
 */
int cfs_http_url_init(struct cfs_http_url *ret, const char *text,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Releases @url and empties it.  May be called twice. */
void cfs_http_url_free(struct cfs_http_url *url) CFS_NONNULL;

/* Checks a path below a URL as struct cfs_http_get says.  Errors: -EINVAL. */
int cfs_http_path_check(const char *path,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
