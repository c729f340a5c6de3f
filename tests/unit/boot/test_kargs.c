/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/kargs.h"

#include "tests/test.h"

#define A    "a3f1000000000000000000000000000000000000000000000000000000000001"
#define B    "b3f1000000000000000000000000000000000000000000000000000000000002"
#define UP   "A3F1000000000000000000000000000000000000000000000000000000000001"
#define LONG A B

static struct cfs_kargs kargs;
static struct cfs_err err;

static int parse(const char *text)
{
	kargs = (struct cfs_kargs){ 0 };
	return cfs_kargs_parse(
		(struct cfs_bytes){ (const uint8_t *)text, strlen(text) },
		&kargs, &err);
}

static bool is(struct cfs_bytes text, const char *want)
{
	return text.len == strlen(want) && !memcmp(text.data, want, text.len);
}

TEST(order_of_the_command_line_is_kept)
{
	CHECK_EQ(parse("quiet composefs=?" A " composefs.digest=v1-sha256-12:" B
		       " composefs.digest=?v2-sha512-12:" LONG " rw\n"),
		 0);
	CHECK_EQ(kargs.n, 3);
	CHECK_EQ(kargs.v[0].version, 2);
	CHECK(kargs.v[0].insecure);
	CHECK_EQ(kargs.v[1].version, 1);
	CHECK(!kargs.v[1].insecure);
	CHECK_EQ(kargs.v[1].digest.bytes[0], 0xb3);
	CHECK_EQ(kargs.v[2].version, 2);
	CHECK(kargs.v[2].insecure);
	CHECK_EQ(kargs.v[2].digest.alg, CFS_ALG_SHA512);
}

TEST(upper_case_digits_name_the_same_image)
{
	char text[CFS_KARG_TEXT_MAX];

	CHECK_EQ(parse("composefs.digest=v1-sha256-12:" UP), 0);
	CHECK_EQ(kargs.n, 1);
	cfs_karg_format(&kargs.v[0], text);
	CHECK_STR(text, "composefs.digest=v1-sha256-12:" A);
}

TEST(blanks_inside_quotes_do_not_separate)
{
	CHECK_EQ(parse("dyndbg=\"x composefs=junk\" composefs=" A), 0);
	CHECK_EQ(kargs.n, 1);
}

TEST(quotes_are_taken_off_as_the_kernel_does)
{
	CHECK_EQ(parse("\"composefs=" A "\""), 0);
	CHECK_EQ(kargs.n, 1);
	CHECK_EQ(parse("composefs.digest=\"v1-sha256-12:" A "\""), 0);
	CHECK_EQ(kargs.n, 1);
	CHECK_EQ(parse("\"composefs=" A), 0);
	CHECK_EQ(kargs.n, 1);
}

TEST(words_that_only_look_alike_are_not_ours)
{
	CHECK_EQ(parse("composefs composefs.digest composefs.debug "
		       "rd.composefs=" A " composefs_digest=x xcomposefs=y"),
		 0);
	CHECK_EQ(kargs.n, 0);
	CHECK_EQ(kargs.n_skipped, 0);
}

TEST(malformed_arguments_are_refused_not_skipped)
{
	static const char *const bad[] = {
		"composefs=",
		"composefs=?",
		"composefs=" A "0",
		"composefs=g3f1000000000000000000000000000000000000000000000000"
		"000000000000",
		"composefs=??" A,
		"composefs.digest=",
		"composefs.digest=" A,
		"composefs.digest=v1-sha256-12" A,
		"composefs.digest=v1-sha256:" A,
		"composefs.digest=v1-sha512-12:" A,
		"composefs.digest=v1-sha256-12:" LONG,
		"composefs.digest=v1-sha256-12:",
		"composefs.digest=1-sha256-12:" A,
		"composefs.digest=v1- sha256-12:" A,
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CHECK_EQ(parse(bad[i]), -EINVAL);
		CHECK_EQ(strncmp(err.msg, "kernel argument 'composefs", 26), 0);
		CHECK_EQ(kargs.n, 0);
	}
}

TEST(a_malformed_digest_is_data_of_the_failure)
{
	CHECK_EQ(parse("composefs.digest=?v1-sha256-12:a3f1"), -EINVAL);
	CHECK_STR(err.found, "a3f1");
	CHECK(!err.expected[0]);
	CHECK_EQ(parse("composefs=" LONG A), -EINVAL);
	CHECK_EQ(strncmp(err.found, A, 64), 0);
	CHECK_EQ(strlen(err.found), sizeof(err.found) - 1);
	CHECK_EQ(parse("composefs.digest=hello"), -EINVAL);
	CHECK(!err.found[0]);
}

TEST(a_malformed_argument_behind_a_good_one_is_refused_too)
{
	CHECK_EQ(parse("composefs=" A " composefs.digest=v1-sha512-12:" A),
		 -EINVAL);
	CHECK(strstr(err.msg, "64 hex digits for sha512"));
}

TEST(arguments_of_the_future_are_left_to_newer_tools)
{
	CHECK_EQ(parse("composefs.digest=v3-sha256-12:" A
		       " composefs.digest=v1-blake3-12:zz"
		       " composefs.digest=?v1-sha256-16:" A
		       " composefs.digest=v1-sha256-12:" B),
		 0);
	CHECK_EQ(kargs.n, 1);
	CHECK_EQ(kargs.n_skipped, 3);
	CHECK_EQ(kargs.v[0].digest.bytes[0], 0xb3);
	CHECK(is(kargs.skipped[1], "v1-blake3-12:zz"));
}

TEST(of_two_copies_the_secure_one_counts_at_the_first_place)
{
	CHECK_EQ(parse("composefs=?" A " composefs=" B
		       " composefs.digest=v1-sha256-12:" A),
		 0);
	CHECK_EQ(kargs.n, 2);
	CHECK(kargs.conflict);
	CHECK_EQ(kargs.v[0].digest.bytes[0], 0xa3);
	CHECK(!kargs.v[0].insecure);
	CHECK_EQ(parse("composefs=?" A " composefs=?" A), 0);
	CHECK_EQ(kargs.n, 1);
	CHECK(!kargs.conflict);
	CHECK(kargs.v[0].insecure);
}

TEST(too_many_arguments_are_refused)
{
	char text[20 * 80] = "";
	size_t len = 0;

	for (int i = 0; i < CFS_KARGS_MAX + 1; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"composefs=%02x%.62s ", i, A);
	CHECK_EQ(parse(text), -E2BIG);
}

TEST(the_last_word_of_a_name_counts)
{
	const char *text = "init=/a composefs.debug init=\"/b c\" x";
	struct cfs_bytes all = { (const uint8_t *)text, strlen(text) };
	struct cfs_bytes value;

	CHECK(cfs_cmdline_find(all, "init", &value) && is(value, "/b c"));
	CHECK(cfs_cmdline_find(all, "composefs.debug", &value));
	CHECK_EQ(value.len, 0);
	CHECK(!cfs_cmdline_find(all, "ini", &value));
}

TEST(what_the_builder_prints_is_what_the_initramfs_reads)
{
	char text[CFS_KARG_TEXT_MAX];

	for (int i = 0; i < 8; i++) {
		struct cfs_karg karg = {
			.version = i & 1 ? 1 : 2,
			.insecure = i & 2,
			.digest.alg = i & 4 ? CFS_ALG_SHA512 : CFS_ALG_SHA256,
		};

		memset(karg.digest.bytes, 0xe0 + i, CFS_DIGEST_MAX);
		cfs_karg_format(&karg, text);
		CHECK_EQ(parse(text), 0);
		CHECK_EQ(kargs.n, 1);
		CHECK_EQ(kargs.v[0].version, karg.version);
		CHECK_EQ(kargs.v[0].insecure, karg.insecure);
		CHECK(cfs_digest_equal(&kargs.v[0].digest, &karg.digest));
	}
}

TEST(a_command_line_may_have_no_bytes_at_all)
{
	struct cfs_bytes none = { 0 };
	struct cfs_word word;

	CHECK(!cfs_cmdline_next(&none, &word));
	CHECK_EQ(cfs_kargs_parse(none, &kargs, &err), 0);
	CHECK_EQ(kargs.n, 0);
}
