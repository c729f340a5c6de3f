/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/header.h"

#include <endian.h>
#include <string.h>
#include <sys/sysmacros.h>

/* Where the fields are: offset and length in bytes. */
#define NAME   0, 100
#define MODE   100, 8
#define UID    108, 8
#define GID    116, 8
#define SIZE   124, 12
#define MTIME  136, 12
#define CHKSUM 148, 8
#define TYPE   156
#define LINK   157, 100
#define MAGIC  257
#define MAJOR  329, 8
#define MINOR  337, 8
#define PREFIX 345, 155

#define LINUX_MAJOR_MAX 0xfff
#define LINUX_MINOR_MAX 0xfffff

static struct cfs_bytes field(const uint8_t *block, size_t off, size_t len)
{
	return (struct cfs_bytes){ block + off, len };
}

static struct cfs_bytes text(const uint8_t *block, size_t off, size_t len)
{
	const uint8_t *start = block + off, *nul = memchr(start, '\0', len);

	return (struct cfs_bytes){ start, nul ? (size_t)(nul - start) : len };
}

bool cfs_tar_block_is_zero(const uint8_t block[static CFS_TAR_BLOCK])
{
	return block[0] == 0 &&
	       memcmp(block, block + 1, CFS_TAR_BLOCK - 1) == 0;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool octal(struct cfs_bytes f, int64_t *ret)
{
	const uint8_t *p = f.data, *end = f.data + f.len;
	int64_t v = 0;

	while (p < end && is_blank(*p))
		p++;
	/* 12 digits at most: nothing is shifted out. */
	for (; p < end && (uint8_t)(*p - '0') < 8; p++)
		v = v << 3 | (*p - '0');
	while (p < end && is_blank(*p))
		p++;
	*ret = v;
	return p == end || *p == '\0';
}

/* The number that eight octal digits are, the first of them the low byte of
 * @w.  Returns false when one is something else. */
static bool eight_digits(uint64_t w, int64_t *ret)
{
	w ^= 0x3030303030303030;
	if (w & 0xf8f8f8f8f8f8f8f8)
		return false;
	w = (w << 3 & 0x0038003800380038) | (w >> 8 & 0x0007000700070007);
	w = (w << 6 & 0x00000fc000000fc0) | (w >> 16 & 0x0000003f0000003f);
	*ret = (int64_t)((w << 12 & 0xfff000) | w >> 32);
	return true;
}

static bool ends_number(uint8_t c)
{
	return c == '\0' || c == ' ';
}

/* Digits up to the last byte of a field, or in one of eight bytes to the last
 * but one, as nearly all writers have it.  Returns false for all that octal()
 * or base256() has to look at. */
static bool plain_octal(struct cfs_bytes f, int64_t *ret)
{
	uint64_t high, low = 0;
	int64_t rest;

	if (!ends_number(f.data[f.len - 1]))
		return false;
	memcpy(&high, f.data, sizeof(high));
	high = le64toh(high);
	/* A shorter number is padded with leading zeros. */
	if (f.len == 8 && ends_number(f.data[6]))
		return eight_digits(high << 16 | 0x3030, ret);
	if (f.len == 8)
		return eight_digits(high << 8 | 0x30, ret);
	memcpy(&low, f.data + 8, 4);
	low = le64toh(low) << 40 | 0x3030303030;
	if (!eight_digits(high, ret) || !eight_digits(low, &rest))
		return false;
	*ret = *ret << 9 | rest;
	return true;
}

static bool base256(struct cfs_bytes f, int64_t *ret)
{
	bool negative = f.data[0] & 0x40;
	uint64_t v = negative ? UINT64_MAX : 0;

	for (size_t i = 0; i < f.len; i++) {
		uint8_t byte = f.data[i];

		if (i == 0 && !negative)
			byte &= 0x7f;
		/* What is shifted out, and the sign, must be the same bits. */
		if (v >> 55 != (negative ? 0x1ff : 0))
			return false;
		v = v << 8 | byte;
	}
	*ret = (int64_t)v;
	return true;
}

bool cfs_tar_number(struct cfs_bytes f, int64_t *ret)
{
	if ((f.len == 8 || f.len == 12) && plain_octal(f, ret))
		return true;
	return f.len > 0 && f.data[0] & 0x80 ? base256(f, ret) : octal(f, ret);
}

typedef uint16_t lanes __attribute__((vector_size(32)));

/* The sum of all bytes, 32 at a time; a lane gets 32 of them. */
static uint32_t sum_bytes(const uint8_t *block)
{
	lanes sums = { 0 }, v;
	uint32_t sum = 0;

	for (size_t i = 0; i < CFS_TAR_BLOCK; i += sizeof(v)) {
		memcpy(&v, block + i, sizeof(v));
		sums += (v & 0xff) + (v >> 8);
	}
	for (size_t i = 0; i < sizeof(v) / sizeof(sums[0]); i++)
		sum += sums[i];
	return sum;
}

/* @sum as it is when bytes are signed. */
static int64_t sum_signed(const uint8_t *block, int64_t sum)
{
	struct cfs_bytes stored = field(block, CHKSUM);

	for (size_t i = 0; i < CFS_TAR_BLOCK; i++) {
		if (block[i] & 0x80)
			sum -= 0x100;
	}
	for (size_t i = 0; i < stored.len; i++) {
		if (stored.data[i] & 0x80)
			sum += 0x100;
	}
	return sum;
}

/* The checksum field itself counts as spaces. */
static int check_sum(const uint8_t *block, struct cfs_err *err)
{
	struct cfs_bytes stored = field(block, CHKSUM);
	int64_t want, sum = sum_bytes(block) + stored.len * ' ';

	for (size_t i = 0; i < stored.len; i++)
		sum -= stored.data[i];
	if (!plain_octal(stored, &want) && !octal(stored, &want))
		return cfs_fail(err, EINVAL,
				"the checksum is not a number (damaged, or not "
				"a tar archive)");
	if (want == sum || want == sum_signed(block, sum))
		return 0;
	return cfs_fail(err, EINVAL,
			"wrong checksum %lld, the header says %lld (damaged, "
			"or not a tar archive)",
			(long long)sum, (long long)want);
}

static enum cfs_tar_magic magic(const uint8_t *block)
{
	if (memcmp(block + MAGIC, "ustar", 5) != 0)
		return CFS_TAR_V7;
	switch (block[MAGIC + 5]) {
	case '\0':
		return CFS_TAR_USTAR;
	case ' ':
		return CFS_TAR_GNU;
	default:
		return CFS_TAR_V7;
	}
}

static int number(const uint8_t *block, size_t off, size_t len,
		  const char *what, int64_t *ret, struct cfs_err *err)
{
	if (cfs_tar_number(field(block, off, len), ret))
		return 0;
	return cfs_fail(err, EINVAL, "the %s field is not a number", what);
}

int cfs_tar_header_parse(const uint8_t block[static CFS_TAR_BLOCK],
			 struct cfs_tar_header *ret, struct cfs_err *err)
{
	int r = check_sum(block, err);

	if (r == 0)
		r = number(block, SIZE, "size", &ret->size, err);
	if (r < 0)
		return r;
	ret->magic = magic(block);
	ret->type = (char)block[TYPE];
	ret->name = text(block, NAME);
	ret->link = text(block, LINK);
	ret->prefix = (struct cfs_bytes){ 0 };
	if (ret->magic == CFS_TAR_USTAR)
		ret->prefix = text(block, PREFIX);
	return 0;
}

int cfs_tar_header_stat(const uint8_t block[static CFS_TAR_BLOCK],
			struct cfs_tar_stat *ret, struct cfs_err *err)
{
	int64_t mode;
	int r = number(block, MODE, "mode", &mode, err);

	if (r == 0)
		r = number(block, UID, "uid", &ret->uid, err);
	if (r == 0)
		r = number(block, GID, "gid", &ret->gid, err);
	if (r == 0)
		r = number(block, MTIME, "mtime", &ret->mtime, err);
	if (r == 0)
		ret->mode = (uint32_t)mode & 07777;
	return r;
}

int cfs_tar_header_rdev(const uint8_t block[static CFS_TAR_BLOCK],
			uint32_t *ret, struct cfs_err *err)
{
	int64_t major, minor;

	if (magic(block) == CFS_TAR_V7)
		return cfs_fail(err, EINVAL,
				"a device in a header without device numbers");
	if (!octal(field(block, MAJOR), &major) ||
	    !octal(field(block, MINOR), &minor))
		return cfs_fail(err, EINVAL, "the device is not a number");
	if (major > LINUX_MAJOR_MAX || minor > LINUX_MINOR_MAX)
		return cfs_fail(err, EINVAL,
				"device %lld:%lld is out of range (Linux has "
				"%d:%d at most)",
				(long long)major, (long long)minor,
				LINUX_MAJOR_MAX, LINUX_MINOR_MAX);
	*ret = (uint32_t)makedev((unsigned)major, (unsigned)minor);
	return 0;
}
