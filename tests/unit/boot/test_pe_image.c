/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/pe_image.h"

#include "tests/test.h"
#include "tests/unit/boot/stub.h"

static struct cfs_err err;

static int read_it(const struct cfs_buf *file, struct cfs_pe_image *ret)
{
	return cfs_pe_image_read(cfs_buf_bytes(file), ret, &err);
}

/* What becomes of a program whose @size bytes at @at are @value. */
static int with(size_t at, uint64_t value, size_t size)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	struct cfs_pe_image image;

	test_stub(CFS_PE_X64, &file);
	stub_set(&file, at, value, size);
	return read_it(&file, &image);
}

TEST(the_headers_of_a_program_are_read)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	struct cfs_pe_image image;

	test_stub(CFS_PE_AA64, &file);
	CHECK_EQ(read_it(&file, &image), 1);
	CHECK_EQ(image.machine, CFS_PE_AA64);
	CHECK(image.nx && !image.is_signed);
	CHECK_EQ(image.sections, STUB_SECTIONS);
	CHECK_EQ(image.optional_at, STUB_OPTIONAL);
	CHECK_EQ(image.table_at, STUB_TABLE);
}

TEST(programs_for_32_bits_have_other_offsets)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	struct cfs_pe_image image;

	test_stub(CFS_PE_IA32, &file);
	stub_set(&file, STUB_OPTIONAL, CFS_PE_32, 2);
	stub_set(&file, STUB_OPTIONAL + CFS_PE_DIRS_AT_32, 16, 4);
	CHECK_EQ(read_it(&file, &image), 1);
	CHECK_EQ(image.machine, CFS_PE_IA32);
	CHECK(!image.is_signed);
	stub_set(&file, STUB_OPTIONAL + CFS_PE_DIRS_AT_32 + 4 + 4 * 8, 4096, 4);
	CHECK_EQ(read_it(&file, &image), 1);
	CHECK(image.is_signed);
}

TEST(a_signature_and_flags_are_noticed)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	struct cfs_pe_image image;
	size_t certs = STUB_OPTIONAL + CFS_PE_DIRS_AT_64 + 4 + 4 * 8;

	test_stub(CFS_PE_X64, &file);
	stub_set(&file, certs + 4, 1, 4);
	stub_set(&file, STUB_OPTIONAL + 70, 0, 2);
	CHECK_EQ(read_it(&file, &image), 1);
	CHECK(image.is_signed && !image.nx);
	/* Fewer directories: that one is not among them. */
	stub_set(&file, STUB_OPTIONAL + CFS_PE_DIRS_AT_64, 4, 4);
	CHECK_EQ(read_it(&file, &image), 1);
	CHECK(!image.is_signed);
}

TEST(another_file_is_not_a_program)
{
	CHECK_EQ(with(0, 'X', 1), 0);
	CHECK_EQ(with(STUB_PE, 'X', 1), 0);
	CHECK_EQ(cfs_pe_image_read((struct cfs_bytes){ (const void *)"MZ", 2 },
				   &(struct cfs_pe_image){ 0 }, &err),
		 0);
}

TEST(headers_that_contradict_each_other_are_refused)
{
	CHECK_EQ(with(60, 0xffffffff, 4), -EBADMSG);
	CHECK_EQ(with(60, STUB_SIZE - 23, 4), -EBADMSG);
	/* The size of the optional header. */
	CHECK_EQ(with(STUB_PE + 20, 71, 2), -EBADMSG);
	CHECK_EQ(with(STUB_PE + 20, 72, 2), -EBADMSG);
	CHECK_EQ(with(STUB_PE + 20, 239, 2), -EBADMSG);
	CHECK_EQ(with(STUB_PE + 20, 0xffff, 2), -EBADMSG);
	CHECK_EQ(with(STUB_OPTIONAL, 0x107, 2), -EBADMSG);
	CHECK_EQ(with(STUB_OPTIONAL + CFS_PE_DIRS_AT_64, 17, 4), -EBADMSG);
	CHECK_EQ(with(STUB_OPTIONAL + CFS_PE_DIRS_AT_64, 0xffffffff, 4),
		 -EBADMSG);
	/* The number of sections. */
	CHECK_EQ(with(STUB_PE + 6, 0xffff, 2), -EBADMSG);
}

TEST(programs_for_other_systems_are_refused)
{
	CHECK_EQ(with(STUB_OPTIONAL + 68, 3, 2), -EBADMSG);
	CHECK_EQ(with(STUB_OPTIONAL + 68, 11, 2), -EBADMSG);
}

TEST(a_truncated_program_is_refused_or_none)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	struct cfs_pe_image image;

	test_stub(CFS_PE_X64, &file);
	for (size_t len = 0; len < STUB_TABLE + 120; len++) {
		CFS_AUTOFREE uint8_t *copy = malloc(len ? len : 1);
		int r;

		memcpy(copy, file.data, len);
		r = cfs_pe_image_read((struct cfs_bytes){ copy, len }, &image,
				      &err);
		CHECK(r == (len < 64 ? 0 : -EBADMSG));
	}
}

TEST(machines_have_the_names_of_their_boot_files)
{
	CHECK_STR(cfs_pe_machine_name(CFS_PE_X64), "x64");
	CHECK_STR(cfs_pe_machine_name(CFS_PE_IA32), "ia32");
	CHECK_STR(cfs_pe_machine_name(CFS_PE_AA64), "aa64");
	CHECK(!cfs_pe_machine_name(0xebc));
}
