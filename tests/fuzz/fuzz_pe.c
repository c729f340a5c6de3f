/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sections lie inside the file, and a PE file that is built of what was read
 * has the same sections.
 */
#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "base/io.h"
#include "boot/pe.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/boot/pe.h"

#define TABLE_AT     (128 + 24 + 240) /* in the files of test_pe() */
#define SECTIONS_MAX 64		      /* of those that are built again */

static struct cfs_err err;

static int file_of(struct cfs_bytes bytes)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	assert(fd >= 0);
	assert(bytes.len == 0 ||
	       cfs_write_full(fd, bytes.data, bytes.len) == 0);
	return fd;
}

static void read_section(int fd, const struct cfs_pe_section *section,
			 struct cfs_bytes file, struct cfs_buf *ret)
{
	struct cfs_bytes want;
	int r = cfs_pe_read(fd, section, file.len, ret, &err);

	if (section->size == 0) {
		assert(r == 0 && ret->len == 0);
		return;
	}
	assert(cfs_bytes_slice(file, section->off, section->size, &want));
	assert(r == 0 && ret->len == want.len &&
	       memcmp(ret->data, want.data, want.len) == 0);
	if (section->size > 1)
		assert(cfs_pe_read(fd, section, (size_t)section->size - 1, ret,
				   &err) == -EFBIG);
}

/* Appends to @out a PE file of the sections of @pe. */
static void build(int fd, const struct cfs_pe *pe, struct cfs_bytes file,
		  struct cfs_buf *out)
{
	struct test_section sections[SECTIONS_MAX];

	for (unsigned i = 0; i < pe->n; i++)
		sections[i] = (struct test_section){ pe->v[i].name, "", 0 };
	test_pe(sections, pe->n, out);
	for (unsigned i = 0; i < pe->n; i++) {
		CFS_AUTOBUF struct cfs_buf text = { 0 };
		cfs_le32 size, off = cfs_put32((uint32_t)(out->len));
		uint8_t *entry;

		read_section(fd, &pe->v[i], file, &text);
		cfs_buf_add(out, text.data, text.len);
		size = cfs_put32((uint32_t)text.len);
		entry = out->data + TABLE_AT + 40 * (size_t)i;
		memcpy(entry + 8, &size, sizeof(size));
		memcpy(entry + 16, &size, sizeof(size));
		memcpy(entry + 20, &off, sizeof(off));
	}
}

static void compare(int fd, const struct cfs_pe *pe, struct cfs_bytes file,
		    struct cfs_bytes again)
{
	CFS_AUTOPE struct cfs_pe other = { 0 };
	CFS_AUTOFD int other_fd = file_of(again);

	assert(cfs_pe_open(other_fd, &other, &err) == 1 && other.n == pe->n);
	for (unsigned i = 0; i < pe->n; i++) {
		CFS_AUTOBUF struct cfs_buf a = { 0 }, b = { 0 };

		read_section(fd, &pe->v[i], file, &a);
		read_section(other_fd, &other.v[i], again, &b);
		assert(strcmp(pe->v[i].name, other.v[i].name) == 0);
		assert(a.len == b.len &&
		       (a.len == 0 || memcmp(a.data, b.data, a.len) == 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfs_bytes file = { data, size };
	CFS_AUTOBUF struct cfs_buf again = { 0 };
	CFS_AUTOPE struct cfs_pe pe = { 0 };
	CFS_AUTOFD int fd = file_of(file);
	int r = cfs_pe_open(fd, &pe, &err);

	assert(r == 1 || r == 0 || r == -EBADMSG || r == -EFBIG);
	if (r < 1) {
		assert(!pe.v);
		return 0;
	}
	assert(pe.n <= CFS_PE_SECTIONS_MAX);
	if (pe.n > SECTIONS_MAX)
		return 0;
	build(fd, &pe, file, &again);
	compare(fd, &pe, file, cfs_buf_bytes(&again));
	return 0;
}
