/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/text.h"

#include "tests/test.h"

static const char *clean(const char *text)
{
	static char room[256];

	snprintf(room, sizeof(room), "%s", text);
	CHECK(cfs_text_clean(room) == room);
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
			CHECK(get((char *)bytes, n, &again) == 0);
			continue;
		}
		CHECK(get((char *)bytes, n, &again) == n && again == c);
		/* Cut off, it is no character. */
		for (size_t less = 0; less < n; less++)
			CHECK(get((char *)bytes, less, &again) == 0);
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
		CHECK(get(bad[i], strlen(bad[i]), &c) == 0);
	CHECK(c == 7);
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
		CHECK(strcmp(clean(good[i]), good[i]) == 0);
}

TEST(every_control_character_is_replaced)
{
	char text[4] = "axb";

	for (int c = 1; c < 0x20; c++) {
		text[1] = (char)c;
		CHECK(strcmp(clean(text), "a?b") == 0);
	}
	CHECK(strcmp(clean("a\x7f"
			   "b"),
		     "a?b") == 0);
	/* C1 as UTF-8, and as the single byte that some terminals take. */
	for (int c = 0x80; c < 0xa0; c++) {
		const char two[] = { 'a', '\xc2', (char)c, 'b', '\0' };
		const char one[] = { 'a', (char)c, 'b', '\0' };

		CHECK(strcmp(clean(two), "a?b") == 0);
		CHECK(strcmp(clean(one), "a?b") == 0);
	}
}

TEST(a_terminal_is_not_cleared_and_no_line_is_forged)
{
	CHECK(strcmp(clean("\033[2J\033]0;title\a\r\nstatus: ok"),
		     "?[2J?]0;title???status: ok") == 0);
	CHECK(strcmp(clean("\xc2\x9b"
			   "2Jroot verified"),
		     "?2Jroot verified") == 0);
}

TEST(the_order_of_reading_cannot_be_turned)
{
	CHECK(strcmp(clean("a\xe2\x80\xae"
			   "b\xe2\x80\xa8"
			   "c\xe2\x81\xa9"
			   "d"),
		     "a?b?c?d") == 0);
}

TEST(each_byte_that_is_no_text_is_replaced)
{
	CHECK(strcmp(clean("\xff\xfe"
			   "a\xe2\x82"
			   "b\xc3"),
		     "??a??b?") == 0);
	CHECK(strcmp(clean("\xed\xa0\x80"), "???") == 0);
}

TEST(distances_are_counted_in_changed_letters)
{
	char longer[400] = "";

	CHECK(cfs_text_distance("", "") == 0);
	CHECK(cfs_text_distance("abc", "abc") == 0);
	CHECK(cfs_text_distance("", "abc") == 3);
	CHECK(cfs_text_distance("abc", "") == 3);
	CHECK(cfs_text_distance("etc.muont", "etc.mount") == 2);
	CHECK(cfs_text_distance("kitten", "sitting") == 3);
	memset(longer, 'a', sizeof(longer) - 1);
	CHECK(cfs_text_distance("a", longer) == CFS_TEXT_DISTANCE - 1);
	CHECK(cfs_text_distance(longer, "") == sizeof(longer) - 1);
}
