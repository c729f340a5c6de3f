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

/* The text of the member m in @from. */
static bool member(const char *from, struct cfs_bytes *ret)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };

	CHECK(cfs_json_doc_parse(text(from), &doc, &err) == 0);
	return cfs_json_member_text(text(from), &doc, "m", ret);
}

TEST(a_member_is_found_with_its_brackets_or_quotes)
{
	static const struct {
		const char *text, *value;
	} rows[] = {
		{ "{\"m\":[]}", "[]" },
		{ "{\"m\" :\n [1,[2],{\"m\":\"]\"}] }",
		  "[1,[2],{\"m\":\"]\"}]" },
		{ "{\"x\":{\"m\":1},\"m\":{\"a\":\"\\\"}\"}}",
		  "{\"a\":\"\\\"}\"}" },
		{ "{\"m\":\"a,b\"}", "\"a,b\"" },
		{ "{\"m\":\"\\\\\",\"n\":1}", "\"\\\\\"" },
		{ "{\"m\":-1.5e3}", "-1.5e3" },
		{ "{\"m\":null ,\"n\":1}", "null" },
	};
	struct cfs_bytes value;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		CHECK(member(rows[i].text, &value));
		CHECK(is(value, rows[i].value));
	}
	CHECK(!member("{\"n\":{\"m\":1}}", &value));
}

TEST(elements_come_one_by_one)
{
	struct cfs_bytes rest = text(" {\"a\":\",\"} ,[1,2], \"x\\\",\",3 ");
	struct cfs_bytes one;

	CHECK(cfs_json_element_text(&rest, &one) && is(one, "{\"a\":\",\"}"));
	CHECK(cfs_json_element_text(&rest, &one) && is(one, "[1,2]"));
	CHECK(cfs_json_element_text(&rest, &one) && is(one, "\"x\\\",\""));
	CHECK(cfs_json_element_text(&rest, &one) && is(one, "3"));
	CHECK(!cfs_json_element_text(&rest, &one));
	rest = text(" \n");
	CHECK(!cfs_json_element_text(&rest, &one));
}
