/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/url.h"

#include "tests/test.h"

static struct cfs_err err;

static void check_url(const char *text, const char *base, const char *shown)
{
	struct cfs_http_url url;

	CHECK_EQ(cfs_http_url_init(&url, text, &err), 0);
	CHECK_STR(url.base, base);
	CHECK_STR(url.shown, shown);
	CHECK_EQ(url.is_tls, strncmp(base, "https", 5) == 0);
	cfs_http_url_free(&url);
	cfs_http_url_free(&url);
}

static void refuse(const char *text, const char *why)
{
	struct cfs_http_url url = { .is_tls = true };

	CHECK_EQ(cfs_http_url_init(&url, text, &err), -EINVAL);
	if (!strstr(err.msg, why))
		CHECK_STR(err.msg, why);
	CHECK(url.is_tls && !url.base);
}

TEST(a_url_ends_with_one_slash)
{
	check_url("http://h", "http://h/", "http://h/");
	check_url("http://h/", "http://h/", "http://h/");
	check_url("http://h///", "http://h/", "http://h/");
	check_url("https://h.example:8443/a/b%20c//",
		  "https://h.example:8443/a/b%20c/",
		  "https://h.example:8443/a/b%20c/");
	check_url("http://[::1]:80/x", "http://[::1]:80/x/",
		  "http://[::1]:80/x/");
}

TEST(a_scheme_may_have_capitals)
{
	check_url("HTTPS://Host/A", "https://Host/A/", "https://Host/A/");
}

TEST(a_password_is_used_and_not_shown)
{
	check_url("https://user:secret@h/x", "https://user:secret@h/x/",
		  "https://h/x/");
	check_url("https://user@h", "https://user@h/", "https://h/");
}

TEST(other_schemes_are_refused)
{
	static const char *const texts[] = { "ftp://h/",    "file:///etc",
					     "h/x",	    "",
					     "https:/h",    "http:h",
					     "javascript:x" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(texts); i++)
		refuse(texts[i], "must begin with http:// or https://");
}

TEST(a_url_without_a_host_is_refused)
{
	static const char *const texts[] = {
		"http://",	   "http:///x",	   "https://user@",
		"https://u:p@/x",  "http://:80/",  "http://h:/",
		"http://h:x/",	   "http://h:1:2", "http://h:123456/",
		"http://h:65536/", "http://[::1/", "http://h[/",
		"http://a&b/",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(texts); i++)
		refuse(texts[i], "no valid host and port");
}

TEST(query_and_fragment_are_refused)
{
	refuse("http://h/x?y", "query or fragment");
	refuse("http://h/x#y", "query or fragment");
}

TEST(characters_that_no_url_has_are_refused)
{
	static const char *const texts[] = {
		"http://h/a b",	     "http://h/\x1b[2J", "http://h/\n",
		"http://h/\xc3\xa4", "http://h/\\",	 "http://h/<",
		"http://h/\x7f",     "http://h/\"",	 "http://\xe2\x80\xae/",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(texts); i++)
		refuse(texts[i], "a character that URLs cannot have");
}

TEST(no_error_shows_a_password)
{
	static const char *const texts[] = {
		"https://user:secret@h/x?y",  "ftp://user:secret@h/",
		"https://user:secret@/",      "https://user:sec/secret@h/",
		"https://user:secret@h/\x1b", "user:secret@h",
		"https://user:1/secret@h/",   "https://user:s@secret@h/ ",
		"https://secret/path@with/x",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(texts); i++) {
		struct cfs_http_url url;

		CHECK_EQ(cfs_http_url_init(&url, texts[i], &err), -EINVAL);
		CHECK(!strstr(err.msg, "sec"));
	}
}

TEST(a_url_has_a_maximum)
{
	char text[CFS_HTTP_URL_MAX + 2] = "http://";

	memset(text + 7, 'a', CFS_HTTP_URL_MAX - 6);
	refuse(text, "the maximum is 4096");
}

TEST(paths_have_plain_parts)
{
	static const char *const good[] = { "a",   "objects/ab/cd.zst",
					    "..a", "x+y~_-.z",
					    "...", "A/0/z" };
	static const char *const bad[] = {
		"",	    "/",    "/a",   "a/",   "a//b", ".",   "..",
		"a/./b",    "../a", "a/..", "a b",  "a?b",  "a#b", "a%41b",
		"\xc3\xa4", "a\n",  "a:b",  "a\\b", "a@b",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(good); i++)
		CHECK_EQ(cfs_http_path_check(good[i], &err), 0);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_http_path_check(bad[i], &err), -EINVAL);
}
