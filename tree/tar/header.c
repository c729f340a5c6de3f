/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/header.h"

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
	return f.len > 0 && f.data[0] & 0x80 ? base256(f, ret) : octal(f, ret);
}

/* The sum of all bytes, eight at a time in four lanes of 16 bits: a lane gets
 * 128 bytes. */
static uint32_t sum_bytes(const uint8_t *block)
{
	const uint64_t even = 0x00ff00ff00ff00ff, low = 0x0000ffff0000ffff;
	uint64_t lanes = 0, w;

	for (size_t i = 0; i < CFS_TAR_BLOCK; i += sizeof(w)) {
		memcpy(&w, block + i, sizeof(w));
		lanes += (w & even) + (w >> 8 & even);
	}
	lanes = (lanes & low) + (lanes >> 16 & low);
	return (uint32_t)(lanes + (lanes >> 32));
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
	int64_t want, sum = sum_bytes(block);

	for (size_t i = 0; i < stored.len; i++)
		sum += ' ' - stored.data[i];
	if (!octal(stored, &want))
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
	struct cfs_tar_header h = {
		.name = text(block, NAME),
		.link = text(block, LINK),
		.magic = magic(block),
		.type = (char)block[TYPE],
	};
	int64_t mode = 0;
	int r = check_sum(block, err);

	if (r == 0)
		r = number(block, MODE, "mode", &mode, err);
	if (r == 0)
		r = number(block, UID, "uid", &h.uid, err);
	if (r == 0)
		r = number(block, GID, "gid", &h.gid, err);
	if (r == 0)
		r = number(block, SIZE, "size", &h.size, err);
	if (r == 0)
		r = number(block, MTIME, "mtime", &h.mtime, err);
	if (r < 0)
		return r;
	h.mode = (uint32_t)mode & 07777;
	if (h.magic == CFS_TAR_USTAR)
		h.prefix = text(block, PREFIX);
	*ret = h;
	return 0;
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
