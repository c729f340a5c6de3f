/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* PE files for tests. */
#ifndef CFS_TESTS_UNIT_BOOT_PE_H
#define CFS_TESTS_UNIT_BOOT_PE_H

#include "base/buf.h"
#include "base/disk.h"

struct test_section {
	const char *name;
	const char *text;
	uint32_t padding; /* bytes behind the text, in the file */
};

static inline void put_le(struct cfs_buf *out, uint64_t value, size_t size)
{
	cfs_le64 le = cfs_put64(value);

	cfs_buf_add(out, le.b, size);
}

/* Appends a PE file as ukify(1) makes them, as far as sections go: the PE
 * header at 128, an optional header of 240 bytes, contents one after
 * another. */
static inline void test_pe(const struct test_section *sections, unsigned n,
			   struct cfs_buf *out)
{
	uint64_t at = 128 + 24 + 240 + 40 * (uint64_t)n;

	cfs_buf_adds(out, "MZ");
	cfs_buf_addz(out, 58);
	put_le(out, 128, 4);
	cfs_buf_addz(out, 64);
	cfs_buf_add(out, "PE\0", 4);
	put_le(out, 0x8664, 2);
	put_le(out, n, 2);
	cfs_buf_addz(out, 12);
	put_le(out, 240, 2);
	cfs_buf_addz(out, 2 + 240);
	for (unsigned i = 0; i < n; i++) {
		size_t len = strlen(sections[i].text);
		size_t name = strlen(sections[i].name);

		cfs_buf_adds(out, sections[i].name);
		cfs_buf_addz(out, 8 - name);
		put_le(out, len, 4);
		put_le(out, 0x1000, 4);
		put_le(out, len + sections[i].padding, 4);
		put_le(out, at, 4);
		cfs_buf_addz(out, 16);
		at += len + sections[i].padding;
	}
	for (unsigned i = 0; i < n; i++) {
		cfs_buf_adds(out, sections[i].text);
		cfs_buf_addz(out, sections[i].padding);
	}
}

#endif
