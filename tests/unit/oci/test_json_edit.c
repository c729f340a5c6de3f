/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/json_edit.h"

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_bytes text(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

static bool is(struct cfs_bytes have, const char *want)
{
	return have.len == strlen(want) &&
	       memcmp(have.data, want, have.len) == 0;
}

TEST(what_is_not_replaced_stays_byte_for_byte)
{
	static const char from[] = " {\"a\" : \"x\\u0041\" ,\n\t\"n\":1e9,"
				   "\"unknown\": [1.50, {}]} \n";
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_json_edit edit = { .text = text(from), .out = &out };
	const struct cfs_json_node *root;

	CHECK(cfs_json_doc_parse(text(from), &doc, &err) == 0);
	root = cfs_json_doc_root(&doc);
	cfs_json_edit_replace(&edit, cfs_json_get(&doc.json, root, "a"),
			      "longer");
	cfs_json_edit_replace(&edit, cfs_json_get(&doc.json, root, "n"), "2");
	CHECK(cfs_json_edit_finish(&edit, &err) == 0);
	CHECK(is(cfs_buf_bytes(&out), " {\"a\" : \"longer\" ,\n\t\"n\":2,"
				      "\"unknown\": [1.50, {}]} \n"));
}

TEST(without_changes_the_text_is_copied)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_json_edit edit = { .text = text("{ }"), .out = &out };

	CHECK(cfs_json_edit_finish(&edit, &err) == 0);
	CHECK(is(cfs_buf_bytes(&out), "{ }"));
}

/* Sets the member "m" of the member "o" of @from. */
static const char *set(const char *from, const char *value)
{
	static struct cfs_buf out;
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	struct cfs_json_edit edit = { .text = text(from), .out = &out };

	cfs_buf_free(&out);
	CHECK_EQ(cfs_json_doc_parse(text(from), &doc, &err), 0);
	cfs_json_edit_set(&edit, &doc.json,
			  cfs_json_get(&doc.json, cfs_json_doc_root(&doc), "o"),
			  "m", text(value));
	CHECK_EQ(cfs_json_edit_finish(&edit, &err), 0);
	cfs_buf_addc(&out, '\0');
	return (const char *)out.data;
}

TEST(a_member_is_replaced_in_its_place_or_added_as_the_last)
{
	CHECK_STR(set("{\"o\":{\"m\" : \"old\", \"n\":1} }", "\"v\""),
		  "{\"o\":{\"m\" : \"v\", \"n\":1} }");
	CHECK_STR(set("{\"o\":{\"m\":[1, {}]}}", "{}"), "{\"o\":{\"m\":{}}}");
	CHECK_STR(set("{\"o\":{\"m\":null}}", "7"), "{\"o\":{\"m\":7}}");
	CHECK_STR(set("{\"o\":{}}", "7"), "{\"o\":{\"m\":7}}");
	CHECK_STR(set("{\"o\": { } }", "7"), "{\"o\": {\"m\":7 } }");
	CHECK_STR(set("{\"o\":{\"a\":\"x\" }\n,\"p\":1}", "7"),
		  "{\"o\":{\"a\":\"x\",\"m\":7 }\n,\"p\":1}");
	CHECK_STR(set("{\"o\":{\"a\":{\"m\":1}}}", "7"),
		  "{\"o\":{\"a\":{\"m\":1},\"m\":7}}");
}

TEST(a_member_whose_name_has_escapes_is_replaced_with_its_name)
{
	CHECK_STR(set("{\"o\":{\"\\u006d\" : \"old\", \"n\":1}}", "7"),
		  "{\"o\":{\"m\" : 7, \"n\":1}}");
	CHECK_STR(set("{\"o\":{\"m\\n\":1}}", "7"),
		  "{\"o\":{\"m\\n\":1,\"m\":7}}");
}
