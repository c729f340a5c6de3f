/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writes an EFI program that is another one, the stub, with further sections:
 * a unified kernel image.
 *
 * The stub's code and data stay where they are, in the file and in memory.  New
 * sections are appended to both: each begins in memory at a multiple of the
 * stub's SectionAlignment behind the section before it, and in the file at a
 * multiple of its FileAlignment, and is padded with zeros to one.  Of the
 * headers change:
 *
 *   NumberOfSections, the section table
 *	the new entries, in the room that the stub leaves between its table and
 *	its first section, which must be zero
 *   SizeOfCode, SizeOfInitializedData
 *	grow by the new sections' sizes in the file
 *   SizeOfImage
 *	the end of the last section in memory, a multiple of SectionAlignment
 *   SizeOfHeaders
 *	covers the table, a multiple of FileAlignment
 *   CheckSum
 *	of the whole file
 *   PointerToSymbolTable, NumberOfSymbols
 *	0: what is behind the stub's last section, such as a symbol table, is
 *	not loaded and is left out
 *   DllCharacteristics
 *	loses NX_COMPAT if a new section's code does not have it
 *
 * The output depends on nothing but the arguments.
 *
 * Source: Microsoft, PE Format, "Optional Header" and "Section Table" (each of
 * the rules above); RFC 1071 and ImageHlp, CheckSumMappedFile() (the checksum);
 * systemd src/ukify/ukify.py (the section flags, NX_COMPAT); EDK2 BasePeCoffLib
 * (a section whose size in memory is 0 has its size in the file).
 */
#ifndef CFS_BOOT_PE_WRITE_H
#define CFS_BOOT_PE_WRITE_H

#include <stdbool.h>

#include "base/sink.h"
#include "boot/pe.h"

/* The most sections that a stub may have, and the most that are added. */
#define CFS_PE_STUB_SECTIONS_MAX 96
#define CFS_PE_ADDED_MAX	 16

/* A section to add. */
struct cfs_pe_part {
	const char *name;      /* 1 to CFS_PE_NAME_MAX bytes */
	struct cfs_bytes data; /* not empty; borrowed */
	bool code;	       /* a kernel */
};

struct cfs_pe_addition {
	unsigned n; /* 1 to CFS_PE_ADDED_MAX */
	struct cfs_pe_part v[CFS_PE_ADDED_MAX];
	bool no_nx; /* the code does not have NX_COMPAT */
};

/*
 * Writes the EFI program @stub with the sections of @add to @sink.  Nothing is
 * written unless the stub is sound.
 *
 * Errors: -EINVAL the stub is not an EFI application, is signed, or has a
 * section of a name that is to be added; -EBADMSG it is truncated, or its
 * sections overlap or contradict its headers; -ENOSPC its section table has no
 * room for the new ones; -EFBIG the program would exceed the 4 GiB that PE
 * files have; -ENOMEM; those of @sink.
 */
int cfs_pe_add_sections(struct cfs_bytes stub,
			const struct cfs_pe_addition *add,
			const struct cfs_sink *sink,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
