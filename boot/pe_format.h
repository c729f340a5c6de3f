/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The layout of PE files:
 *
 *   DOS header | ... | PE header | optional header | section | section ...
 *
 * The DOS header has the offset of the PE header, which has the size of the
 * optional header.  The section table follows that, and then, each at a
 * multiple of the file alignment, the contents of the sections.
 *
 * Source: Microsoft, PE Format, "COFF File Header", "Optional Header" and
 * "Section Table".
 */
#ifndef CFS_BOOT_PE_FORMAT_H
#define CFS_BOOT_PE_FORMAT_H

#include <stddef.h>

#include "base/disk.h"
#include "boot/pe.h"

#define CFS_PE_DOS_MAGIC "MZ"
#define CFS_PE_MAGIC	 "PE\0"

struct cfs_pe_dos {
	uint8_t magic[2];
	uint8_t unused[58];
	cfs_le32 pe; /* offset of struct cfs_pe_header */
};
_Static_assert(sizeof(struct cfs_pe_dos) == 64, "DOS header layout");

struct cfs_pe_header {
	uint8_t magic[4];
	cfs_le16 machine;  /* CFS_PE_X64, ... */
	cfs_le16 sections; /* entries of the section table */
	cfs_le32 time, symbols, n_symbols;
	cfs_le16 optional_size; /* bytes between here and the section table */
	cfs_le16 flags;
};
_Static_assert(sizeof(struct cfs_pe_header) == 24, "PE header layout");

/* Source: Microsoft, PE Format, "Machine Types". */
#define CFS_PE_IA32	   0x14c
#define CFS_PE_X64	   0x8664
#define CFS_PE_ARM	   0x1c2
#define CFS_PE_AA64	   0xaa64
#define CFS_PE_RISCV64	   0x5064
#define CFS_PE_LOONGARCH64 0x6264

/* Source: Microsoft, PE Format, "Characteristics":
 * IMAGE_FILE_LOCAL_SYMS_STRIPPED. */
#define CFS_PE_NO_SYMBOLS 0x0008

/*
 * The part of the optional header that programs for 32 and for 64 bits have
 * alike.  They differ in the sizes of what is before base_of_data and the image
 * base, which together have 8 bytes in both, and behind this struct.
 */
struct cfs_pe_optional {
	cfs_le16 magic; /* CFS_PE_32 or CFS_PE_64 */
	uint8_t linker[2];
	cfs_le32 code_size, data_size; /* sums of the sections of that kind */
	cfs_le32 bss_size, entry, code_off;
	uint8_t base[8];
	cfs_le32 section_align, file_align;
	uint8_t versions[16];
	cfs_le32 image_size; /* in memory, a multiple of section_align */
	cfs_le32 headers_size;
	cfs_le32 checksum;
	cfs_le16 subsystem; /* CFS_PE_EFI_APPLICATION */
	cfs_le16 dll_flags; /* CFS_PE_NX */
};
_Static_assert(sizeof(struct cfs_pe_optional) == 72, "optional header layout");
_Static_assert(offsetof(struct cfs_pe_optional, section_align) == 32,
	       "optional header layout");
_Static_assert(offsetof(struct cfs_pe_optional, checksum) == 64,
	       "optional header layout");

#define CFS_PE_32 0x10b
#define CFS_PE_64 0x20b

/* Offsets in the optional header of the number of data directories, which
 * stand behind it; each is an offset and a size. */
#define CFS_PE_DIRS_AT_32 92
#define CFS_PE_DIRS_AT_64 108
#define CFS_PE_DIR_SIZE	  8
#define CFS_PE_DIRS_MAX	  16
#define CFS_PE_DIR_CERTS  4 /* the signatures: "Certificate Table" */

/* Source: Microsoft, PE Format, "Windows Subsystem". */
#define CFS_PE_EFI_APPLICATION 10

/* It may run where data cannot be executed.
 * Source: Microsoft, PE Format, "DLL Characteristics":
 * IMAGE_DLLCHARACTERISTICS_NX_COMPAT. */
#define CFS_PE_NX 0x0100

struct cfs_pe_entry {
	uint8_t name[CFS_PE_NAME_MAX];
	cfs_le32 memory_size, memory_off;
	cfs_le32 file_size, file_off;
	uint8_t unused[12];
	cfs_le32 flags; /* CFS_PE_CODE, ... */
};
_Static_assert(sizeof(struct cfs_pe_entry) == 40, "section layout");

/* Source: Microsoft, PE Format, "Section Flags": IMAGE_SCN_CNT_CODE,
 * IMAGE_SCN_CNT_INITIALIZED_DATA, IMAGE_SCN_MEM_READ. */
#define CFS_PE_CODE 0x00000020U
#define CFS_PE_DATA 0x00000040U
#define CFS_PE_READ 0x40000000U

#endif
