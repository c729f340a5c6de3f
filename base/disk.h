/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * On-disk integers, little-endian.  Each type is a struct of bytes: it has an
 * alignment of 1 and no padding, and can only be read by a function that knows
 * its byte order.  A format struct made of them can be laid over a slice of an
 * image at any offset.
 */
#ifndef CFS_BASE_DISK_H
#define CFS_BASE_DISK_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

typedef struct {
	uint8_t b[2];
} cfs_le16;
typedef struct {
	uint8_t b[4];
} cfs_le32;
typedef struct {
	uint8_t b[8];
} cfs_le64;

static inline uint16_t cfs_get16(cfs_le16 v)
{
	return (uint16_t)(v.b[0] | v.b[1] << 8);
}

static inline uint32_t cfs_get32(cfs_le32 v)
{
	return v.b[0] | (uint32_t)v.b[1] << 8 | (uint32_t)v.b[2] << 16 |
	       (uint32_t)v.b[3] << 24;
}

static inline uint64_t cfs_get64(cfs_le64 v)
{
	uint64_t n;

	memcpy(&n, &v, sizeof(n));
	return le64toh(n);
}

static inline cfs_le16 cfs_put16(uint16_t n)
{
	return (cfs_le16){ { (uint8_t)n, (uint8_t)(n >> 8) } };
}

static inline cfs_le32 cfs_put32(uint32_t n)
{
	return (cfs_le32){ { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
			     (uint8_t)(n >> 24) } };
}

static inline cfs_le64 cfs_put64(uint64_t n)
{
	cfs_le64 v;

	n = htole64(n);
	memcpy(&v, &n, sizeof(v));
	return v;
}

#endif
