/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/dump/numbers.h"

#include <sys/stat.h>

#include "tests/test.h"
#include "tree/dump/dump.h"

static struct cfs_err err;

static struct cfs_bytes bytes(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

/* A copy that ends where the memory does, so that a reader's step too far is
 * seen by a sanitizer. */
static bool plain(const char *text, struct cfs_dump_numbers *ret, size_t *used)
{
	size_t len = strlen(text);
	uint8_t *copy = malloc(len);
	struct cfs_bytes rest = { copy, len };
	bool found;

	CHECK(copy);
	memcpy(copy, text, len);
	found = cfs_dump_plain_numbers(&rest, ret);
	*used = len - rest.len;
	free(copy);
	return found;
}

TEST(plain_numbers_are_taken_off)
{
	struct cfs_dump_numbers n;
	size_t used;

	CHECK(plain("123 100644 4294967295 5 6 7 1234567890.123456789 - - -",
		    &n, &used));
	CHECK_EQ(used, strlen("123 100644 4294967295 5 6 7 "
			      "1234567890.123456789 "));
	CHECK_EQ(n.size, 123);
	CHECK_EQ(n.mode, 0100644);
	CHECK(!n.link);
	CHECK_EQ(n.nlink, UINT32_MAX);
	CHECK_EQ(n.uid, 5);
	CHECK_EQ(n.gid, 6);
	CHECK_EQ(n.rdev, 7);
	CHECK_EQ(n.mtime_sec, 1234567890);
	CHECK_EQ(n.mtime_nsec, 123456789);
	CHECK(plain("0 @120777 0 0 0 0 0.0 ", &n, &used));
	CHECK(n.link);
	CHECK_EQ(n.mode, 0120777);
	CHECK_EQ(used, 22);
	CHECK(plain("999999999999999999 40755 1 0 0 0 0.0 x", &n, &used));
	CHECK_EQ(n.size, 999999999999999999);
}

TEST(whatever_else_is_left_to_be_looked_at)
{
	static const char *const other[] = {
		" 100644 1 0 0 0 0.0 x",
		"0  100644 1 0 0 0 0.0 x",
		"0 ",
		"0 @",
		"+0 100644 1 0 0 0 0.0 x",
		"1000000000000000000 100644 1 0 0 0 0.0 x",
		"0 100648 1 0 0 0 0.0 x",
		"0 200644 1 0 0 0 0.0 x",
		"0 644 1 0 0 0 0.0 x",
		"0 100644 4294967296 0 0 0 0.0 x",
		"0 100644 1 4294967296 0 0 0.0 x",
		"0 100644 1 0 4294967296 0 0.0 x",
		"0 100644 1 0 0 4294967296 0.0 x",
		"0 100644 1 0 0 0 0 x",
		"0 100644 1 0 0 0 -1.0 x",
		"0 100644 1 0 0 0 0.1000000000 x",
		"0 100644 1 0 0 0 0. x",
		"0 100644 1 0 0 0 .0 x",
		"0 100644 1 0 0 0 0.0",
		"- - - - - - - x",
	};
	struct cfs_dump_numbers n;
	size_t used;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(other); i++)
		CHECK(!plain(other[i], &n, &used) && used == 0);
}

TEST(a_line_that_ends_anywhere_is_not_plain)
{
	static const char text[] =
		"12345678 @100644 1 0 0 0 1234567890.12345678 ";
	struct cfs_dump_numbers n;
	char part[sizeof(text)];
	size_t used;

	for (size_t len = 1; len < strlen(text); len++) {
		memcpy(part, text, len);
		part[len] = '\0';
		CHECK(!plain(part, &n, &used));
	}
	CHECK(plain(text, &n, &used));
}

TEST(each_of_eight_digits_counts_in_its_place)
{
	char text[64];
	struct cfs_dump_numbers n;
	size_t used;

	for (unsigned i = 0; i < 30; i++) {
		unsigned long long sec = 1, nsec = i * 33333333ull;

		for (unsigned k = 0; k < i / 2; k++)
			sec = sec * 10 + k % 10;
		snprintf(text, sizeof(text), "0 40755 2 0 0 0 %llu.%llu x", sec,
			 nsec);
		CHECK(plain(text, &n, &used));
		CHECK_EQ(n.mtime_sec, (int64_t)sec);
		CHECK_EQ(n.mtime_nsec, nsec);
	}
}

/* Every byte there is, in each place of eight, is told from a digit. */
TEST(no_other_byte_passes_for_a_digit)
{
	char text[] = "0 40755 2 0 0 0 12345678.0 x";
	char *at = strchr(text, '.') - 8;
	struct cfs_dump_numbers n;
	size_t used;

	for (size_t i = 0; i < 8; i++) {
		char was = at[i];

		for (int c = 1; c < 256; c++) {
			bool digit = c >= '0' && c <= '9';

			at[i] = (char)c;
			if (c == '.' && i > 0) /* "1.345678.0" */
				digit = false;
			CHECK_EQ(plain(text, &n, &used), digit);
		}
		at[i] = was;
	}
}

TEST(four_digits_and_their_spaces_are_told_from_all_else)
{
	char text[] = "0 40755 1 2 3 4 12345678.0 x";
	char *at = strchr(text, '1');
	struct cfs_dump_numbers n;
	size_t used;

	CHECK(plain(text, &n, &used));
	CHECK_EQ(n.nlink, 1);
	CHECK_EQ(n.uid, 2);
	CHECK_EQ(n.gid, 3);
	CHECK_EQ(n.rdev, 4);
	for (size_t i = 0; i < 8; i++) {
		char was = at[i];

		for (int c = 1; c < 256; c++) {
			bool digit = c >= '0' && c <= '9';

			at[i] = (char)c;
			CHECK_EQ(plain(text, &n, &used),
				 (i % 2 ? c == ' ' : digit));
		}
		at[i] = was;
	}
	CHECK(plain("0 40755 9 9 9 10 9.9 x", &n, &used));
	CHECK_EQ(n.nlink, 9);
	CHECK_EQ(n.uid, 9);
	CHECK_EQ(n.gid, 9);
	CHECK_EQ(n.rdev, 10);
	CHECK_EQ(n.mtime_sec, 9);
	CHECK_EQ(n.mtime_nsec, 9);
}

TEST(modes_are_octal_and_their_bits_known)
{
	struct cfs_dump_numbers n = { 0 };

	CHECK_EQ(cfs_dump_mode(bytes("@100644"), 0, &n, &err), 0);
	CHECK(n.link);
	CHECK_EQ(n.mode, 0100644);
	CHECK_EQ(cfs_dump_mode(bytes("200644"), 0, &n, &err), -EINVAL);
	CHECK_STR(err.msg, "mode 200644 has unknown bits");
	CHECK_EQ(cfs_dump_mode(bytes("1100644"), CFS_DUMP_LENIENT, &n, &err),
		 0);
	CHECK(!n.link);
	CHECK_EQ(n.mode, 0100644);
	CHECK_EQ(cfs_dump_mode(bytes("644"), CFS_DUMP_LENIENT, &n, &err),
		 -EINVAL);
	CHECK_STR(err.msg, "mode 644 has no known file type");
	CHECK_EQ(cfs_dump_mode(bytes("@"), CFS_DUMP_LENIENT, &n, &err),
		 -EINVAL);
	CHECK_STR(err.msg, "no mode");
}

static int numbers(const char *text, uint32_t mode, bool lenient,
		   struct cfs_dump_numbers *ret)
{
	struct cfs_bytes f[CFS_DUMP_COLUMNS];

	CHECK_EQ(cfs_dump_split(bytes(text), CFS_DUMP_SIZE, f), 8);
	*ret = (struct cfs_dump_numbers){ .mode = mode };
	return cfs_dump_numbers(f, lenient ? CFS_DUMP_LENIENT : 0, ret, &err);
}

TEST(numbers_are_named_when_they_are_wrong)
{
	struct cfs_dump_numbers n;

	CHECK_EQ(numbers("7 - 1 2 3 4 -5.6", S_IFREG, false, &n), 0);
	CHECK_EQ(n.size, 7);
	CHECK_EQ(n.mtime_sec, -5);
	CHECK_EQ(n.mtime_nsec, 6);
	CHECK_EQ(numbers("x - 1 2 3 4 5.6", S_IFDIR, false, &n), 0);
	CHECK_EQ(numbers("x - 1 2 3 4 5.6", S_IFREG, false, &n), -EINVAL);
	CHECK_STR(err.msg, "size is not a number of base 10");
	CHECK_EQ(numbers("7 - +1 2 3 4 5.6", S_IFREG, true, &n), 0);
	CHECK_EQ(numbers("7 - +1 2 3 4 5.6", S_IFREG, false, &n), -EINVAL);
	CHECK_EQ(numbers("7 - 1 2 4294967296 4 5.6", S_IFREG, true, &n),
		 -ERANGE);
	CHECK_STR(err.msg, "gid is over 4294967295");
	CHECK_EQ(numbers("7 - 1 2 3 4 5", S_IFREG, true, &n), -EINVAL);
	CHECK_STR(err.msg, "mtime without a dot");
	CHECK_EQ(numbers("7 - 1 2 3 4 5.1000000000", S_IFREG, true, &n),
		 -ERANGE);
}
