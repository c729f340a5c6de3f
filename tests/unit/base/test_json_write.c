/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/json_write.h"

#include "base/json.h"
#include "tests/test.h"

static struct cfs_buf buf;
static struct cfs_json_writer w;
static struct cfs_err err;

static void start(void)
{
	cfs_buf_free(&buf);
	w = (struct cfs_json_writer){ .buf = &buf };
}

/* Ends the document; is it @text? */
static bool wrote(const char *text)
{
	int r = cfs_json_write_finish(&w, &err);

	if (r == 0 && strcmp(cfs_buf_text(&buf), text) == 0)
		return true;
	printf("# %d, wrote:\n%s\n", r, cfs_buf_text(&buf));
	return false;
}

static bool refused(void)
{
	return cfs_json_write_finish(&w, &err) == -EINVAL;
}

TEST(members_have_a_line_each)
{
	start();
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(&w, "text", "a\"b\\c\n");
	cfs_json_write_u64(&w, "number", UINT64_MAX);
	cfs_json_write_array(&w, "list", CFS_JSON_LINES);
	cfs_json_write_bool(&w, NULL, true);
	cfs_json_write_bool(&w, NULL, false);
	cfs_json_write_end(&w);
	cfs_json_write_null(&w, "nothing");
	cfs_json_write_end(&w);
	CHECK(wrote("{\n"
		    "  \"text\": \"a\\\"b\\\\c\\n\",\n"
		    "  \"number\": 18446744073709551615,\n"
		    "  \"list\": [\n"
		    "    true,\n"
		    "    false\n"
		    "  ],\n"
		    "  \"nothing\": null\n"
		    "}\n"));
}

TEST(all_that_is_inside_one_line_stays_in_it)
{
	start();
	cfs_json_write_array(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_object(&w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_hex(
		&w, "hex",
		(struct cfs_bytes){ (const uint8_t *)"\x00\xff", 2 });
	cfs_json_write_array(&w, "list", CFS_JSON_LINES);
	cfs_json_write_u64(&w, NULL, 1);
	cfs_json_write_u64(&w, NULL, 2);
	cfs_json_write_end(&w);
	cfs_json_write_end(&w);
	cfs_json_write_object(&w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_end(&w);
	cfs_json_write_end(&w);
	CHECK(wrote("[\n"
		    "  {\"hex\": \"00ff\", \"list\": [1, 2]},\n"
		    "  {}\n"
		    "]\n"));
}

TEST(empty_ones_have_no_lines)
{
	start();
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_array(&w, "a", CFS_JSON_LINES);
	cfs_json_write_end(&w);
	cfs_json_write_object(&w, "b", CFS_JSON_LINES);
	cfs_json_write_end(&w);
	cfs_json_write_end(&w);
	CHECK(wrote("{\n  \"a\": [],\n  \"b\": {}\n}\n"));
}

TEST(a_document_can_be_a_single_value)
{
	start();
	cfs_json_write_text(&w, NULL, "x");
	CHECK(wrote("\"x\"\n"));
}

TEST(names_and_text_of_any_bytes_are_escaped)
{
	struct cfs_json_node nodes[8];
	struct cfs_json doc;
	char name[32], text[32];

	start();
	cfs_json_write_object(&w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_text(&w, "a\"\x1b\xff", "\x7f\xc3\xa9\xc2\x9b");
	cfs_json_write_end(&w);
	CHECK_EQ(cfs_json_write_finish(&w, &err), 0);
	for (size_t i = 0; i + 1 < buf.len; i++)
		CHECK(buf.data[i] >= 0x20 && buf.data[i] != 0x7f);
	CHECK_EQ(cfs_json_parse(cfs_buf_bytes(&buf), nodes, 8, &doc, &err), 0);
	CHECK(cfs_json_string(&nodes[1], name, sizeof(name)));
	CHECK_STR(name, "a\"\x1b\xef\xbf\xbd");
	CHECK(cfs_json_string(&nodes[2], text, sizeof(text)));
	CHECK_STR(text, "\x7f\xc3\xa9\xc2\x9b");
}

TEST(text_may_come_from_a_buffer)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	start();
	cfs_json_write_array(&w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_buf(&w, NULL, &text);
	cfs_buf_adds(&text, "abc");
	cfs_json_write_buf(&w, NULL, &text);
	cfs_json_write_end(&w);
	CHECK(wrote("[\"\", \"abc\"]\n"));
}

TEST(the_buffer_may_be_emptied_on_the_way)
{
	start();
	cfs_json_write_array(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_u64(&w, NULL, 1);
	CHECK_EQ(buf.len, strlen("[\n  1"));
	CHECK_MEM(buf.data, "[\n  1", 5);
	buf.len = 0;
	cfs_json_write_u64(&w, NULL, 2);
	cfs_json_write_end(&w);
	CHECK(wrote(",\n  2\n]\n"));
}

TEST(what_breaks_the_rules_is_refused)
{
	start();
	CHECK(refused()); /* nothing at all */
	start();
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	CHECK(refused()); /* left open */
	start();
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_u64(&w, NULL, 1);
	cfs_json_write_end(&w);
	CHECK(refused()); /* a member without a name */
	start();
	cfs_json_write_array(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_u64(&w, "one", 1);
	cfs_json_write_end(&w);
	CHECK(refused()); /* an element with one */
	start();
	cfs_json_write_u64(&w, NULL, 1);
	cfs_json_write_u64(&w, NULL, 1);
	CHECK(refused()); /* two documents */
	start();
	cfs_json_write_u64(&w, NULL, 1);
	cfs_json_write_end(&w);
	CHECK(refused()); /* nothing is open */
	start();
	cfs_json_write_array(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_end(&w);
	cfs_json_write_array(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_end(&w);
	CHECK(refused());
}

TEST(nesting_has_an_end)
{
	start();
	for (unsigned i = 0; i < CFS_JSON_WRITE_DEPTH_MAX; i++)
		cfs_json_write_array(&w, NULL, CFS_JSON_ONE_LINE);
	for (unsigned i = 0; i < CFS_JSON_WRITE_DEPTH_MAX; i++)
		cfs_json_write_end(&w);
	CHECK(wrote("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]\n"));
	start();
	for (unsigned i = 0; i <= CFS_JSON_WRITE_DEPTH_MAX; i++)
		cfs_json_write_array(&w, NULL, CFS_JSON_ONE_LINE);
	for (unsigned i = 0; i <= CFS_JSON_WRITE_DEPTH_MAX; i++)
		cfs_json_write_end(&w);
	CHECK(refused());
}

TEST(a_buffer_without_memory_is_reported)
{
	start();
	buf.failed = true;
	cfs_json_write_u64(&w, NULL, 1);
	CHECK_EQ(cfs_json_write_finish(&w, &err), -ENOMEM);
	buf.failed = false;
}
