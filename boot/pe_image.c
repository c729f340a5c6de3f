/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/pe_image.h"

#include "boot/pe_format.h"

const char *cfs_pe_machine_name(uint16_t machine)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} names[] = {
		{ CFS_PE_IA32, "ia32" },
		{ CFS_PE_X64, "x64" },
		{ CFS_PE_ARM, "arm" },
		{ CFS_PE_AA64, "aa64" },
		{ CFS_PE_RISCV64, "riscv64" },
		{ CFS_PE_LOONGARCH64, "loongarch64" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return NULL;
}

static int truncated(struct cfs_err *err)
{
	return cfs_fail(err, EBADMSG, "truncated PE file");
}

/* Reads the number of data directories, which tell where signatures are. */
static int read_dirs(struct cfs_bytes optional, bool is_64,
		     struct cfs_pe_image *ret, struct cfs_err *err)
{
	size_t at = is_64 ? CFS_PE_DIRS_AT_64 : CFS_PE_DIRS_AT_32;
	struct cfs_bytes number, dirs;
	cfs_le32 n, certs[2];

	if (!cfs_bytes_slice(optional, at, sizeof(n), &number))
		return truncated(err);
	memcpy(&n, number.data, sizeof(n));
	if (cfs_get32(n) > CFS_PE_DIRS_MAX)
		return cfs_fail(err, EBADMSG,
				"%u data directories exceed the maximum of %d",
				cfs_get32(n), CFS_PE_DIRS_MAX);
	if (!cfs_bytes_slice(optional, at + sizeof(n),
			     CFS_PE_DIR_SIZE * (uint64_t)cfs_get32(n), &dirs))
		return cfs_fail(err, EBADMSG,
				"its %u data directories lie outside the "
				"optional header of %zu bytes",
				cfs_get32(n), optional.len);
	/* Without this directory, or with an empty one, there is no
	 * signature. */
	if (!cfs_bytes_slice(dirs, CFS_PE_DIR_SIZE * CFS_PE_DIR_CERTS,
			     sizeof(certs), &dirs))
		return 0;
	memcpy(certs, dirs.data, sizeof(certs));
	ret->is_signed = cfs_get32(certs[0]) != 0 || cfs_get32(certs[1]) != 0;
	return 0;
}

static int read_optional(struct cfs_bytes bytes, struct cfs_pe_image *ret,
			 struct cfs_err *err)
{
	const struct cfs_pe_optional *optional;
	unsigned magic;

	/* The bytes need no alignment: members are bytes themselves. */
	if (bytes.len < sizeof(*optional))
		return cfs_fail(err, EBADMSG,
				"its optional header has %zu bytes, which is "
				"too few for a program",
				bytes.len);
	optional = (const void *)bytes.data;
	magic = cfs_get16(optional->magic);
	if (magic != CFS_PE_32 && magic != CFS_PE_64)
		return cfs_fail(err, EBADMSG,
				"its optional header is of the unknown kind "
				"%#x",
				magic);
	if (cfs_get16(optional->subsystem) != CFS_PE_EFI_APPLICATION)
		return cfs_fail(err, EBADMSG,
				"it is a program for subsystem %u, and not an "
				"EFI application",
				cfs_get16(optional->subsystem));
	ret->nx = cfs_get16(optional->dll_flags) & CFS_PE_NX;
	return read_dirs(bytes, magic == CFS_PE_64, ret, err);
}

/* Returns 1, or 0 if there is no PE header. */
static int read_header(struct cfs_bytes file, struct cfs_pe_image *image,
		       struct cfs_bytes *ret_optional, struct cfs_err *err)
{
	const struct cfs_pe_header *header;
	const struct cfs_pe_dos *dos;
	struct cfs_bytes bytes;

	if (!cfs_bytes_slice(file, 0, sizeof(*dos), &bytes))
		return 0;
	dos = (const void *)bytes.data;
	if (memcmp(dos->magic, CFS_PE_DOS_MAGIC, sizeof(dos->magic)) != 0)
		return 0;
	if (!cfs_bytes_slice(file, cfs_get32(dos->pe), sizeof(*header), &bytes))
		return truncated(err);
	header = (const void *)bytes.data;
	if (memcmp(header->magic, CFS_PE_MAGIC, sizeof(header->magic)) != 0)
		return 0;
	image->machine = cfs_get16(header->machine);
	image->sections = cfs_get16(header->sections);
	image->header_at = cfs_get32(dos->pe);
	image->optional_at = image->header_at + sizeof(*header);
	if (!cfs_bytes_slice(file, image->optional_at,
			     cfs_get16(header->optional_size), ret_optional))
		return truncated(err);
	return 1;
}

int cfs_pe_image_read(struct cfs_bytes file, struct cfs_pe_image *ret,
		      struct cfs_err *err)
{
	struct cfs_pe_image image = { 0 };
	struct cfs_bytes optional = { 0 }, table;
	int r = read_header(file, &image, &optional, err);

	if (r <= 0)
		return r;
	r = read_optional(optional, &image, err);
	if (r < 0)
		return r;
	image.table_at = image.optional_at + optional.len;
	if (!cfs_bytes_slice(file, image.table_at,
			     sizeof(struct cfs_pe_entry) *
				     (uint64_t)image.sections,
			     &table))
		return truncated(err);
	*ret = image;
	return 1;
}
