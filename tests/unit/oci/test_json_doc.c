/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/json_doc.h"

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_bytes text(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

#define HEX64 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

TEST(members_are_asked_for_by_name_and_kind)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	const struct cfs_json_node *root, *node;
	struct cfs_oci_id id;
	char word[8];

	CHECK_EQ(
		cfs_json_doc_parse(text("{\"a\":\"x\\u0079\",\"n\":null,\"l\":["
					"1],\"d\":\"sha256:" HEX64 "\"}"),
				   &doc, &err),
		0);
	root = cfs_json_doc_root(&doc);
	CHECK_EQ(cfs_json_doc_text(&doc, root, "a", word, 8, &err), 0);
	CHECK_STR(word, "xy");
	CHECK_EQ(cfs_json_doc_text(&doc, root, "a", word, 2, &err), -EINVAL);
	CHECK_EQ(cfs_json_doc_text(&doc, root, "n", word, 8, &err), 0);
	CHECK(!*word);
	CHECK_EQ(cfs_json_doc_text(&doc, root, "z", word, 8, &err), 0);
	CHECK(!*word);
	CHECK_EQ(cfs_json_doc_text(&doc, root, "l", word, 8, &err), -EINVAL);
	CHECK_STR(err.msg, "the member 'l' is not a string");
	CHECK_EQ(cfs_json_doc_get(&doc, root, "l", CFS_JSON_ARRAY, &node, &err),
		 1);
	CHECK_EQ(cfs_json_doc_get(&doc, root, "z", CFS_JSON_ARRAY, &node, &err),
		 0);
	CHECK_EQ(cfs_json_doc_id(&doc, root, "d", &id, &err), 0);
	CHECK_STR(cfs_oci_id_hex(&id), HEX64);
	CHECK_EQ(cfs_json_doc_id(&doc, root, "a", &id, &err), -EINVAL);
	CHECK_EQ(cfs_json_doc_id(&doc, root, "z", &id, &err), -EINVAL);
	CHECK_STR(err.msg, "the member 'z' is missing");
}

TEST(what_is_no_object_is_refused)
{
	static const char *const bad[] = { "",	"[]",	"1",
					   "{", "{} x", "{\"a\":1,\"a\":2}" };
	struct cfs_json_doc doc;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_json_doc_parse(text(bad[i]), &doc, &err), -EINVAL);
}

/* An array of @n numbers in an object. */
static int parse_many(size_t n)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	cfs_buf_adds(&buf, "{\"l\":[1");
	for (size_t i = 1; i < n; i++)
		cfs_buf_adds(&buf, ",1");
	cfs_buf_adds(&buf, "]}");
	CHECK(cfs_buf_text(&buf));
	return cfs_json_doc_parse(cfs_buf_bytes(&buf), &doc, &err);
}

TEST(documents_have_limits)
{
	CHECK_EQ(parse_many(100), 0);
	CHECK_EQ(parse_many(100000), 0);
	CHECK_EQ(parse_many(CFS_OCI_JSON_NODES_MAX), -EFBIG);
	CHECK_EQ(parse_many(CFS_OCI_JSON_MAX), -EFBIG);
	CHECK(strstr(err.msg, "the maximum is 4194304"));
}
