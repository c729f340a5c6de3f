/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/uki.h"

#include <sys/mman.h>

#include "base/io.h"
#include "tests/test.h"
#include "tests/unit/boot/pe.h"

#define HEX(x) x x x x x x x x x x x x x x x x
#define A      HEX("a3a3")
#define B      HEX("b4b4")
#define C      HEX("c5c5")
#define KARG   "composefs.digest=v1-sha256-12:"

static struct cfs_err err;
static unsigned named;

/* Checks a program of these sections, two words each, against the images A and
 * B. */
static int check_as(enum cfs_uki_kind kind, const char *const *words,
		    unsigned n)
{
	struct test_section sections[8];
	struct cfs_digest ids[2];
	const struct cfs_uki_images images = { 2, ids };
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	CFS_AUTOFD int fd = memfd_create("uki", MFD_CLOEXEC);

	CHECK_EQ(cfs_digest_from_hex(A, 64, &ids[0], &err), 0);
	CHECK_EQ(cfs_digest_from_hex(B, 64, &ids[1], &err), 0);
	for (unsigned i = 0; i < n / 2; i++)
		sections[i] = (struct test_section){ words[2 * i],
						     words[2 * i + 1], 10 };
	test_pe(sections, n / 2, &file);
	CHECK_EQ(cfs_write_full(fd, file.data, file.len), 0);
	named = 0;
	return cfs_uki_check(fd, kind, &images, &named, &err);
}

#define CHECK_AS(kind, ...)                                  \
	check_as(kind, (const char *const[]){ __VA_ARGS__ }, \
		 CFS_ARRAY_SIZE(((const char *[]){ __VA_ARGS__ })))

TEST(a_command_line_names_the_image)
{
	CHECK_EQ(CHECK_AS(CFS_UKI, ".linux", "x", ".cmdline", "quiet " KARG A),
		 0);
	CHECK_EQ(named, 1);
	CHECK_EQ(CHECK_AS(CFS_UKI, ".cmdline", "composefs=?" B), 0);
	CHECK_EQ(named, 2);
	CHECK_EQ(CHECK_AS(CFS_UKI, ".cmdline", KARG A " composefs=" B), 0);
	CHECK_EQ(named, 3);
}

TEST(one_that_names_no_image_or_another_is_refused)
{
	CHECK_EQ(CHECK_AS(CFS_UKI, ".cmdline", "quiet"), -EBADMSG);
	CHECK_EQ(CHECK_AS(CFS_UKI, ".cmdline", KARG C), -EBADMSG);
	CHECK_EQ(CHECK_AS(CFS_UKI, ".cmdline", KARG A " " KARG C), -EBADMSG);
	CHECK(strstr(err.msg, C) && strstr(err.msg, A));
	CHECK_EQ(named, 0);
	CHECK_EQ(CHECK_AS(CFS_UKI, ".cmdline", KARG "xyz"), -EBADMSG);
	CHECK_EQ(CHECK_AS(CFS_UKI, ".cmdline",
			  KARG A " composefs.digest=v3-sha256-12:" A),
		 -EBADMSG);
}

TEST(every_profile_needs_a_command_line_that_names_the_image)
{
	CHECK_EQ(CHECK_AS(CFS_UKI, ".linux", "x"), -EINVAL);
	CHECK_EQ(CHECK_AS(CFS_UKI, ".cmdline", KARG A, ".profile", "ID=a"), 0);
	CHECK_EQ(CHECK_AS(CFS_UKI, ".profile", "ID=a", ".cmdline", KARG A,
			  ".profile", "ID=b", ".cmdline", KARG A),
		 0);
	CHECK_EQ(CHECK_AS(CFS_UKI, ".profile", "ID=a", ".cmdline", KARG A,
			  ".profile", "ID=b"),
		 -EINVAL);
	CHECK_EQ(CHECK_AS(CFS_UKI, ".profile", "ID=a", ".profile", "ID=b",
			  ".cmdline", KARG A),
		 -EINVAL);
	CHECK_EQ(CHECK_AS(CFS_UKI, ".cmdline", KARG A, ".profile", "ID=a",
			  ".profile", "ID=b", ".cmdline", KARG C),
		 -EBADMSG);
	CHECK(strstr(err.msg, "profile 1"));
	CHECK_EQ(CHECK_AS(CFS_UKI, ".cmdline", KARG A, ".cmdline", "quiet"),
		 -EBADMSG);
}

TEST(an_addon_may_name_no_image_but_no_other_one)
{
	CHECK_EQ(CHECK_AS(CFS_UKI_ADDON, ".cmdline", "debug"), 0);
	CHECK_EQ(CHECK_AS(CFS_UKI_ADDON, ".dtb", "x"), 0);
	CHECK_EQ(CHECK_AS(CFS_UKI_ADDON, ".cmdline", KARG A), 0);
	CHECK_EQ(CHECK_AS(CFS_UKI_ADDON, ".cmdline", KARG C), -EBADMSG);
}

TEST(any_file_may_lack_a_command_line_but_not_have_a_wrong_one)
{
	CHECK_EQ(CHECK_AS(CFS_UKI_MAYBE, ".linux", "x"), 0);
	CHECK_EQ(named, 0);
	CHECK_EQ(CHECK_AS(CFS_UKI_MAYBE, ".cmdline", KARG A), 0);
	CHECK_EQ(CHECK_AS(CFS_UKI_MAYBE, ".cmdline", "quiet"), -EBADMSG);
}

TEST(words_behind_a_nul_count)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	CFS_AUTOFD int fd = memfd_create("uki", MFD_CLOEXEC);
	struct test_section section = { ".cmdline", KARG A "#" KARG C, 0 };
	struct cfs_digest id;
	const struct cfs_uki_images images = { 1, &id };
	uint8_t *mark;

	CHECK_EQ(cfs_digest_from_hex(A, 64, &id, &err), 0);
	test_pe(&section, 1, &file);
	mark = memchr(file.data, '#', file.len);
	CHECK(mark);
	*mark = '\0';
	CHECK_EQ(cfs_write_full(fd, file.data, file.len), 0);
	CHECK_EQ(cfs_uki_check(fd, CFS_UKI, &images, &named, &err), -EBADMSG);
}

TEST(what_is_no_program_is_passed_over_only_where_it_may_be_anything)
{
	struct cfs_digest id = { .alg = CFS_ALG_SHA256 };
	const struct cfs_uki_images images = { 1, &id };
	CFS_AUTOFD int fd = memfd_create("text", MFD_CLOEXEC);

	CHECK_EQ(cfs_write_full(fd, "text", 4), 0);
	CHECK_EQ(cfs_uki_check(fd, CFS_UKI, &images, &named, &err), -EINVAL);
	CHECK_EQ(cfs_uki_check(fd, CFS_UKI_ADDON, &images, &named, &err),
		 -EINVAL);
	CHECK_EQ(cfs_uki_check(fd, CFS_UKI_MAYBE, &images, &named, &err), 0);
}
