/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/suggest.h"

#include <stdbool.h>

#include "tests/test.h"

TEST(distance_counts_letters_changed_dropped_added_and_swapped)
{
	CHECK_EQ(cmd_distance("", ""), 0);
	CHECK_EQ(cmd_distance("", "abc"), 3);
	CHECK_EQ(cmd_distance("abc", ""), 3);
	CHECK_EQ(cmd_distance("image", "image"), 0);
	CHECK_EQ(cmd_distance("image", "imago"), 1);
	CHECK_EQ(cmd_distance("image", "imge"), 1);
	CHECK_EQ(cmd_distance("image", "immage"), 1);
	CHECK_EQ(cmd_distance("image", "imgae"), 1);
	CHECK_EQ(cmd_distance("ca", "abc"), 3);
	CHECK_EQ(cmd_distance("kitten", "sitting"), 3);
}

TEST(long_words_are_far_from_everything)
{
	char word[100];

	memset(word, 'a', sizeof(word));
	word[63] = '\0';
	CHECK_EQ(cmd_distance(word, word), 0);
	word[63] = 'a';
	word[64] = '\0';
	CHECK_EQ(cmd_distance(word, word), CFS_DISTANCE_FAR);
	CHECK_EQ(cmd_distance("a", word), CFS_DISTANCE_FAR);
}

static const char *suggestion(const char *word)
{
	static const char *const words[] = { "create-image",  "create-dumpfile",
					     "image-objects", "enable-verity",
					     "images",	      "fsck",
					     "init" };
	static char text[200];
	struct cfs_suggest s = { .word = word };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		cmd_suggest_offer(&s, words[i]);
	return cmd_suggest_text(&s, text, sizeof(text));
}

static bool suggests(const char *word, const char *text)
{
	return strcmp(suggestion(word), text) == 0;
}

TEST(the_nearest_word_is_proposed)
{
	CHECK(suggests("creat-image", "; did you mean 'create-image'?"));
	CHECK(suggests("fsk", "; did you mean 'fsck'?"));
	CHECK(suggests("inti", "; did you mean 'init'?"));
	CHECK(suggests("image", "; did you mean 'images'?"));
}

TEST(so_are_all_that_begin_with_the_word_or_have_it_as_a_part)
{
	CHECK(suggests("create",
		       "; did you mean 'create-image' or 'create-dumpfile'?"));
	CHECK(suggests("verity", "; did you mean 'enable-verity'?"));
	CHECK(suggests("objects", "; did you mean 'image-objects'?"));
}

TEST(nothing_is_proposed_for_what_is_nothing_like_it)
{
	CHECK(suggests("frobnicate", ""));
	CHECK(suggests("", ""));
	CHECK(suggests("x", ""));
	/* A part of a part is no sign. */
	CHECK(suggests("eate", ""));
}

TEST(proposals_end_where_their_room_does)
{
	struct cfs_suggest s = { .word = "abcd" };
	char text[12];

	static const char *const words[] = { "abcde", "abce", "abcf",
					     "abcg",  "abch", "abci" };

	for (size_t i = 0; i < 6; i++)
		cmd_suggest_offer(&s, words[i]);
	CHECK_EQ(s.n, CFS_SUGGEST_MAX);
	CHECK_STR(cmd_suggest_text(&s, text, sizeof(text)), "; did you m");
}

TEST(a_word_is_proposed_once)
{
	struct cfs_suggest s = { .word = "abcd" };

	cmd_suggest_offer(&s, "abce");
	cmd_suggest_offer(&s, "abce");
	CHECK_EQ(s.n, 1);
}
