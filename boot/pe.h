/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sections of PE files, the format of EFI programs.  A unified kernel image is
 * a PE file whose sections hold a kernel, an initrd and a command line; an
 * addon holds further command lines.
 *
 * The file is hostile: every range is checked against its size when the section
 * table is read.
 *
 * Source: Microsoft, PE Format, "COFF File Header" and "Section Table";
 * UAPI.5, Unified Kernel Image.
 */
#ifndef CFS_BOOT_PE_H
#define CFS_BOOT_PE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define CFS_PE_NAME_MAX	    8 /* bytes of a section's name */
#define CFS_PE_SECTIONS_MAX 4096

struct cfs_pe_section {
	char name[CFS_PE_NAME_MAX + 1]; /* any bytes up to the NUL */
	uint64_t off;			/* of the contents, in the file */
	uint64_t size;			/* bytes, without the padding */
};

struct cfs_pe {
	unsigned n;
	struct cfs_pe_section *v; /* owned; in the order of the file */
};

void cfs_pe_free(struct cfs_pe *pe);

#define CFS_AUTOPE __attribute__((cleanup(cfs_pe_free)))

/*
 * Reads the section table of the PE file @fd.
 *
 * A section's size is the smaller one of its size in memory and its size in the
 * file: the linker pads the latter, and what only memory has is zero.
 *
 * Returns 1, or 0 if @fd is not a PE file.
 * Errors: -EBADMSG the file is truncated or a section lies outside it, -EFBIG
 * more than CFS_PE_SECTIONS_MAX sections, -ENOMEM, those of pread(2).
 */
int cfs_pe_open(int fd, struct cfs_pe *ret,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends the contents of @section, which cfs_pe_open() found in @fd.
 * Errors: -EFBIG for more than @max bytes, -EBADMSG the file has become
 * shorter, -ENOMEM, those of pread(2).
 */
int cfs_pe_read(int fd, const struct cfs_pe_section *section, size_t max,
		struct cfs_buf *ret,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
