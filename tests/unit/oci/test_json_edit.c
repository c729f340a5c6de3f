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
