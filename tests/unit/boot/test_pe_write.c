/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/pe_write.h"

#include <sys/mman.h>

#include "base/io.h"
#include "boot/pe_image.h"
#include "tests/test.h"
#include "tests/unit/boot/stub.h"

#define BYTES(text)                                       \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static struct cfs_err err;

static const struct cfs_pe_addition two = {
	.n = 2,
	.v = { { ".cmdline", BYTES("quiet rw"), false },
	       { ".linux", BYTES("a kernel"), true } },
};

static int add(const struct cfs_buf *stub, const struct cfs_pe_addition *what,
	       struct cfs_buf *ret)
{
	const struct cfs_sink sink = cfs_sink_of_buf(ret);

	return cfs_pe_add_sections(cfs_buf_bytes(stub), what, &sink, &err);
}

/* What becomes of a stub whose @size bytes at @at are @value. */
static int with(size_t at, uint64_t value, size_t size)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, out = { 0 };
	int r;

	test_stub(CFS_PE_X64, &stub);
	stub_set(&stub, at, value, size);
	r = add(&stub, &two, &out);
	CHECK(r == 0 || out.len == 0);
	return r;
}

static bool has_said(const char *words)
{
	return strstr(err.msg, words);
}

/* Source: RFC 1071, as a second reading of the format's rule. */
static uint32_t checksum_of(const struct cfs_buf *file)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < file->len; i += 2) {
		unsigned word = file->data[i] | file->data[i + 1] << 8;

		if (i >= STUB_OPTIONAL + 64 && i < STUB_OPTIONAL + 68)
			continue;
		sum += word;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum + (uint32_t)file->len;
}

TEST(sections_are_appended_to_the_file_and_to_memory)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, out = { 0 };
	size_t entry = STUB_TABLE + 40 * STUB_SECTIONS;

	test_stub(CFS_PE_X64, &stub);
	CHECK_EQ(add(&stub, &two, &out), 0);
	CHECK_EQ(out.len, STUB_SIZE + 1024);
	CHECK_EQ(memcmp(out.data + STUB_HEADERS, stub.data + STUB_HEADERS,
			STUB_SIZE - STUB_HEADERS),
		 0);
	CHECK_EQ(memcmp(out.data + entry, ".cmdline", 8), 0);
	CHECK_EQ(stub_get(&out, entry + 8), 8);
	CHECK_EQ(stub_get(&out, entry + 12), 16384);
	CHECK_EQ(stub_get(&out, entry + 16), 512);
	CHECK_EQ(stub_get(&out, entry + 20), STUB_SIZE);
	CHECK_EQ(stub_get(&out, entry + 36), CFS_PE_READ | CFS_PE_DATA);
	entry += 40;
	CHECK_EQ(memcmp(out.data + entry, ".linux\0", 8), 0);
	CHECK_EQ(stub_get(&out, entry + 12), 20480);
	CHECK_EQ(stub_get(&out, entry + 20), STUB_SIZE + 512);
	CHECK_EQ(stub_get(&out, entry + 36), CFS_PE_READ | CFS_PE_CODE);
	CHECK_EQ(memcmp(out.data + STUB_SIZE, "quiet rw\0", 9), 0);
	CHECK_EQ(memcmp(out.data + STUB_SIZE + 512, "a kernel\0", 9), 0);
}

TEST(the_headers_say_how_large_the_program_has_become)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, out = { 0 };

	test_stub(CFS_PE_X64, &stub);
	CHECK_EQ(add(&stub, &two, &out), 0);
	CHECK_EQ(stub_get(&out, STUB_PE + 4) >> 16, STUB_SECTIONS + 2);
	CHECK_EQ(stub_get(&out, STUB_OPTIONAL + 4), 1024);
	CHECK_EQ(stub_get(&out, STUB_OPTIONAL + 8), 1536);
	CHECK_EQ(stub_get(&out, STUB_OPTIONAL + 56), 24576);
	CHECK_EQ(stub_get(&out, STUB_OPTIONAL + 60), STUB_HEADERS);
	CHECK_EQ(stub_get(&out, STUB_OPTIONAL + 64), checksum_of(&out));
}

TEST(the_program_can_be_read)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, out = { 0 }, text = { 0 };
	CFS_AUTOFD int fd = memfd_create("pe", MFD_CLOEXEC);
	CFS_AUTOPE struct cfs_pe pe = { 0 };

	test_stub(CFS_PE_X64, &stub);
	CHECK_EQ(add(&stub, &two, &out), 0);
	CHECK_EQ(cfs_write_full(fd, out.data, out.len), 0);
	CHECK_EQ(cfs_pe_open(fd, &pe, &err), 1);
	CHECK_EQ(pe.n, STUB_SECTIONS + 2);
	CHECK_STR(pe.v[1].name, ".sbat");
	CHECK_STR(pe.v[3].name, ".cmdline");
	CHECK_EQ(cfs_pe_read(fd, &pe.v[3], 100, &text, &err), 0);
	CHECK_EQ(text.len, 8);
	CHECK_EQ(memcmp(text.data, "quiet rw", 8), 0);
}

TEST(the_same_arguments_make_the_same_bytes)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, one = { 0 }, other = { 0 };

	test_stub(CFS_PE_X64, &stub);
	CHECK_EQ(add(&stub, &two, &one), 0);
	CHECK_EQ(add(&stub, &two, &other), 0);
	CHECK(one.len == other.len && !memcmp(one.data, other.data, one.len));
}

TEST(what_is_behind_the_sections_is_left_out)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, out = { 0 }, bare = { 0 };

	test_stub(CFS_PE_X64, &stub);
	CHECK_EQ(add(&stub, &two, &bare), 0);
	cfs_buf_adds(&stub, "symbols");
	stub_set(&stub, STUB_PE + 12, STUB_SIZE, 4);
	stub_set(&stub, STUB_PE + 16, 1, 4);
	CHECK_EQ(add(&stub, &two, &out), 0);
	CHECK(out.len == bare.len && !memcmp(out.data, bare.data, out.len));
	CHECK_EQ(stub_get(&out, STUB_PE + 12), 0);
	CHECK_EQ(stub_get(&out, STUB_PE + 16), 0);
	CHECK(stub_get(&out, STUB_PE + 20) >> 16 & CFS_PE_NO_SYMBOLS);
}

TEST(a_stub_of_empty_sections_is_refused)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, out = { 0 };

	test_stub(CFS_PE_X64, &stub);
	for (size_t i = 0; i < STUB_SECTIONS; i++)
		stub_set(&stub, STUB_TABLE + 40 * i + 16, 0, 4);
	CHECK_EQ(add(&stub, &two, &out), -EBADMSG);
	CHECK(has_said("all empty"));
}

TEST(a_kernel_without_nx_takes_it_from_the_program)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, out = { 0 }, other = { 0 };
	struct cfs_pe_addition old = two;
	struct cfs_pe_image image;

	test_stub(CFS_PE_X64, &stub);
	CHECK_EQ(add(&stub, &two, &out), 0);
	CHECK_EQ(cfs_pe_image_read(cfs_buf_bytes(&out), &image, &err), 1);
	CHECK(image.nx);
	old.no_nx = true;
	CHECK_EQ(add(&stub, &old, &other), 0);
	CHECK_EQ(cfs_pe_image_read(cfs_buf_bytes(&other), &image, &err), 1);
	CHECK(!image.nx);
}

TEST(a_section_without_content_in_the_file_is_kept)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, out = { 0 };
	size_t entry = STUB_TABLE + 40 * 2;

	/* Its offset means nothing then. */
	test_stub(CFS_PE_X64, &stub);
	stub.len -= 512;
	stub_set(&stub, entry + 16, 0, 4);
	stub_set(&stub, entry + 20, 0xffffff01, 4);
	CHECK_EQ(add(&stub, &two, &out), 0);
	CHECK_EQ(stub_get(&out, entry + 120 - 80 + 20), STUB_SIZE - 512);
	CHECK_EQ(stub_get(&out, entry + 120 - 80 + 12), 16384);
}

TEST(what_is_finished_or_signed_is_no_stub)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, out = { 0 }, more = { 0 };

	test_stub(CFS_PE_X64, &stub);
	CHECK_EQ(add(&stub, &two, &out), 0);
	CHECK_EQ(add(&out, &two, &more), -EINVAL);
	CHECK(has_said("section .cmdline already"));
	CHECK_EQ(with(STUB_OPTIONAL + CFS_PE_DIRS_AT_64 + 4 + 4 * 8, 1, 4),
		 -EINVAL);
	CHECK(has_said("it is signed"));
	CHECK_EQ(with(0, 'X', 1), -EINVAL);
	CHECK(has_said("not an EFI program"));
}

TEST(a_table_without_room_is_refused)
{
	/* SizeOfHeaders may grow up to the first section, not beyond it. */
	CHECK_EQ(with(STUB_OPTIONAL + 60, STUB_TABLE, 4), 0);
	CHECK_EQ(with(STUB_OPTIONAL + 60, STUB_HEADERS + 1, 4), -ENOSPC);
	CHECK(has_said("no room for 2 more"));
	CHECK_EQ(with(STUB_TABLE + 40 * 3 + 79, 1, 1), -ENOSPC);
	CHECK(has_said("other data follows it"));
	CHECK_EQ(with(STUB_TABLE + 40 * 3 + 80, 1, 1), 0);
	CHECK_EQ(with(STUB_TABLE + 20, 512, 4), -ENOSPC);
	CHECK_EQ(with(STUB_TABLE + 20, 0, 4), -EBADMSG);
	CHECK(has_said("at byte 0, inside the headers"));
}

TEST(a_table_that_is_full_is_refused)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, out = { 0 };
	struct cfs_pe_addition many = { .n = 16 };
	static char names[16][4];

	/* 1024 bytes of headers have room for 17 entries. */
	test_stub(CFS_PE_X64, &stub);
	for (unsigned i = 0; i < 16; i++) {
		snprintf(names[i], sizeof(names[i]), ".%02u", i);
		many.v[i] = (struct cfs_pe_part){ names[i], BYTES("x"), false };
	}
	CHECK_EQ(add(&stub, &many, &out), -ENOSPC);
	many.n = 14;
	CHECK_EQ(add(&stub, &many, &out), 0);
}

TEST(alignments_are_powers_of_two)
{
	for (size_t at = STUB_OPTIONAL + 32; at <= STUB_OPTIONAL + 36;
	     at += 4) {
		CHECK_EQ(with(at, 0, 4), -EBADMSG);
		CHECK_EQ(with(at, 1, 4), -EBADMSG);
		CHECK_EQ(with(at, 511, 4), -EBADMSG);
		CHECK_EQ(with(at, 513, 4), -EBADMSG);
		CHECK_EQ(with(at, 0x80000000, 4), -EBADMSG);
		CHECK_EQ(with(at, 0xffffffff, 4), -EBADMSG);
		CHECK(has_said("alignment is 4294967295"));
	}
	/* That of sections is not less than that of the file. */
	CHECK_EQ(with(STUB_OPTIONAL + 36, 8192, 4), -EBADMSG);
	CHECK_EQ(with(STUB_OPTIONAL + 32, 512, 4), 0);
}

TEST(sections_outside_the_file_or_the_program_are_refused)
{
	CHECK_EQ(with(STUB_TABLE + 80 + 16, 513, 4), -EBADMSG);
	CHECK(has_said("section .reloc lies outside the file"));
	CHECK_EQ(with(STUB_TABLE + 16, 0xffffffff, 4), -EBADMSG);
	CHECK(has_said("section .text lies outside the file"));
	CHECK_EQ(with(STUB_TABLE + 20, 0xfffffe00, 4), -EBADMSG);
	CHECK_EQ(with(STUB_TABLE + 20, 1025, 4), -EBADMSG);
	CHECK(has_said("begins at byte 1025"));
	CHECK_EQ(with(STUB_TABLE + 80 + 8, 4097, 4), -EBADMSG);
	CHECK(has_said("section .reloc ends in memory behind"));
	CHECK_EQ(with(STUB_TABLE + 80 + 8, 0xffffffff, 4), -EBADMSG);
	CHECK_EQ(with(STUB_OPTIONAL + 56, 0, 4), -EBADMSG);
}

TEST(sections_that_overlap_are_refused)
{
	CHECK_EQ(with(STUB_TABLE + 40 + 20, 1024, 4), -EBADMSG);
	CHECK(has_said("sections .text and .sbat overlap in the file"));
	CHECK_EQ(with(STUB_TABLE + 8, 4097, 4), -EBADMSG);
	CHECK(has_said("section .sbat begins in memory before"));
	CHECK_EQ(with(STUB_TABLE + 40 + 12, 4096, 4), -EBADMSG);
	/* The headers are in memory as well. */
	CHECK_EQ(with(STUB_TABLE + 12, 1023, 4), -EBADMSG);
	CHECK(has_said("section .text begins in memory before"));
	/* Without a size in memory it has that of the file. */
	CHECK_EQ(with(STUB_TABLE + 8, 0, 4), 0);
	CHECK_EQ(with(STUB_TABLE + 40 + 12, 4096 + 500, 4), 0);
}

TEST(there_are_sections_and_not_too_many)
{
	CHECK_EQ(with(STUB_PE + 6, 0, 2), -EBADMSG);
	CHECK_EQ(with(STUB_PE + 6, 97, 2), -EBADMSG);
	CHECK(has_said("it has 97 sections") || has_said("truncated"));
}

TEST(a_truncated_stub_is_refused)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, out = { 0 };

	test_stub(CFS_PE_X64, &stub);
	for (size_t len = 0; len < STUB_SIZE; len++) {
		CFS_AUTOFREE uint8_t *copy = malloc(len ? len : 1);
		const struct cfs_sink sink = cfs_sink_of_buf(&out);
		int r;

		memcpy(copy, stub.data, len);
		r = cfs_pe_add_sections((struct cfs_bytes){ copy, len }, &two,
					&sink, &err);
		CHECK(r == (len < 64 ? -EINVAL : -EBADMSG));
		CHECK_EQ(out.len, 0);
	}
}

TEST(a_program_over_4_gib_is_refused)
{
	struct cfs_pe_addition large = two;
	CFS_AUTOBUF struct cfs_buf stub = { 0 }, out = { 0 };
	uint8_t byte = 0;

	/* The length alone is looked at: so much memory need not exist. */
	test_stub(CFS_PE_X64, &stub);
	large.v[1].data = (struct cfs_bytes){ &byte, UINT32_MAX };
	CHECK_EQ(add(&stub, &large, &out), -EFBIG);
	CHECK(has_said("with section .linux"));
	large.v[1].data.len = UINT32_MAX - STUB_SIZE;
	CHECK_EQ(add(&stub, &large, &out), -EFBIG);
	CHECK_EQ(out.len, 0);
	if (SIZE_MAX > UINT32_MAX) {
		large.v[1].data.len = SIZE_MAX;
		CHECK_EQ(add(&stub, &large, &out), -EFBIG);
	}
}

static int fail(void *ctx, const void *data, size_t len, struct cfs_err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	return cfs_fail(e, EIO, "no");
}

TEST(a_failing_sink_is_reported)
{
	CFS_AUTOBUF struct cfs_buf stub = { 0 };
	const struct cfs_sink sink = { fail, NULL };

	test_stub(CFS_PE_X64, &stub);
	CHECK_EQ(cfs_pe_add_sections(cfs_buf_bytes(&stub), &two, &sink, &err),
		 -EIO);
}
