/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One 512-byte header of a tar archive.  Pure: bytes in, a struct out.
 *
 * Source: POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual,
 * "Basic Tar Format" and "Extensions to the basic tar format" (base-256
 * numbers, old GNU magic and sparse files).
 */
#ifndef CFS_TREE_TAR_HEADER_H
#define CFS_TREE_TAR_HEADER_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

#define CFS_TAR_BLOCK 512

enum cfs_tar_magic {
	CFS_TAR_V7,    /* none, or one that is not known */
	CFS_TAR_USTAR, /* "ustar", NUL; any version */
	CFS_TAR_GNU,   /* "ustar", space; any version */
};

struct cfs_tar_header {
	/* Borrowed from the block; up to the first NUL.  @prefix is empty
	 * unless the magic is CFS_TAR_USTAR. */
	struct cfs_bytes name, prefix, link;
	int64_t size; /* bytes, as written: may be negative */
	enum cfs_tar_magic magic;
	char type;
};

/* Fields that have no meaning in extension headers. */
struct cfs_tar_stat {
	/* As written: whether they make sense depends on what overrides
	 * them. */
	int64_t uid, gid;
	int64_t mtime; /* seconds */
	uint32_t mode; /* the low 12 bits; a type in it does not count */
};

/* Is @block one of the zero blocks that end an archive? */
bool cfs_tar_block_is_zero(const uint8_t block[static CFS_TAR_BLOCK])
	CFS_NONNULL;

/*
 * Reads a header.
 *
 * The checksum is the sum of all bytes, unsigned or (as some old programs
 * wrote it) signed.  A number is octal, up to the first NUL, with blanks
 * (space, \t \n \v \f \r) before and after it, and 0 when nothing is there; or,
 * with bit 0x80 in its first byte, a big-endian number in two's complement,
 * bit 0x40 of that byte being its sign.
 *
 * Errors: -EINVAL (wrong checksum; a size that is no number, or does not fit
 * in 64 bits).
 */
int cfs_tar_header_parse(const uint8_t block[static CFS_TAR_BLOCK],
			 struct cfs_tar_header *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads mode, owner and time of the header @block.
 * Errors: -EINVAL (no number, or over 64 bits). */
int cfs_tar_header_stat(const uint8_t block[static CFS_TAR_BLOCK],
			struct cfs_tar_stat *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads the device numbers of the header @block, which are octal always.
 * *@ret: as makedev() packs them.
 * Errors: -EINVAL (no numbers; major over 12 bits or minor over 20).
 */
int cfs_tar_header_rdev(const uint8_t block[static CFS_TAR_BLOCK],
			uint32_t *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads a number field @field of a header or sparse map.  Returns false when
 * it is no number, or does not fit in 64 bits. */
bool cfs_tar_number(struct cfs_bytes field,
		    int64_t *ret) CFS_MUST_CHECK CFS_NONNULL;

#endif
