/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/text.h"

#include "tests/test.h"

static const char *clean(const char *text)
{
	static char room[256];

	snprintf(room, sizeof(room), "%s", text);
	CHECK_EQ(cfs_text_clean(room), room);
	return room;
}

static size_t get(const char *s, size_t len, uint32_t *ret)
{
	return cfs_utf8_get((struct cfs_bytes){ (const uint8_t *)s, len }, ret);
}

TEST(every_character_reads_back_as_it_was_written)
{
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint8_t bytes[4];
		uint32_t again = ~c;
		size_t n = cfs_utf8_put(c, bytes);

		if (c >= 0xd800 && c <= 0xdfff) {
			CHECK_EQ(get((char *)bytes, n, &again), 0);
			continue;
		}
		CHECK_EQ(get((char *)bytes, n, &again), n);
		CHECK_EQ(again, c);
		/* Cut off, it is no character. */
		for (size_t less = 0; less < n; less++)
			CHECK_EQ(get((char *)bytes, less, &again), 0);
	}
}

TEST(malformed_utf8_is_no_character)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc3(",
		"\xe0\x9f\xbf",
		"\xe2\x82",
		"\xe2(\xa1",
		"\xed\xa0\x80",
		"\xf5",
		"\xff",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf8\x88\x80\x80\x80",
	};
	uint32_t c = 7;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(get(bad[i], strlen(bad[i]), &c), 0);
	CHECK_EQ(c, 7);
}

TEST(what_is_only_shown_stays)
{
	static const char *const good[] = {
		"",
		"plain ~",
		"\xc2\xa0",
		"gr\xc3\xbc\xc3\x9f",
		"\xe2\x82\xac",
		"\xf0\x9f\x98\x80",
		"\xef\xbf\xbd",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(good); i++)
		CHECK_STR(clean(good[i]), good[i]);
}

TEST(every_control_character_is_replaced)
{
	char text[4] = "axb";

	for (int c = 1; c < 0x20; c++) {
		text[1] = (char)c;
		CHECK_STR(clean(text), "a?b");
	}
	CHECK_STR(clean("a\x7f"
			"b"),
		  "a?b");
	/* C1 as UTF-8, and as the single byte that some terminals take. */
	for (int c = 0x80; c < 0xa0; c++) {
		const char two[] = { 'a', '\xc2', (char)c, 'b', '\0' };
		const char one[] = { 'a', (char)c, 'b', '\0' };

		CHECK_STR(clean(two), "a?b");
		CHECK_STR(clean(one), "a?b");
	}
}

TEST(a_terminal_is_not_cleared_and_no_line_is_forged)
{
	CHECK_STR(clean("\033[2J\033]0;title\a\r\nstatus: ok"),
		  "?[2J?]0;title???status: ok");
	CHECK_STR(clean("\xc2\x9b"
			"2Jroot verified"),
		  "?2Jroot verified");
}

TEST(the_order_of_reading_cannot_be_turned)
{
	CHECK_STR(clean("a\xe2\x80\xae"
			"b\xe2\x80\xa8"
			"c\xe2\x81\xa9"
			"d"),
		  "a?b?c?d");
}

TEST(each_byte_that_is_no_text_is_replaced)
{
	CHECK_STR(clean("\xff\xfe"
			"a\xe2\x82"
			"b\xc3"),
		  "??a??b?");
	CHECK_STR(clean("\xed\xa0\x80"), "???");
}

TEST(distances_are_counted_in_changed_letters)
{
	char longer[400] = "";

	CHECK_EQ(cfs_text_distance("", ""), 0);
	CHECK_EQ(cfs_text_distance("abc", "abc"), 0);
	CHECK_EQ(cfs_text_distance("", "abc"), 3);
	CHECK_EQ(cfs_text_distance("abc", ""), 3);
	CHECK_EQ(cfs_text_distance("etc.muont", "etc.mount"), 2);
	CHECK_EQ(cfs_text_distance("kitten", "sitting"), 3);
	memset(longer, 'a', sizeof(longer) - 1);
	CHECK_EQ(cfs_text_distance("a", longer), CFS_TEXT_DISTANCE - 1);
	CHECK_EQ(cfs_text_distance(longer, ""), sizeof(longer) - 1);
}
