/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/url.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Characters beside letters and digits.  Source: RFC 3986, section 2. */
static const char url_chars[] = "-._~:/[]@!$&'()*+,;=%";
static const char host_chars[] = "-._";
static const char address_chars[] = ":.";
static const char path_chars[] = "-._~/+";

/* Returns the first character of @text that is neither letter, digit nor in
 * @others. */
static const char *first_odd(const char *text, const char *others)
{
	while (*text && (unsigned char)*text < 0x80 &&
	       (isalnum((unsigned char)*text) || strchr(others, *text)))
		text++;
	return text;
}

/* Returns the length of "http://" or "https://", 0 for anything else. */
static size_t scheme_length(const char *text)
{
	if (strncasecmp(text, "http://", 7) == 0)
		return 7;
	return strncasecmp(text, "https://", 8) == 0 ? 8 : 0;
}

/* Words a fault of @text, which may have user and password in a wrong place:
 * nothing before the last '@' is shown. */
static int refuse(const char *text, const char *why, struct cfs_err *err)
{
	const size_t scheme = scheme_length(text);
	const char *at = strrchr(text, '@');

	return cfs_fail(err, EINVAL, "URL %.*s%s: %s", (int)scheme, text,
			at ? at + 1 : text + scheme, why);
}

/* Returns the host and all that follows it.  @rest: what follows the scheme. */
static const char *host_of(const char *rest)
{
	const char *slash = strchrnul(rest, '/');
	const char *at = memrchr(rest, '@', (size_t)(slash - rest));

	return at ? at + 1 : rest;
}

/* Is @host a name or an address, with or without a port, up to a '/' or the
 * end? */
static bool has_host(const char *host)
{
	const char *end;

	if (*host == '[') {
		end = first_odd(host + 1, address_chars);
		if (*end++ != ']')
			return false;
	} else {
		end = first_odd(host, host_chars);
	}
	if (end == host)
		return false;
	if (*end == ':') {
		const size_t len = strspn(end + 1, "0123456789");

		if (len < 1 || len > 5 || atoi(end + 1) > UINT16_MAX)
			return false;
		end += 1 + len;
	}
	return *end == '/' || *end == '\0';
}

static int check(const char *text, struct cfs_err *err)
{
	const size_t scheme = scheme_length(text);
	const char *odd = first_odd(text, url_chars), *host;

	if (!scheme)
		return refuse(text, "must begin with http:// or https://", err);
	if (strlen(text) > CFS_HTTP_URL_MAX)
		return cfs_fail(err, EINVAL,
				"URL is %zu bytes; the maximum is %d",
				strlen(text), CFS_HTTP_URL_MAX);
	if (*odd == '?' || *odd == '#')
		return refuse(text,
			      "has a query or fragment; name the folder alone",
			      err);
	if (*odd)
		return refuse(text,
			      "has a character that URLs cannot have; write it "
			      "as % and two hexadecimal digits",
			      err);
	host = host_of(text + scheme);
	if (!has_host(host))
		return refuse(text, "has no valid host and port", err);
	if (strchr(host, '@'))
		return refuse(text, "has a '@' in its path; write it as %40",
			      err);
	return 0;
}

/* Returns @scheme bytes of @text and all of @rest, with one slash at the end,
 * or NULL. */
static char *normal(const char *text, size_t scheme, const char *rest)
{
	const size_t len = strlen(rest);
	char *to = malloc(scheme + len + 2);

	if (!to)
		return NULL;
	for (size_t i = 0; i < scheme; i++)
		to[i] = (char)tolower((unsigned char)text[i]);
	memcpy(to + scheme, rest, len + 1);
	for (size_t end = scheme + len; to[end - 1] == '/'; end--)
		to[end] = '\0';
	return strcat(to, to[strlen(to) - 1] == '/' ? "" : "/");
}

int cfs_http_url_init(struct cfs_http_url *ret, const char *text,
		      struct cfs_err *err)
{
	struct cfs_http_url url = { 0 };
	size_t scheme;
	int r = check(text, err);

	if (r < 0)
		return r;
	scheme = scheme_length(text);
	url.base = normal(text, scheme, text + scheme);
	url.shown = normal(text, scheme, host_of(text + scheme));
	url.is_tls = scheme == strlen("https://");
	if (!url.base || !url.shown) {
		cfs_http_url_free(&url);
		return cfs_no_memory(err);
	}
	*ret = url;
	return 0;
}

void cfs_http_url_free(struct cfs_http_url *url)
{
	free(url->base);
	free(url->shown);
	*url = (struct cfs_http_url){ 0 };
}

int cfs_http_path_check(const char *path, struct cfs_err *err)
{
	const char *part = path;

	if (strlen(path) > CFS_HTTP_URL_MAX || *first_odd(path, path_chars))
		return cfs_fail(err, EINVAL,
				"%s: not a path of letters, digits and %s",
				path, path_chars);
	for (;; part++) {
		const size_t len = strcspn(part, "/");

		if (len == 0 || (len <= 2 && strspn(part, ".") >= len))
			return cfs_fail(err, EINVAL,
					"%s: a part of the path is empty, "
					"\".\" or \"..\"",
					path);
		part += len;
		if (!*part)
			return 0;
	}
}
