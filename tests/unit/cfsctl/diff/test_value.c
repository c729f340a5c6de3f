/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/diff/diff.h"

#include "tests/test.h"

#define BYTES(s) ((struct cfs_bytes){ (const uint8_t *)(s), sizeof(s) - 1 })

static bool shows(const char *key, struct cfs_bytes value, const char *want)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	CFS_AUTOFREE uint8_t *tight = malloc(value.len + 1);

	/* A reader that goes too far is seen by the sanitizer. */
	CHECK(tight);
	memcpy(tight + 1, value.data, value.len);
	value.data = tight + 1;
	cmd_diff_value(&out, key, value, CFS_DIFF_CUT);
	CHECK(cfs_buf_text(&out));
	if (strcmp((char *)out.data, want) == 0)
		return true;
	printf("# got %s\n# want %s\n", (char *)out.data, want);
	return false;
}

TEST(paths_are_escaped_as_in_a_dumpfile)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	cmd_diff_escape(&out, "a\\\n\r\t \x7f\xff\x1b=", 10);
	CHECK_STR(cfs_buf_text(&out), "a\\\\\\n\\r\\t\\x20\\x7f\\xff\\x1b=");
}

TEST(text_is_in_quotes_and_all_else_is_hex)
{
	CHECK(shows("user.a", BYTES(""), "\"\""));
	CHECK(shows("user.a", BYTES("a b\"\\"), "\"a b\\\"\\\\\""));
	CHECK(shows("user.a", BYTES("l1\nl2\t"), "\"l1\\nl2\\t\""));
	CHECK(shows("user.a", BYTES("label\0"), "\"label\\x00\""));
	CHECK(shows("user.a", BYTES("\0"), "0x00"));
	CHECK(shows("user.a", BYTES("a\0b"), "0x610062"));
	CHECK(shows("user.a", BYTES("\x1b[2J"), "0x1b5b324a"));
	CHECK(shows("user.a", BYTES("\xc3\xa4"), "0xc3a4"));
}

TEST(long_values_are_cut_unless_all_of_them_is_wanted)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	uint8_t zeros[30] = { 0 };
	struct cfs_bytes value = { zeros, sizeof(zeros) };

	cmd_diff_bytes(&out, value, CFS_DIFF_CUT);
	CHECK_STR(cfs_buf_text(&out),
		  "0x000000000000000000000000000000000000000000000000... "
		  "(30 bytes)");
	out.len = 0;
	cmd_diff_bytes(&out, value, CFS_DIFF_WHOLE);
	CHECK_EQ(strlen(cfs_buf_text(&out)), 2 + 60);
	out.len = 0;
	value.len = 24;
	cmd_diff_bytes(&out, value, CFS_DIFF_CUT);
	CHECK_EQ(strlen(cfs_buf_text(&out)), 2 + 48);
}

/* Source: linux/capability.h; the first two are what setcap(8) of libcap 2.66
 * wrote for cap_net_raw+ep and, with -n 1000, for cap_chown,cap_bpf+p. */
TEST(capabilities_have_names)
{
	const char *key = "security.capability";

	CHECK(shows(key, BYTES("\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		    "version 2 permitted=cap_net_raw effective"));
	CHECK(shows(key,
		    BYTES("\0\0\0\3\1\0\0\0\0\0\0\0\x80\0\0\0\0\0\0\0"
			  "\xe8\3\0\0"),
		    "version 3 permitted=cap_chown,cap_bpf rootid=1000"));
	CHECK(shows(key, BYTES("\0\0\0\2\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\x80"),
		    "version 2 inheritable=cap_dac_override,63"));
}

TEST(capabilities_of_another_shape_are_bytes)
{
	const char *key = "security.capability";

	CHECK(shows(key, BYTES(""), "\"\""));
	CHECK(shows(key, BYTES("\1\0\0\2"), "0x01000002"));
	/* The revision of the other length. */
	CHECK(shows(key, BYTES("\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		    "0x0000000300000000000000000000000000000000"));
	CHECK(shows("user.capability",
		    BYTES("\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		    "0x0100000200200000000000000000000000000000"));
}

/* Source: linux/posix_acl_xattr.h; the short text form of acl(5). */
TEST(acls_are_in_their_short_text_form)
{
	struct cfs_bytes acl = BYTES("\2\0\0\0"
				     "\1\0\7\0\xff\xff\xff\xff"
				     "\2\0\5\0\xe8\3\0\0"
				     "\4\0\4\0\xff\xff\xff\xff"
				     "\x8\0\2\0\7\0\0\0"
				     "\x10\0\5\0\xff\xff\xff\xff"
				     "\x20\0\0\0\xff\xff\xff\xff");
	const char *want = "user::rwx,user:1000:r-x,group::r--,group:7:-w-,"
			   "mask::r-x,other::---";

	CHECK(shows("system.posix_acl_access", acl, want));
	CHECK(shows("system.posix_acl_default", acl, want));
}

TEST(acls_of_another_shape_are_bytes)
{
	const char *key = "system.posix_acl_access";

	CHECK(shows(key, BYTES("\2\0"), "0x0200"));
	CHECK(shows(key, BYTES("\2\0\0\0"), "0x02000000"));
	CHECK(shows(key, BYTES("\2\0\0\0\1\0\7"), "0x02000000010007"));
	CHECK(shows(key, BYTES("\1\0\0\0\1\0\7\0\0\0\0\0"),
		    "0x010000000100070000000000"));
	/* No such tag after a good one, no such permission. */
	CHECK(shows(key, BYTES("\2\0\0\0\1\0\7\0\0\0\0\0\3\0\7\0\0\0\0\0"),
		    "0x0200000001000700000000000300070000000000"));
	CHECK(shows(key, BYTES("\2\0\0\0\1\0\x8\0\0\0\0\0"),
		    "0x020000000100080000000000"));
}
