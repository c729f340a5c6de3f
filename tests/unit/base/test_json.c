/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/json.h"

#include <errno.h>

#include "tests/test.h"

#define MAX 64

static struct cfs_json_node nodes[MAX];
static struct cfs_err err;

static struct cfs_bytes bytes(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

static struct cfs_json parse(const char *text)
{
	struct cfs_json doc = { 0 };

	CHECK_EQ(cfs_json_parse(bytes(text), nodes, MAX, &doc, &err), 0);
	return doc;
}

static bool refused(const char *text)
{
	struct cfs_json doc = { NULL, 12345 };
	int r = cfs_json_parse(bytes(text), nodes, MAX, &doc, &err);

	CHECK(r == 0 || (doc.nodes == NULL && doc.n == 12345));
	return r == -EINVAL && err.code == EINVAL;
}

static const char *decoded(const char *text)
{
	static char out[64];
	struct cfs_json doc = parse(text);

	CHECK(cfs_json_string(&doc.nodes[0], out, sizeof(out)));
	return out;
}

TEST(every_kind_is_told_apart)
{
	struct cfs_json doc = parse(" [null,false,true,-1.5e+3,\"x\",[],{}]\n");
	static const enum cfs_json_kind want[] = {
		CFS_JSON_ARRAY, CFS_JSON_NULL,	 CFS_JSON_FALSE,
		CFS_JSON_TRUE,	CFS_JSON_NUMBER, CFS_JSON_STRING,
		CFS_JSON_ARRAY, CFS_JSON_OBJECT,
	};

	CHECK_EQ(doc.n, CFS_ARRAY_SIZE(want));
	for (unsigned i = 0; i < doc.n; i++)
		CHECK_EQ(doc.nodes[i].kind, want[i]);
	CHECK_EQ(doc.nodes[0].next, doc.n);
}

TEST(values_are_known_as_written_with_brackets_and_without_quotes)
{
	static const struct {
		const char *text, *value;
	} rows[] = {
		{ "{\"m\":[]}", "[]" },
		{ "{\"m\" :\n [1,[2],{\"m\":\"]\"}] }",
		  "[1,[2],{\"m\":\"]\"}]" },
		{ "{\"x\":{\"m\":1},\"m\":{\"a\":\"\\\"}\"}}",
		  "{\"a\":\"\\\"}\"}" },
		{ "{\"m\":\"a,b\"}", "a,b" },
		{ "{\"m\":\"\\\\\",\"n\":1}", "\\\\" },
		{ "{\"m\":-1.5e3}", "-1.5e3" },
		{ "{\"m\":null ,\"n\":1}", "null" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		struct cfs_json doc = parse(rows[i].text);
		const struct cfs_json_node *m =
			cfs_json_get(&doc, &doc.nodes[0], "m");

		CHECK_EQ(m->raw.len, strlen(rows[i].value));
		CHECK_MEM(m->raw.data, rows[i].value, m->raw.len);
	}
}

TEST(elements_are_known_as_written)
{
	static const char *const want[] = { "{\"a\":\",\"}", "[1,2]", "x\\\",",
					    "3" };
	struct cfs_json doc = parse("[ {\"a\":\",\"} ,[1,2], \"x\\\",\",3 ]");
	const struct cfs_json_node *one = cfs_json_first(&doc, &doc.nodes[0]);

	for (size_t i = 0; i < CFS_ARRAY_SIZE(want); i++) {
		CHECK_EQ(one->raw.len, strlen(want[i]));
		CHECK_MEM(one->raw.data, want[i], one->raw.len);
		one = cfs_json_next(&doc, &doc.nodes[0], one);
	}
	CHECK(!one);
}

TEST(members_are_found_by_name_past_nested_ones)
{
	struct cfs_json doc =
		parse("{\"a\":{\"c\":1,\"z\":[1,2,{\"c\":4}]},\"c\":3}");
	const struct cfs_json_node *root = doc.nodes;
	uint64_t n;

	CHECK(cfs_json_u64(cfs_json_get(&doc, root, "c"), &n));
	CHECK_EQ(n, 3);
	CHECK(cfs_json_u64(
		cfs_json_get(&doc, cfs_json_get(&doc, root, "a"), "c"), &n));
	CHECK_EQ(n, 1);
	CHECK(!cfs_json_get(&doc, root, "z"));
	CHECK(!cfs_json_get(&doc, NULL, "z"));
	CHECK(!cfs_json_get(&doc, cfs_json_get(&doc, root, "c"), "z"));
}

TEST(children_are_walked_in_order)
{
	struct cfs_json doc = parse("[[1,2],\"b\",{\"n\":0}]");
	const struct cfs_json_node *root = doc.nodes;
	const struct cfs_json_node *item = cfs_json_first(&doc, root);

	CHECK_EQ(item->kind, CFS_JSON_ARRAY);
	item = cfs_json_next(&doc, root, item);
	CHECK(cfs_json_is(item, "b"));
	item = cfs_json_next(&doc, root, item);
	CHECK(cfs_json_is(cfs_json_first(&doc, item), "n"));
	CHECK(!cfs_json_next(&doc, root, item));
	CHECK(!cfs_json_first(&doc, cfs_json_get(&doc, item, "n")));
	CHECK(!cfs_json_first(&doc, NULL));
}

TEST(empty_containers_have_no_children)
{
	struct cfs_json doc = parse("[{},[]]");

	CHECK(!cfs_json_first(&doc, &doc.nodes[1]));
	CHECK(!cfs_json_first(&doc, &doc.nodes[2]));
}

TEST(escapes_are_decoded)
{
	CHECK_STR(decoded("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\/\b\f\n\r\t");
	CHECK_STR(decoded("\"\\u0041\\u00e9\\u20AC\""),
		  "A\xc3\xa9\xe2\x82\xac");
	CHECK_STR(decoded("\"\\ud83d\\ude00\""), "\xf0\x9f\x98\x80");
}

TEST(malformed_escapes_are_refused)
{
	CHECK(refused("\"\\x41\""));
	CHECK(refused("\"\\u12\""));
	CHECK(refused("\"\\u12g4\""));
	CHECK(refused("\"\\ud83d\""));
	CHECK(refused("\"\\ud83d\\u0041\""));
	CHECK(refused("\"\\ude00\""));
	CHECK(refused("\"\\"));
	CHECK(refused("\"\\u0000\""));
}

TEST(text_that_is_no_utf8_is_refused)
{
	CHECK(refused("\"\x80\""));
	CHECK(refused("\"\xc0\x80\""));
	CHECK(refused("\"\xed\xa0\x80\""));
	CHECK(refused("\"\xf4\x90\x80\x80\""));
	CHECK(refused("\"\xe2\x82\""));
	CHECK(refused("\"a\nb\""));
	CHECK_STR(decoded("\"\xf0\x9f\x98\x80\""), "\xf0\x9f\x98\x80");
}

TEST(a_nul_byte_is_refused)
{
	struct cfs_json doc;

	CHECK_EQ(cfs_json_parse(
			 (struct cfs_bytes){ (const uint8_t *)"\"a\0\"", 4 },
			 nodes, MAX, &doc, &err),
		 -EINVAL);
	CHECK_EQ(cfs_json_parse((struct cfs_bytes){ (const uint8_t *)"1\0", 2 },
				nodes, MAX, &doc, &err),
		 -EINVAL);
}

TEST(malformed_documents_are_refused)
{
	static const char *const texts[] = {
		"",	   " ",
		"{",	   "}",
		"[1",	   "[1,]",
		"[,1]",	   "[1 2]",
		"{\"a\"}", "{\"a\":}",
		"{a:1}",   "{\"a\":1,}",
		"nul",	   "nullx",
		"True",	   "1 2",
		"\"a",	   "'a'",
		"[1]]",	   "{\"a\":1 \"b\":2}",
		"/**/1",   "\xef\xbb\xbf\x31",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(texts); i++)
		CHECK(refused(texts[i]));
}

TEST(malformed_numbers_are_refused)
{
	static const char *const texts[] = { "01",  "-",    "+1",  "1.",
					     ".5",  "1e",   "1e+", "-01",
					     "0x1", "1.e2", "NaN" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(texts); i++)
		CHECK(refused(texts[i]));
}

TEST(a_repeated_name_is_refused_even_when_escaped)
{
	CHECK(refused("{\"a\":1,\"b\":{\"a\":1},\"a\":2}"));
	CHECK(refused("{\"ab\":1,\"\\u0061b\":2}"));
	(void)parse("{\"a\":1,\"ab\":2,\"b\":{\"a\":1}}");
}

TEST(nesting_is_limited)
{
	char deep[2 * CFS_JSON_DEPTH_MAX + 3];

	memset(deep, '[', CFS_JSON_DEPTH_MAX);
	memset(deep + CFS_JSON_DEPTH_MAX, ']', CFS_JSON_DEPTH_MAX);
	deep[2 * CFS_JSON_DEPTH_MAX] = '\0';
	(void)parse(deep);
	memset(deep, '[', CFS_JSON_DEPTH_MAX + 1);
	deep[CFS_JSON_DEPTH_MAX + 1] = '\0';
	CHECK(refused(deep));
	CHECK(strstr(err.msg, "nested"));
}

TEST(values_are_counted)
{
	struct cfs_json doc;

	CHECK_EQ(cfs_json_parse(bytes("[1,2]"), nodes, 3, &doc, &err), 0);
	CHECK_EQ(cfs_json_parse(bytes("[1,2]"), nodes, 2, &doc, &err), -E2BIG);
	CHECK_EQ(cfs_json_parse(bytes("1"), nodes, 0, &doc, &err), -E2BIG);
}

TEST(the_place_of_a_fault_is_told)
{
	CHECK(refused("{\n  \"a\": ?\n}"));
	CHECK(strstr(err.msg, "line 2, column 8"));
}

TEST(integers_are_exact_or_refused)
{
	struct cfs_json doc =
		parse("[18446744073709551615,18446744073709551616,-1,1.0,1e2,"
		      "\"1\",0]");
	uint64_t n = 7;

	CHECK(cfs_json_u64(&doc.nodes[1], &n));
	CHECK_EQ(n, UINT64_MAX);
	n = 7;
	for (unsigned i = 2; i <= 6; i++)
		CHECK(!cfs_json_u64(&doc.nodes[i], &n) && n == 7);
	CHECK(cfs_json_u64(&doc.nodes[7], &n));
	CHECK_EQ(n, 0);
	CHECK(!cfs_json_u64(NULL, &n));
}

TEST(strings_that_do_not_fit_are_refused_whole)
{
	struct cfs_json doc = parse("\"\\u20ac\"");
	char out[8] = "before";

	CHECK(!cfs_json_string(&doc.nodes[0], out, 3));
	CHECK_STR(out, "before");
	CHECK(cfs_json_string(&doc.nodes[0], out, 4));
	CHECK(!cfs_json_string(NULL, out, sizeof(out)));
}

TEST(written_strings_read_back)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	const char *text = "a\"b\\c\nd\te\x01\x7f \xc3\xa9/\xc2\x9b";

	cfs_json_add_string(&buf, text);
	CHECK_STR(decoded(cfs_buf_text(&buf)), text);
}

TEST(bytes_that_are_no_text_are_written_as_replacement_characters)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	cfs_json_add_string(&buf, "a\xff\xc3");
	CHECK_STR(cfs_buf_text(&buf), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(characters_that_move_a_terminal_are_written_as_escapes)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	cfs_json_add_string(&buf, "\033[\xc2\x9b"
				  "2J\xe2\x80\xae");
	CHECK_STR(cfs_buf_text(&buf), "\"\\u001b[\\u009b2J\\u202e\"");
}
