/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The headers of an EFI program, as a boot loader reads them.
 *
 * The bytes are hostile: no number in them is used before it is compared with
 * their length.
 *
 * Source: Microsoft, PE Format, "Optional Header"; see boot/pe_format.h.
 */
#ifndef CFS_BOOT_PE_IMAGE_H
#define CFS_BOOT_PE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct cfs_pe_image {
	uint16_t machine; /* CFS_PE_X64, ... (boot/pe_format.h) */
	bool nx;	  /* may run where data cannot be executed */
	bool is_signed;	  /* it has a certificate table */
	unsigned sections;
	/* Offsets in the file of its headers and of the section table, all of
	 * which lie inside. */
	size_t header_at, optional_at, table_at;
};

/*
 * Reads the headers of @file, which may be followed by more or less than the
 * whole program.
 * Returns 1, or 0 if it is not a PE file.
 * Errors: -EBADMSG the headers are truncated or contradict each other, or it is
 * a program for something else than EFI.
 */
int cfs_pe_image_read(struct cfs_bytes file, struct cfs_pe_image *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The name that UEFI has for @machine, as in BOOTX64.EFI but in lower case:
 * "x64"; NULL for one that it has none for.
 * Source: UEFI Specification, "Removable Media Boot Behavior". */
const char *cfs_pe_machine_name(uint16_t machine);

#endif
