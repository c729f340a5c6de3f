/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * libcurl, 7.85 or later, loaded when it is first needed (base/library.h).
 * Include this instead of <curl/curl.h>.  A function that is new here goes into
 * both lists.
 */
#ifndef CFS_HTTP_LIBCURL_H
#define CFS_HTTP_LIBCURL_H

/* The header's own macros of the names below, which check types. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/err.h"

/* Errors: as of cfs_library_load(). */
int cfs_libcurl_load(struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* They count their arguments, and name the functions themselves. */
#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt

/* clang-format off */
#define CFS_LIBCURL(X) \
	X(curl_easy_cleanup) \
	X(curl_easy_getinfo) \
	X(curl_easy_init) \
	X(curl_easy_setopt) \
	X(curl_easy_strerror) \
	X(curl_global_cleanup) \
	X(curl_global_init) \
	X(curl_multi_add_handle) \
	X(curl_multi_cleanup) \
	X(curl_multi_info_read) \
	X(curl_multi_init) \
	X(curl_multi_perform) \
	X(curl_multi_poll) \
	X(curl_multi_remove_handle) \
	X(curl_multi_setopt) \
	X(curl_multi_strerror)
/* clang-format on */

struct cfs_libcurl {
#define X(name) __typeof__(name) *name;
	CFS_LIBCURL(X)
#undef X
};
extern struct cfs_libcurl cfs_libcurl;

#define curl_easy_cleanup	 cfs_libcurl.curl_easy_cleanup
#define curl_easy_getinfo	 cfs_libcurl.curl_easy_getinfo
#define curl_easy_init		 cfs_libcurl.curl_easy_init
#define curl_easy_setopt	 cfs_libcurl.curl_easy_setopt
#define curl_easy_strerror	 cfs_libcurl.curl_easy_strerror
#define curl_global_cleanup	 cfs_libcurl.curl_global_cleanup
#define curl_global_init	 cfs_libcurl.curl_global_init
#define curl_multi_add_handle	 cfs_libcurl.curl_multi_add_handle
#define curl_multi_cleanup	 cfs_libcurl.curl_multi_cleanup
#define curl_multi_info_read	 cfs_libcurl.curl_multi_info_read
#define curl_multi_init		 cfs_libcurl.curl_multi_init
#define curl_multi_perform	 cfs_libcurl.curl_multi_perform
#define curl_multi_poll		 cfs_libcurl.curl_multi_poll
#define curl_multi_remove_handle cfs_libcurl.curl_multi_remove_handle
#define curl_multi_setopt	 cfs_libcurl.curl_multi_setopt
#define curl_multi_strerror	 cfs_libcurl.curl_multi_strerror

#endif
