/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/json_many.h"

#include <errno.h>
#include <string.h>

#include "tests/test.h"

#define MAX 64

static struct cfs_json_node nodes[MAX];
static struct cfs_err err;

static struct cfs_bytes bytes(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

static bool is_read(const char *text)
{
	struct cfs_json doc = { 0 };

	return cfs_json_parse_many(bytes(text), nodes, MAX, &doc, &err) == 0 &&
	       doc.nodes == nodes;
}

/* Refused, and in the words of cfs_json_parse(). */
static bool is_refused(const char *text)
{
	struct cfs_err other = { 0 };
	struct cfs_json doc;

	return !is_read(text) && err.code == EINVAL &&
	       cfs_json_parse(bytes(text), nodes, MAX, &doc, &other) ==
		       -EINVAL &&
	       strcmp(err.msg, other.msg) == 0;
}

TEST(names_that_differ_are_accepted)
{
	CHECK(is_read("{}"));
	CHECK(is_read("[\"a\", \"a\"]"));
	CHECK(is_read(
		" {\"a\": {\"a\": \"a\"}, \"aa\": [{\"a\": 1}], \"\": 0}"));
	CHECK(is_read("{\"b\":1,\"\\u0061\":\"b\",\"\\\\u0061\":2}"));
}

TEST(a_name_that_is_used_twice_is_refused)
{
	CHECK(is_refused("{\"a\":1,\"b\":2,\"a\":3}"));
	CHECK(is_refused(" {\"z\":[{\n\"a\":1,\"b\":2,\n\"\\u0061\":3}]}"));
	CHECK(is_refused("{\"\":1,\"\":2}"));
	CHECK(is_refused("{\"a\":1,\"a\":2,\"a\":3}"));
	CHECK(is_refused("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"));
}

TEST(what_is_no_json_or_too_long_is_refused)
{
	struct cfs_json doc;

	CHECK(is_refused("{\"a\"}"));
	CHECK_EQ(cfs_json_parse_many(bytes("[1,2]"), nodes, 2, &doc, &err),
		 -E2BIG);
}

/* Comparing each with each would take minutes. */
TEST(an_object_of_many_members_is_read_at_once)
{
	enum {
		N = 60000
	};
	CFS_AUTOFREE struct cfs_json_node *many =
		calloc(2 * N + 1, sizeof(*many));
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_json doc;

	CHECK(many);
	for (unsigned i = 0; i < N; i++)
		cfs_buf_addf(&text, "%c\"%040u\":0", i > 0 ? ',' : '{', i);
	cfs_buf_adds(&text, "}");
	CHECK_EQ(cfs_json_parse_many(cfs_buf_bytes(&text), many, 2 * N + 1,
				     &doc, &err),
		 0);
	CHECK_EQ(doc.n, 2 * N + 1);
	/* The last name becomes the first. */
	memset(text.data + text.len - 9, '0', 5);
	CHECK_EQ(cfs_json_parse_many(cfs_buf_bytes(&text), many, 2 * N + 1,
				     &doc, &err),
		 -EINVAL);
}
