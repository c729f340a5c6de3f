/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* EFI programs for tests that are sound, down to what is then broken in
 * them. */
#ifndef CFS_TESTS_UNIT_BOOT_STUB_H
#define CFS_TESTS_UNIT_BOOT_STUB_H

#include <fcntl.h>

#include "base/buf.h"
#include "base/io.h"
#include "boot/pe_format.h"
#include "tests/test.h"

/* Offsets in the programs of test_stub(). */
#define STUB_PE	      64U
#define STUB_OPTIONAL (STUB_PE + 24U)
#define STUB_TABLE    (STUB_OPTIONAL + 240U)
#define STUB_HEADERS  1024U /* as many as they have room for */
#define STUB_SECTIONS 3U
#define STUB_SIZE     (STUB_HEADERS + 1536U)

static inline void stub_put(struct cfs_buf *out, uint64_t value, size_t size)
{
	cfs_le64 le = cfs_put64(value);

	cfs_buf_add(out, le.b, size);
}

static inline void stub_entry(struct cfs_buf *out, const char *name,
			      uint32_t memory_size, uint32_t memory_at,
			      uint32_t file_at)
{
	cfs_buf_adds(out, name);
	cfs_buf_addz(out, 8 - strlen(name));
	stub_put(out, memory_size, 4);
	stub_put(out, memory_at, 4);
	stub_put(out, 512, 4);
	stub_put(out, file_at, 4);
	cfs_buf_addz(out, 12);
	stub_put(out, CFS_PE_READ | CFS_PE_DATA, 4);
}

/*
 * Appends a program for @machine with sections .text, .sbat and .reloc of 512
 * bytes each in the file, aligned to 512 bytes there and to 4096 in memory, and
 * with NX_COMPAT.
 */
static inline void test_stub(uint16_t machine, struct cfs_buf *out)
{
	cfs_buf_adds(out, "MZ");
	cfs_buf_addz(out, 58);
	stub_put(out, STUB_PE, 4);
	cfs_buf_add(out, "PE\0", 4);
	stub_put(out, machine, 2);
	stub_put(out, STUB_SECTIONS, 2);
	cfs_buf_addz(out, 12);
	stub_put(out, 240, 2);
	stub_put(out, 0x22, 2);
	stub_put(out, CFS_PE_64, 4);
	stub_put(out, 512, 4);	/* SizeOfCode */
	stub_put(out, 1024, 4); /* SizeOfInitializedData */
	cfs_buf_addz(out, 20);
	stub_put(out, 4096, 4); /* SectionAlignment */
	stub_put(out, 512, 4);	/* FileAlignment */
	cfs_buf_addz(out, 16);
	stub_put(out, 16384, 4); /* SizeOfImage */
	stub_put(out, STUB_HEADERS, 4);
	stub_put(out, 0, 4);
	stub_put(out, CFS_PE_EFI_APPLICATION, 2);
	stub_put(out, CFS_PE_NX, 2);
	cfs_buf_addz(out, 36);
	stub_put(out, 16, 4); /* data directories */
	cfs_buf_addz(out, 128);
	stub_entry(out, ".text", 500, 4096, 1024);
	stub_entry(out, ".sbat", 100, 8192, 1536);
	stub_entry(out, ".reloc", 12, 12288, 2048);
	cfs_buf_addz(out, STUB_HEADERS - out->len);
	for (unsigned i = 0; i < 1536; i++)
		cfs_buf_addc(out, (char)('a' + i / 512));
}

/* Sets the @size bytes of @file at @at to @value. */
static inline void stub_set(struct cfs_buf *file, size_t at, uint64_t value,
			    size_t size)
{
	cfs_le64 le = cfs_put64(value);

	memcpy(file->data + at, le.b, size);
}

/* Makes the file @path of these bytes. */
static inline void stub_save(const char *path, const struct cfs_buf *file)
{
	CFS_AUTOFD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, file->data, file->len), 0);
}

static inline uint32_t stub_get(const struct cfs_buf *file, size_t at)
{
	cfs_le32 le;

	memcpy(&le, file->data + at, sizeof(le));
	return cfs_get32(le);
}

#endif
