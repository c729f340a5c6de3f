/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Properties: a URL that is taken has only characters of URLs, ends with one
 * slash, and is taken again as it is.  What is shown of it has no user.  An
 * error shows nothing that comes before the last '@'. */
#include <stdlib.h>
#include <string.h>

#include "http/url.h"
#include "tests/fuzz/fuzz.h"

static void check_taken(const struct cfs_http_url *url)
{
	struct cfs_http_url again;
	struct cfs_err err;
	const size_t len = strlen(url->base);

	for (size_t i = 0; i < len; i++)
		if (url->base[i] <= ' ' || url->base[i] > '~' ||
		    strchr("?#\\<>\"`{}|^", url->base[i]))
			abort();
	if (len < 9 || url->base[len - 1] != '/' || url->base[len - 2] == '/' ||
	    strchr(url->shown, '@') ||
	    strncmp(url->base, url->is_tls ? "https://" : "http://",
		    url->is_tls ? 8 : 7) != 0)
		abort();
	if (cfs_http_url_init(&again, url->base, &err) < 0 ||
	    strcmp(again.base, url->base) != 0 ||
	    strcmp(again.shown, url->shown) != 0)
		abort();
	cfs_http_url_free(&again);
	if (cfs_http_url_init(&again, url->shown, &err) < 0 ||
	    strcmp(again.base, url->shown) != 0)
		abort();
	cfs_http_url_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CFS_AUTOFREE char *text = malloc(size + 1);
	struct cfs_http_url url;
	struct cfs_err err;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (cfs_http_path_check(text, &err) == 0 &&
	    (*text == '/' || strstr(text, "//") || strchr(text, '%') ||
	     strcmp(text, "..") == 0 || strstr(text, "/../")))
		abort();
	if (cfs_http_url_init(&url, text, &err) == 0) {
		check_taken(&url);
		cfs_http_url_free(&url);
	} else if (strchr(text, '@') && strchr(err.msg, '@') &&
		   !strstr(err.msg, "a '@' in its path")) {
		abort();
	}
	return 0;
}
