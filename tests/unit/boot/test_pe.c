/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/pe.h"

#include <sys/mman.h>

#include "base/io.h"
#include "tests/test.h"
#include "tests/unit/boot/pe.h"

#define PE_AT	   128	/* in the files of test_pe() */
#define SECTION_AT 392U /* the first entry of the section table */

static struct cfs_err err;

static int file_of(struct cfs_bytes bytes)
{
	int fd = memfd_create("pe", MFD_CLOEXEC);

	CHECK(fd >= 0 &&
	      (bytes.len == 0 || !cfs_write_full(fd, bytes.data, bytes.len)));
	return fd;
}

static int open_bytes(struct cfs_bytes bytes, struct cfs_pe *pe)
{
	CFS_AUTOFD int fd = file_of(bytes);

	return cfs_pe_open(fd, pe, &err);
}

static void make(struct cfs_buf *out)
{
	static const struct test_section sections[] = {
		{ ".linux", "kernel", 506 },
		{ ".cmdline", "quiet rw", 504 },
		{ ".profile", "ID=one", 0 },
		{ ".cmdline", "quiet single", 500 },
		{ ".sbat", "", 0 },
	};

	test_pe(sections, CFS_ARRAY_SIZE(sections), out);
}

static bool reads(int fd, const struct cfs_pe_section *section,
		  const char *want)
{
	CFS_AUTOBUF struct cfs_buf got = { 0 };

	CHECK_EQ(cfs_pe_read(fd, section, 100, &got, &err), 0);
	return got.len == strlen(want) &&
	       (got.len == 0 || memcmp(got.data, want, got.len) == 0);
}

TEST(sections_come_in_order_and_without_their_padding)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	CFS_AUTOPE struct cfs_pe pe = { 0 };
	CFS_AUTOFD int fd = -EBADF;

	make(&file);
	fd = file_of(cfs_buf_bytes(&file));
	CHECK_EQ(cfs_pe_open(fd, &pe, &err), 1);
	CHECK_EQ(pe.n, 5);
	CHECK_STR(pe.v[0].name, ".linux");
	CHECK(reads(fd, &pe.v[0], "kernel"));
	/* Eight characters leave no room for a NUL in the file. */
	CHECK_STR(pe.v[1].name, ".cmdline");
	CHECK(reads(fd, &pe.v[1], "quiet rw"));
	CHECK_STR(pe.v[3].name, ".cmdline");
	CHECK(reads(fd, &pe.v[3], "quiet single"));
	CHECK_EQ(pe.v[4].size, 0);
	CHECK(reads(fd, &pe.v[4], ""));
}

TEST(what_only_memory_has_is_left_out)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	CFS_AUTOPE struct cfs_pe pe = { 0 };

	make(&file);
	memset(file.data + SECTION_AT + 8, 0x7f, 4);
	CHECK_EQ(open_bytes(cfs_buf_bytes(&file), &pe), 1);
	CHECK_EQ(pe.v[0].size, 512);
}

TEST(other_files_are_no_pe_files)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	struct cfs_pe pe = { 0 };

	CHECK_EQ(open_bytes((struct cfs_bytes){ NULL, 0 }, &pe), 0);
	make(&file);
	CHECK_EQ(open_bytes((struct cfs_bytes){ file.data, 63 }, &pe), 0);
	file.data[PE_AT] = 'N';
	CHECK_EQ(open_bytes(cfs_buf_bytes(&file), &pe), 0);
	file.data[0] = 'Z';
	CHECK_EQ(open_bytes(cfs_buf_bytes(&file), &pe), 0);
	CHECK(!pe.v);
}

TEST(a_truncated_file_is_refused_wherever_it_ends)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };

	make(&file);
	for (size_t len = 64; len < file.len - 500; len++) {
		struct cfs_bytes part = { file.data, len };
		struct cfs_pe pe = { 0 };

		CHECK_EQ(open_bytes(part, &pe), -EBADMSG);
		CHECK(!pe.v);
		CHECK(strstr(err.msg, "truncated PE file"));
	}
}

TEST(sections_outside_the_file_are_refused)
{
	static const uint32_t offsets[] = { 0xffffffff, 0xfffffffa, 100000 };
	CFS_AUTOBUF struct cfs_buf file = { 0 };

	make(&file);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(offsets); i++) {
		cfs_le32 off = cfs_put32(offsets[i]);
		struct cfs_pe pe = { 0 };

		memcpy(file.data + SECTION_AT + 20, &off, sizeof(off));
		CHECK_EQ(open_bytes(cfs_buf_bytes(&file), &pe), -EBADMSG);
		CHECK(strstr(err.msg, "section .linux"));
	}
}

TEST(too_many_sections_are_refused)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	struct cfs_pe pe = { 0 };

	make(&file);
	memset(file.data + PE_AT + 6, 0xff, 2);
	CHECK_EQ(open_bytes(cfs_buf_bytes(&file), &pe), -EFBIG);
	CHECK(strstr(err.msg, "65535"));
}

TEST(contents_are_read_up_to_a_limit_and_all_or_none)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 }, got = { 0 };
	CFS_AUTOPE struct cfs_pe pe = { 0 };
	CFS_AUTOFD int fd = -EBADF;

	make(&file);
	fd = file_of(cfs_buf_bytes(&file));
	CHECK_EQ(cfs_pe_open(fd, &pe, &err), 1);
	CHECK_EQ(cfs_pe_read(fd, &pe.v[1], 7, &got, &err), -EFBIG);
	CHECK_EQ(cfs_pe_read(fd, &pe.v[1], 8, &got, &err), 0);
	CHECK_EQ(ftruncate(fd, (off_t)pe.v[3].off + 3), 0);
	CHECK_EQ(cfs_pe_read(fd, &pe.v[3], 100, &got, &err), -EBADMSG);
	CHECK_EQ(got.len, 8);
	CHECK_MEM(got.data, "quiet rw", 8);
}
