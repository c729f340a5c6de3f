/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A stub with sections added reads back as what it was and what was added, no
 * two of its sections overlap, its checksum is right, and the same bytes come
 * out again.
 */
#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "base/io.h"
#include "boot/pe_format.h"
#include "boot/pe_image.h"
#include "boot/pe_write.h"
#include "tests/fuzz/fuzz.h"

static struct cfs_err err;

static const struct cfs_pe_addition added = {
	.n = 3,
	.v = { { ".osrel", { (const uint8_t *)"ID=x", 4 }, false },
	       { ".cmdline",
		 { (const uint8_t *)"composefs=1 quiet", 17 },
		 false },
	       { ".linux", { (const uint8_t *)"kernel", 6 }, true } },
};

static int write_to(struct cfs_bytes stub, struct cfs_buf *ret)
{
	const struct cfs_sink sink = cfs_sink_of_buf(ret);

	return cfs_pe_add_sections(stub, &added, &sink, &err);
}

static void check_content(int fd, const struct cfs_pe_section *section,
			  struct cfs_bytes want)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	assert(cfs_pe_read(fd, section, want.len, &text, &err) == 0);
	assert(text.len == want.len &&
	       (want.len == 0 || memcmp(text.data, want.data, want.len) == 0));
}

static int file_of(struct cfs_bytes bytes)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	assert(fd >= 0 && cfs_write_full(fd, bytes.data, bytes.len) == 0);
	return fd;
}

static void check_sections(struct cfs_bytes stub, struct cfs_bytes out)
{
	CFS_AUTOFD int stub_fd = file_of(stub), fd = file_of(out);
	CFS_AUTOPE struct cfs_pe before = { 0 }, after = { 0 };
	struct cfs_bytes want;

	assert(cfs_pe_open(stub_fd, &before, &err) == 1);
	assert(cfs_pe_open(fd, &after, &err) == 1);
	assert(after.n == before.n + added.n);
	for (unsigned i = 0; i < before.n; i++) {
		assert(strcmp(before.v[i].name, after.v[i].name) == 0);
		assert(cfs_bytes_slice(stub,
				       before.v[i].size ? before.v[i].off : 0,
				       before.v[i].size, &want));
		check_content(fd, &after.v[i], want);
	}
	for (unsigned i = 0; i < added.n; i++) {
		const struct cfs_pe_section *section = &after.v[before.n + i];

		assert(strcmp(section->name, added.v[i].name) == 0);
		check_content(fd, section, added.v[i].data);
	}
}

static void check_layout(struct cfs_bytes out)
{
	struct cfs_pe_image image;
	const struct cfs_pe_optional *optional;
	const struct cfs_pe_entry *table;
	uint64_t file_end = 0, memory_end;

	assert(cfs_pe_image_read(out, &image, &err) == 1);
	assert(!image.is_signed);
	optional = (const void *)(out.data + image.optional_at);
	table = (const void *)(out.data + image.table_at);
	memory_end = cfs_get32(optional->headers_size);
	assert(memory_end >= image.table_at + 40 * (uint64_t)image.sections);
	for (unsigned i = 0; i < image.sections; i++) {
		uint64_t size = cfs_get32(table[i].file_size);
		uint64_t memory = cfs_get32(table[i].memory_size);
		uint64_t at = cfs_get32(table[i].memory_off);

		assert(at >= memory_end);
		memory_end = at + (memory ? memory : size);
		if (i < image.sections - added.n)
			continue;
		assert(at % cfs_get32(optional->section_align) == 0);
		assert(cfs_get32(table[i].file_off) >= file_end);
		assert(cfs_get32(table[i].file_off) %
			       cfs_get32(optional->file_align) ==
		       0);
		file_end = cfs_get32(table[i].file_off) + size;
	}
	assert(file_end == out.len);
	assert(memory_end <= cfs_get32(optional->image_size));
}

static void check_sum(struct cfs_bytes out)
{
	struct cfs_pe_image image;
	uint64_t sum = 0;
	cfs_le32 is;
	size_t at;

	assert(cfs_pe_image_read(out, &image, &err) == 1);
	at = image.optional_at + offsetof(struct cfs_pe_optional, checksum);
	for (size_t i = 0; i < out.len; i++)
		if (i < at || i >= at + sizeof(is))
			sum += (uint64_t)out.data[i] << (i & 1 ? 8 : 0);
	for (; sum >> 16; sum = (sum & 0xffff) + (sum >> 16))
		;
	memcpy(&is, out.data + at, sizeof(is));
	assert(cfs_get32(is) == (uint32_t)(sum + out.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfs_bytes stub = { data, size };
	CFS_AUTOBUF struct cfs_buf out = { 0 }, again = { 0 };
	int r = write_to(stub, &out);

	if (r < 0) {
		assert(r == -EINVAL || r == -EBADMSG || r == -ENOSPC ||
		       r == -EFBIG);
		assert(out.len == 0);
		return 0;
	}
	check_sections(stub, cfs_buf_bytes(&out));
	check_layout(cfs_buf_bytes(&out));
	check_sum(cfs_buf_bytes(&out));
	assert(write_to(stub, &again) == 0 && again.len == out.len &&
	       memcmp(again.data, out.data, out.len) == 0);
	cfs_buf_free(&again);
	assert(write_to(cfs_buf_bytes(&out), &again) == -EINVAL);
	return 0;
}
