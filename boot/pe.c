/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/pe.h"

#include <string.h>

#include "base/io.h"
#include "boot/pe_format.h"

void cfs_pe_free(struct cfs_pe *pe)
{
	free(pe->v);
	*pe = (struct cfs_pe){ 0 };
}

/* Reads @len bytes at @off.  Returns 1, or 0 if the file ends before. */
static int read_at(int fd, void *data, size_t len, uint64_t off,
		   struct cfs_err *err)
{
	ssize_t n = cfs_pread_full(fd, data, len, off);

	if (n < 0)
		return cfs_fail(err, (int)-n, "read: %s", strerror((int)-n));
	return (size_t)n == len;
}

static int truncated(struct cfs_err *err)
{
	return cfs_fail(err, EBADMSG, "truncated PE file");
}

/* Reads the PE header; *@ret_table is the offset of the section table.
 * Returns 1, or 0 if it is not a PE file. */
static int read_header(int fd, struct cfs_pe_header *ret, uint64_t *ret_table,
		       struct cfs_err *err)
{
	struct cfs_pe_dos dos;
	uint64_t at;
	int r = read_at(fd, &dos, sizeof(dos), 0, err);

	if (r <= 0)
		return r;
	if (memcmp(dos.magic, CFS_PE_DOS_MAGIC, sizeof(dos.magic)) != 0)
		return 0;
	at = cfs_get32(dos.pe);
	r = read_at(fd, ret, sizeof(*ret), at, err);
	if (r < 0)
		return r;
	/* A DOS program has no PE header, and anything may stand in its
	 * place. */
	if (r == 0)
		return truncated(err);
	if (memcmp(ret->magic, CFS_PE_MAGIC, sizeof(ret->magic)) != 0)
		return 0;
	*ret_table = at + sizeof(*ret) + cfs_get16(ret->optional_size);
	return 1;
}

static int add_section(const struct cfs_pe_entry *from, uint64_t file_size,
		       struct cfs_pe_section *ret, struct cfs_err *err)
{
	/* file_size is rounded up to the file alignment.  memory_size is what
	 * the section holds, and is the larger one if it ends in zeros that the
	 * file leaves out. */
	uint64_t size = cfs_get32(from->file_size);

	if (cfs_get32(from->memory_size) < size)
		size = cfs_get32(from->memory_size);
	*ret = (struct cfs_pe_section){ .off = cfs_get32(from->file_off),
					.size = size };
	memcpy(ret->name, from->name, sizeof(from->name));
	if (size > 0 && (ret->off > file_size || size > file_size - ret->off))
		return cfs_fail(err, EBADMSG,
				"section %s lies outside the file: truncated "
				"PE file",
				ret->name);
	return 0;
}

static int read_table(int fd, uint64_t at, unsigned n, struct cfs_pe *ret,
		      struct cfs_err *err)
{
	/* One more than needed, since calloc(0) may return NULL. */
	CFS_AUTOFREE struct cfs_pe_entry *table = calloc(n + 1, sizeof(*table));
	CFS_AUTOPE struct cfs_pe pe = { 0 };
	struct stat st;
	int r;

	pe.v = calloc(n + 1, sizeof(*pe.v));
	if (!table || !pe.v)
		return cfs_no_memory(err);
	if (fstat(fd, &st) < 0)
		return cfs_fail_errno(err, "stat");
	r = read_at(fd, table, n * sizeof(*table), at, err);
	if (r <= 0)
		return r < 0 ? r : truncated(err);
	for (; pe.n < n; pe.n++) {
		r = add_section(&table[pe.n], (uint64_t)st.st_size, &pe.v[pe.n],
				err);
		if (r < 0)
			return r;
	}
	*ret = pe;
	pe.v = NULL;
	return 1;
}

int cfs_pe_open(int fd, struct cfs_pe *ret, struct cfs_err *err)
{
	struct cfs_pe_header header;
	uint64_t table = 0;
	unsigned n;
	int r = read_header(fd, &header, &table, err);

	if (r <= 0)
		return r;
	n = cfs_get16(header.sections);
	if (n > CFS_PE_SECTIONS_MAX)
		return cfs_fail(err, EFBIG,
				"%u sections exceed the maximum of %d", n,
				CFS_PE_SECTIONS_MAX);
	return read_table(fd, table, n, ret, err);
}

int cfs_pe_read(int fd, const struct cfs_pe_section *section, size_t max,
		struct cfs_buf *ret, struct cfs_err *err)
{
	int r;

	/* A section can be as large as an initrd, and is read into memory. */
	if (section->size > max)
		return cfs_fail(err, EFBIG,
				"section %s of %llu bytes exceeds the maximum "
				"of %zu",
				section->name,
				(unsigned long long)section->size, max);
	if (section->size == 0)
		return 0;
	if (!cfs_buf_reserve(ret, (size_t)section->size))
		return cfs_buf_check(ret, err);
	r = read_at(fd, ret->data + ret->len, (size_t)section->size,
		    section->off, err);
	if (r <= 0)
		return r < 0 ? r : truncated(err);
	ret->len += (size_t)section->size;
	return 0;
}
