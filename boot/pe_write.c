/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/pe_write.h"

#include "boot/pe_format.h"
#include "boot/pe_image.h"

/* Source: Microsoft, PE Format, "FileAlignment": a power of 2 from 512 to 64 K;
 * "SectionAlignment": not less.  The largest page of a machine with EFI is
 * 64 KiB, which leaves room for more. */
#define FILE_ALIGN_MIN	  512
#define FILE_ALIGN_MAX	  65536
#define SECTION_ALIGN_MAX (1U << 24)

/* A section of the stub. */
struct section {
	char name[CFS_PE_NAME_MAX + 1];
	uint64_t file_at, file_end, memory_at, memory_end;
};

struct job {
	struct cfs_bytes stub;
	const struct cfs_pe_addition *add;
	struct cfs_pe_image image;
	uint64_t file_align, section_align;
	uint64_t headers_end;	       /* where the first section begins */
	uint64_t file_end, memory_end; /* of the sections so far */
	unsigned n;
	struct section v[CFS_PE_STUB_SECTIONS_MAX];
	struct cfs_buf headers; /* owned; as they are written */
};

static uint64_t align(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

static bool is_power_of_2(uint64_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static const struct cfs_pe_optional *optional_of(const struct job *job)
{
	return (const void *)(job->stub.data + job->image.optional_at);
}

static int read_headers(struct job *job, struct cfs_err *err)
{
	const struct cfs_pe_optional *optional;
	int r = cfs_pe_image_read(job->stub, &job->image, err);

	if (r == 0)
		return cfs_fail(err, EINVAL, "it is not an EFI program");
	if (r < 0)
		return r;
	/* Appended sections would be outside what the signature covers. */
	if (job->image.is_signed)
		return cfs_fail(err, EINVAL,
				"it is signed, which adding sections would "
				"break: give one that is not");
	optional = optional_of(job);
	job->file_align = cfs_get32(optional->file_align);
	job->section_align = cfs_get32(optional->section_align);
	if (!is_power_of_2(job->file_align) ||
	    job->file_align < FILE_ALIGN_MIN ||
	    job->file_align > FILE_ALIGN_MAX)
		return cfs_fail(err, EBADMSG,
				"its file alignment is %llu, which is no power "
				"of 2 from %d to %d",
				(unsigned long long)job->file_align,
				FILE_ALIGN_MIN, FILE_ALIGN_MAX);
	if (!is_power_of_2(job->section_align) ||
	    job->section_align < job->file_align ||
	    job->section_align > SECTION_ALIGN_MAX)
		return cfs_fail(err, EBADMSG,
				"its section alignment is %llu, which is no "
				"power of 2 from its file alignment to %u",
				(unsigned long long)job->section_align,
				SECTION_ALIGN_MAX);
	if (job->image.sections == 0 ||
	    job->image.sections > CFS_PE_STUB_SECTIONS_MAX)
		return cfs_fail(err, EBADMSG,
				"it has %u sections, and not 1 to %d",
				job->image.sections, CFS_PE_STUB_SECTIONS_MAX);
	return 0;
}

static void read_section(const struct job *job, unsigned i, struct section *ret)
{
	const struct cfs_pe_entry *from =
		(const void *)(job->stub.data + job->image.table_at +
			       i * sizeof(*from));
	uint64_t size = cfs_get32(from->file_size);
	uint64_t in_memory = cfs_get32(from->memory_size);

	/* BasePeCoffLib takes the size in the file if that in memory is 0. */
	*ret = (struct section){ .memory_at = cfs_get32(from->memory_off) };
	memcpy(ret->name, from->name, sizeof(from->name));
	ret->memory_end = ret->memory_at + (in_memory ? in_memory : size);
	/* Without bytes in the file, the offset has no meaning. */
	ret->file_at = size ? cfs_get32(from->file_off) : 0;
	ret->file_end = ret->file_at + size;
}

static int check_section(const struct job *job, const struct section *s,
			 struct cfs_err *err)
{
	const struct cfs_pe_optional *optional = optional_of(job);

	if (s->file_end > job->stub.len)
		return cfs_fail(err, EBADMSG,
				"section %s lies outside the file: truncated "
				"PE file",
				s->name);
	if (s->file_at & (job->file_align - 1))
		return cfs_fail(err, EBADMSG,
				"section %s begins at byte %llu, which is no "
				"multiple of the file alignment",
				s->name, (unsigned long long)s->file_at);
	if (s->memory_at < job->memory_end)
		return cfs_fail(err, EBADMSG,
				"section %s begins in memory before the end of "
				"what precedes it: sections overlap",
				s->name);
	if (s->memory_end > cfs_get32(optional->image_size))
		return cfs_fail(err, EBADMSG,
				"section %s ends in memory behind the end of "
				"the program",
				s->name);
	/* Overlapping sections could mean one thing to the writer and another
	 * to the loader that verifies and runs the program. */
	for (unsigned i = 0; i < job->n; i++)
		if (s->file_at < job->v[i].file_end &&
		    job->v[i].file_at < s->file_end)
			return cfs_fail(err, EBADMSG,
					"sections %s and %s overlap in the "
					"file",
					job->v[i].name, s->name);
	return 0;
}

static int read_sections(struct job *job, struct cfs_err *err)
{
	/* Firmware maps the headers before the sections. */
	job->memory_end = cfs_get32(optional_of(job)->headers_size);
	job->headers_end = job->stub.len;
	for (; job->n < job->image.sections; job->n++) {
		struct section *s = &job->v[job->n];
		int r;

		read_section(job, job->n, s);
		r = check_section(job, s, err);
		if (r < 0)
			return r;
		job->memory_end = s->memory_end;
		if (s->file_end > job->file_end)
			job->file_end = s->file_end;
		if (s->file_end > s->file_at && s->file_at < job->headers_end)
			job->headers_end = s->file_at;
	}
	if (job->file_end == 0)
		return cfs_fail(err, EBADMSG, "its sections are all empty");
	return 0;
}

static int check_room(const struct job *job, uint64_t table_end,
		      uint64_t headers_size, struct cfs_err *err)
{
	uint64_t first = job->headers_end;
	uint64_t from =
		job->image.table_at + job->n * sizeof(struct cfs_pe_entry);

	/* Entries are added behind the table, so there must be room before the
	 * first section, and nothing else in it. */
	if (first < from)
		return cfs_fail(err, EBADMSG,
				"a section begins at byte %llu, inside the "
				"headers",
				(unsigned long long)first);
	if (job->v[0].memory_at < first)
		first = job->v[0].memory_at;
	if (headers_size > first)
		return cfs_fail(err, ENOSPC,
				"its section table has no room for %u more "
				"sections",
				job->add->n);
	for (uint64_t i = from; i < table_end; i++)
		if (job->stub.data[i] != 0)
			return cfs_fail(err, ENOSPC,
					"its section table has no room for %u "
					"more sections: other data follows it",
					job->add->n);
	return 0;
}

/* Which one of two sections of a name counts would depend on the reader. */
static int check_names(const struct job *job, struct cfs_err *err)
{
	for (unsigned i = 0; i < job->add->n; i++)
		for (unsigned j = 0; j < job->n; j++)
			if (strcmp(job->add->v[i].name, job->v[j].name) == 0)
				return cfs_fail(err, EINVAL,
						"it has a section %s already, "
						"so it is a finished program "
						"and not a stub",
						job->v[j].name);
	return 0;
}

/* The entry of the next section, which is placed behind those so far. */
static int add_entry(struct job *job, const struct cfs_pe_part *part,
		     struct cfs_pe_entry *ret, struct cfs_err *err)
{
	uint64_t at = align(job->file_end, job->file_align);
	uint64_t size = align(part->data.len, job->file_align);
	uint64_t memory_at = align(job->memory_end, job->section_align);
	uint64_t memory_end = memory_at + part->data.len;

	/* Lengths are those of memory, so none of the 64-bit sums overflows. */
	if (part->data.len > UINT32_MAX || at + size > UINT32_MAX ||
	    align(memory_end, job->section_align) > UINT32_MAX)
		return cfs_fail(err, EFBIG,
				"with section %s the program exceeds the 4 GiB "
				"of the format",
				part->name);
	*ret = (struct cfs_pe_entry){
		.memory_size = cfs_put32((uint32_t)part->data.len),
		.memory_off = cfs_put32((uint32_t)memory_at),
		.file_size = cfs_put32((uint32_t)size),
		.file_off = cfs_put32((uint32_t)at),
		.flags = cfs_put32(CFS_PE_READ |
				   (part->code ? CFS_PE_CODE : CFS_PE_DATA)),
	};
	memcpy(ret->name, part->name, strlen(part->name));
	job->file_end = at + size;
	job->memory_end = memory_end;
	return 0;
}

static void grow(cfs_le32 *to, uint64_t by)
{
	*to = cfs_put32((uint32_t)(cfs_get32(*to) + by));
}

static int add_entries(struct job *job, struct cfs_err *err)
{
	struct cfs_pe_optional *optional =
		(void *)(job->headers.data + job->image.optional_at);
	struct cfs_pe_entry *table =
		(void *)(job->headers.data + job->image.table_at);

	for (unsigned i = 0; i < job->add->n; i++) {
		const struct cfs_pe_part *part = &job->add->v[i];
		struct cfs_pe_entry *entry = &table[job->n + i];
		int r = add_entry(job, part, entry, err);

		if (r < 0)
			return r;
		grow(part->code ? &optional->code_size : &optional->data_size,
		     cfs_get32(entry->file_size));
	}
	return 0;
}

static int make_headers(struct job *job, struct cfs_err *err)
{
	unsigned n = job->n + job->add->n;
	uint64_t end = job->image.table_at + n * sizeof(struct cfs_pe_entry);
	uint64_t size = cfs_get32(optional_of(job)->headers_size);
	struct cfs_pe_optional *optional;
	struct cfs_pe_header *header;
	int r;

	size = align(size > end ? size : end, job->file_align);
	r = check_room(job, end, size, err);
	if (r < 0)
		return r;
	cfs_buf_add(&job->headers, job->stub.data, (size_t)job->headers_end);
	r = cfs_buf_check(&job->headers, err);
	if (r == 0)
		r = add_entries(job, err);
	if (r < 0)
		return r;
	/* Symbols stood behind the stub's last section, and are not written. */
	header = (void *)(job->headers.data + job->image.header_at);
	header->sections = cfs_put16((uint16_t)n);
	header->symbols = header->n_symbols = cfs_put32(0);
	header->flags = cfs_put16(cfs_get16(header->flags) | CFS_PE_NO_SYMBOLS);
	optional = (void *)(job->headers.data + job->image.optional_at);
	optional->image_size =
		cfs_put32((uint32_t)align(job->memory_end, job->section_align));
	optional->headers_size = cfs_put32((uint32_t)size);
	/* The sum is that of a file whose checksum is zero; set_checksum()
	 * follows. */
	optional->checksum = cfs_put32(0);
	/* Code that was not built for it would crash if firmware forbade it to
	 * execute data pages. */
	if (job->add->no_nx)
		optional->dll_flags = cfs_put16((
			uint16_t)(cfs_get16(optional->dll_flags) & ~CFS_PE_NX));
	return 0;
}

/* Writes @bytes and pads them to the alignment of the file. */
static int emit(const struct job *job, const struct cfs_sink *sink,
		struct cfs_bytes bytes, struct cfs_err *err)
{
	static const uint8_t zeros[FILE_ALIGN_MIN];
	uint64_t pad = align(bytes.len, job->file_align) - bytes.len;
	int r = cfs_sink_write(sink, bytes.data, bytes.len, err);

	while (r == 0 && pad > 0) {
		size_t n = pad < sizeof(zeros) ? (size_t)pad : sizeof(zeros);

		r = cfs_sink_write(sink, zeros, n, err);
		pad -= n;
	}
	return r;
}

static int emit_all(const struct job *job, uint64_t stub_end,
		    const struct cfs_sink *sink, struct cfs_err *err)
{
	struct cfs_bytes body = { job->stub.data + job->headers_end,
				  (size_t)(stub_end - job->headers_end) };
	int r = emit(job, sink, cfs_buf_bytes(&job->headers), err);

	if (r == 0)
		r = emit(job, sink, body, err);
	for (unsigned i = 0; r == 0 && i < job->add->n; i++)
		r = emit(job, sink, job->add->v[i].data, err);
	return r;
}

/* The sum of a file's little-endian 16-bit words. */
struct sum {
	uint64_t words, len;
};

static int add_to_sum(void *ctx, const void *data, size_t len,
		      struct cfs_err *err)
{
	struct sum *sum = ctx;
	const uint8_t *bytes = data;
	size_t i = 0;

	(void)err;
	if (sum->len & 1)
		sum->words += (uint64_t)bytes[i++] << 8;
	for (; i + 1 < len; i += 2)
		sum->words += bytes[i] | (uint32_t)bytes[i + 1] << 8;
	if (i < len)
		sum->words += bytes[i];
	sum->len += len;
	return 0;
}

/* Source: ImageHlp's CheckSumMappedFile(): the words are added with end-around
 * carry, as in RFC 1071, and then the length. */
static int set_checksum(struct job *job, uint64_t stub_end, struct cfs_err *err)
{
	struct sum sum = { 0 };
	const struct cfs_sink sink = { add_to_sum, &sum };
	struct cfs_pe_optional *optional =
		(void *)(job->headers.data + job->image.optional_at);
	int r = emit_all(job, stub_end, &sink, err);

	if (r < 0)
		return r;
	while (sum.words >> 16)
		sum.words = (sum.words & 0xffff) + (sum.words >> 16);
	optional->checksum = cfs_put32((uint32_t)(sum.words + sum.len));
	return 0;
}

static int write_all(struct job *job, const struct cfs_sink *sink,
		     struct cfs_err *err)
{
	uint64_t stub_end;
	int r = read_headers(job, err);

	if (r == 0)
		r = read_sections(job, err);
	if (r == 0)
		r = check_names(job, err);
	/* Kept now: adding entries moves it on. */
	stub_end = job->file_end;
	if (r == 0)
		r = make_headers(job, err);
	if (r == 0)
		r = set_checksum(job, stub_end, err);
	return r < 0 ? r : emit_all(job, stub_end, sink, err);
}

int cfs_pe_add_sections(struct cfs_bytes stub,
			const struct cfs_pe_addition *add,
			const struct cfs_sink *sink, struct cfs_err *err)
{
	struct job job = { .stub = stub, .add = add };
	int r = write_all(&job, sink, err);

	cfs_buf_free(&job.headers);
	return r;
}
