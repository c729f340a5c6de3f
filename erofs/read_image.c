/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/read_image.h"

#include <string.h>

#define SLOTS_PER_BLOCK (CFS_EROFS_BLOCK / CFS_EROFS_SLOT)
#define NSEC_MAX	999999999

static bool all_zero(const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++) {
		if (p[i])
			return false;
	}
	return true;
}

/* CRC-32C: the polynomial of Castagnoli, bits reversed.  Bit by bit, as it is
 * run over three quarters of a block of each image.
 * Source: linux lib/crc32.c. */
static uint32_t crc32c(uint32_t crc, struct cfs_bytes data)
{
	for (size_t i = 0; i < data.len; i++) {
		crc ^= data.data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return crc;
}

/* Returns whether the checksum is right: CRC-32C, without the final inversion,
 * from the superblock to the end of its block, with the checksum taken as zero.
 * Source: linux fs/erofs/super.c. */
static bool checksum_is_right(const struct cfs_erofs_image *image,
			      const struct cfs_erofs_super *super)
{
	struct cfs_erofs_super blank = *super;
	struct cfs_bytes head = { (const uint8_t *)&blank, sizeof(blank) };
	struct cfs_bytes rest;
	size_t start = CFS_EROFS_SUPER_START + sizeof(blank);
	uint32_t crc;

	blank.checksum = cfs_put32(0);
	if (!cfs_bytes_slice(image->bytes, start, CFS_EROFS_BLOCK - start,
			     &rest))
		return false;
	crc = crc32c(crc32c(UINT32_MAX, head), rest);
	return crc == cfs_get32(super->checksum);
}

static int check_header(struct cfs_erofs_image *image, struct cfs_err *err)
{
	struct cfs_erofs_header header;
	struct cfs_bytes part;

	if (!cfs_bytes_slice(image->bytes, 0, CFS_EROFS_INODES_START, &part))
		return cfs_fail(err, EBADMSG, "too short for an image");
	memcpy(&header, part.data, sizeof(header));
	if (cfs_get32(header.magic) != CFS_EROFS_HEADER_MAGIC)
		return cfs_fail(err, EBADMSG, "not a composefs image");
	if (cfs_get32(header.version) != CFS_EROFS_HEADER_VERSION ||
	    cfs_get32(header.composefs_version) > CFS_EROFS_VERSION_MAX)
		return cfs_fail(err, EBADMSG,
				"unknown composefs version %u (header %u)",
				cfs_get32(header.composefs_version),
				cfs_get32(header.version));
	/* If bytes that nothing reads were accepted, one tree could have images
	 * with different digests. */
	if (cfs_get32(header.flags) & ~CFS_EROFS_HEADER_HAS_ACL ||
	    !all_zero(header.unused, sizeof(header.unused)))
		return cfs_fail(err, EBADMSG,
				"unknown flags or bytes in the header");
	image->rules = &cfs_erofs_rules[cfs_get32(header.composefs_version)];
	return 0;
}

/* Refuses features that would change the meaning of anything that is read. */
static int check_features(const struct cfs_erofs_image *image,
			  const struct cfs_erofs_super *super,
			  struct cfs_err *err)
{
	uint32_t known = CFS_EROFS_COMPAT_SB_CHKSUM | CFS_EROFS_COMPAT_MTIME |
			 CFS_EROFS_COMPAT_XATTR_FILTER;

	if (super->blkszbits != CFS_EROFS_BLOCK_BITS || super->dirblkbits)
		return cfs_fail(err, EBADMSG, "block size is not 4096 bytes");
	if (image->feature_compat & ~known ||
	    cfs_get32(super->feature_incompat) & ~CFS_EROFS_INCOMPAT_CHUNKED)
		return cfs_fail(err, EBADMSG,
				"unsupported EROFS features: compat %#x, "
				"incompat %#x",
				image->feature_compat,
				cfs_get32(super->feature_incompat));
	if (cfs_get16(super->available_compr_algs) ||
	    cfs_get16(super->extra_devices) || super->sb_extslots ||
	    cfs_get64(super->packed_nid) || cfs_get32(super->meta_blkaddr) ||
	    super->xattr_prefix_count || cfs_get32(super->xattr_prefix_start) ||
	    cfs_get16(super->devt_slotoff) || super->xattr_filter_reserved ||
	    !all_zero(super->reserved, sizeof(super->reserved)))
		return cfs_fail(err, EBADMSG,
				"the superblock uses a feature that composefs "
				"does not use");
	if (image->feature_compat & CFS_EROFS_COMPAT_SB_CHKSUM &&
	    !checksum_is_right(image, super))
		return cfs_fail(err, EBADMSG, "wrong superblock checksum");
	return 0;
}

static int check_super(struct cfs_erofs_image *image, struct cfs_err *err)
{
	struct cfs_erofs_super super;
	uint64_t size = image->bytes.len;

	memcpy(&super, image->bytes.data + CFS_EROFS_SUPER_START,
	       sizeof(super));
	if (cfs_get32(super.magic) != CFS_EROFS_MAGIC)
		return cfs_fail(err, EBADMSG, "not an EROFS image");
	image->feature_compat = cfs_get32(super.feature_compat);
	if (check_features(image, &super, err) < 0)
		return -err->code;
	image->root_nid = cfs_get16(super.root_nid);
	image->inos = cfs_get64(super.inos);
	image->build_time = (int64_t)cfs_get64(super.build_time);
	image->build_time_nsec = cfs_get32(super.build_time_nsec);
	image->xattr_start =
		(uint64_t)cfs_get32(super.xattr_blkaddr) * CFS_EROFS_BLOCK;
	/* Bytes behind the file system would be covered by the digest but seen
	 * by nobody. */
	if ((uint64_t)cfs_get32(super.blocks) * CFS_EROFS_BLOCK != size)
		return cfs_fail(err, EBADMSG,
				"%llu bytes, but the superblock says %u blocks",
				(unsigned long long)size,
				cfs_get32(super.blocks));
	if (image->xattr_start > size)
		return cfs_fail(
			err, EBADMSG,
			"shared xattrs are beyond the end of the image");
	if (image->build_time_nsec > NSEC_MAX)
		return cfs_fail(err, EBADMSG,
				"the build time has more than a second of "
				"nanoseconds");
	return 0;
}

/* Marks the slots from byte @start to @end as used.  Returns false if one of
 * them is in use.  With all bytes of an image used at most once, a small image
 * cannot describe an endless tree, and a file cannot be read as metadata. */
static bool take(struct cfs_erofs_image *image, uint64_t start, uint64_t end)
{
	if (!image->used)
		return true;
	for (uint64_t slot = start / CFS_EROFS_SLOT;
	     slot * CFS_EROFS_SLOT < end; slot++) {
		uint8_t bit = (uint8_t)(1u << slot % 8);

		if (image->used[slot / 8] & bit)
			return false;
		image->used[slot / 8] |= bit;
	}
	return true;
}

int cfs_erofs_image_open_shared(struct cfs_erofs_image *image,
				struct cfs_bytes bytes, struct cfs_err *err)
{
	*image = (struct cfs_erofs_image){ .bytes = bytes };
	if (bytes.len > CFS_EROFS_IMAGE_MAX)
		return cfs_fail(
			err, EFBIG, "image is %zu bytes; the maximum is %llu",
			bytes.len, (unsigned long long)CFS_EROFS_IMAGE_MAX);
	if (check_header(image, err) < 0 || check_super(image, err) < 0)
		return -err->code;
	return 0;
}

int cfs_erofs_image_open(struct cfs_erofs_image *image, struct cfs_bytes bytes,
			 struct cfs_err *err)
{
	if (cfs_erofs_image_open_shared(image, bytes, err) < 0)
		return -err->code;
	image->used = calloc(1, bytes.len / CFS_EROFS_SLOT / 8 + 1);
	if (!image->used)
		return cfs_no_memory(err);
	(void)take(image, 0, CFS_EROFS_INODES_START);
	return 0;
}

void cfs_erofs_image_close(struct cfs_erofs_image *image)
{
	free(image->used);
	image->used = NULL;
}

static bool parse_compact(const struct cfs_erofs_image *image,
			  struct cfs_bytes head, struct cfs_erofs_stat *st)
{
	struct cfs_erofs_compact disk;

	memcpy(&disk, head.data, sizeof(disk));
	st->mode = cfs_get16(disk.mode);
	st->nlink = cfs_get16(disk.nlink);
	st->size = cfs_get32(disk.size);
	st->u = cfs_get32(disk.u);
	st->uid = cfs_get16(disk.uid);
	st->gid = cfs_get16(disk.gid);
	st->mtime_sec = image->build_time;
	st->mtime_nsec = image->build_time_nsec;
	return !cfs_get32(disk.reserved) && !cfs_get32(disk.reserved2);
}

static bool parse_extended(struct cfs_bytes head, struct cfs_erofs_stat *st)
{
	struct cfs_erofs_extended disk;

	memcpy(&disk, head.data, sizeof(disk));
	st->mode = cfs_get16(disk.mode);
	st->nlink = cfs_get32(disk.nlink);
	st->size = cfs_get64(disk.size);
	st->u = cfs_get32(disk.u);
	st->uid = cfs_get32(disk.uid);
	st->gid = cfs_get32(disk.gid);
	st->mtime_sec = (int64_t)cfs_get64(disk.mtime);
	st->mtime_nsec = cfs_get32(disk.mtime_nsec);
	return !cfs_get16(disk.reserved) &&
	       all_zero(disk.reserved2, sizeof(disk.reserved2)) &&
	       st->mtime_nsec <= NSEC_MAX;
}

static uint64_t xattr_bytes(uint16_t icount)
{
	if (icount == 0)
		return 0;
	return sizeof(struct cfs_erofs_xattr_header) + 4 * (icount - 1u);
}

/* Takes @len bytes of data from the block st->u on. */
static int slice_blocks(struct cfs_erofs_image *image,
			struct cfs_erofs_stat *st, uint64_t len,
			struct cfs_err *err)
{
	uint64_t start = (uint64_t)st->u * CFS_EROFS_BLOCK;

	if (len == 0)
		return 0;
	if (!cfs_bytes_slice(image->bytes, start, len, &st->blocks))
		return cfs_fail(err, EBADMSG,
				"data is beyond the end of the image");
	if (!take(image, start, start + len))
		return cfs_fail(err, EBADMSG, "data overlaps other data");
	return 0;
}

/* Takes the chunk index behind an inode; its contents are checked later. */
static int slice_chunks(struct cfs_erofs_image *image,
			struct cfs_erofs_stat *st, uint64_t at,
			struct cfs_err *err)
{
	unsigned bits = CFS_EROFS_BLOCK_BITS + (st->u & 31);
	uint64_t n, xattrs = st->xattrs.len;

	if (st->size == 0 || st->u > 31)
		return cfs_fail(err, EBADMSG, "chunk format %x", st->u);
	n = (st->size - 1) / (UINT64_C(1) << bits) + 1;
	if (n > CFS_EROFS_CHUNKS_MAX)
		return cfs_fail(err, EBADMSG, "%llu chunks",
				(unsigned long long)n);
	/* mkcomposefs writes an index that does not fit behind the inode into
	 * data blocks, where nothing reads it. */
	if (!image->rules->index_needs_digest &&
	    4 * n + xattrs % 32 > CFS_EROFS_BLOCK)
		return 0;
	if (!cfs_bytes_slice(image->bytes, at, 4 * n, &st->tail)) {
		st->tail = (struct cfs_bytes){ 0 };
		/* Whether the file has a digest is known later. */
		return image->rules->index_needs_digest
			       ? 0
			       : cfs_fail(
					 err, EBADMSG,
					 "chunk index is beyond the end of the "
					 "image");
	}
	return 0;
}

int cfs_erofs_chunks_take(struct cfs_erofs_image *image,
			  const struct cfs_erofs_stat *st, struct cfs_err *err)
{
	uint64_t start = (uint64_t)(st->tail.data - image->bytes.data);
	uint64_t own = CFS_EROFS_SLOT - 1;

	/* The slot in which the index begins is in use by the inode itself. */
	if (take(image, (start + own) & ~own, start + st->tail.len))
		return 0;
	return cfs_fail(err, EBADMSG,
			"its chunk index overlaps something else");
}

static int slice_data(struct cfs_erofs_image *image, struct cfs_erofs_stat *st,
		      uint64_t at, struct cfs_err *err)
{
	uint64_t tail = st->size % CFS_EROFS_BLOCK;

	if (st->layout == CFS_EROFS_CHUNKS)
		return slice_chunks(image, st, at, err);
	/* No larger size can be valid, nor wraps the sums below around. */
	if (st->size > image->bytes.len)
		return cfs_fail(err, EBADMSG,
				"size %llu is larger than the image",
				(unsigned long long)st->size);
	if (st->layout == CFS_EROFS_PLAIN)
		return slice_blocks(image, st, st->size, err);
	if (at % CFS_EROFS_BLOCK + tail > CFS_EROFS_BLOCK)
		return cfs_fail(err, EBADMSG,
				"inline data crosses the end of a block");
	if (!cfs_bytes_slice(image->bytes, at, tail, &st->tail))
		return cfs_fail(err, EBADMSG,
				"inline data is beyond the end of the image");
	return slice_blocks(image, st, st->size - tail, err);
}

static int check_type(const struct cfs_erofs_stat *st, struct cfs_err *err)
{
	bool data = true;

	/* EROFS takes inodes of all kinds with data; a tree has no place for
	 * the data of a device. */
	switch (st->mode & S_IFMT) {
	case S_IFREG:
		return 0;
	case S_IFDIR:
	case S_IFLNK:
		break;
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		data = false;
		break;
	default:
		return cfs_fail(err, EBADMSG, "unknown file type in mode %o",
				st->mode);
	}
	if (st->layout == CFS_EROFS_CHUNKS || (!data && st->size > 0) ||
	    (!data && st->layout != CFS_EROFS_PLAIN))
		return cfs_fail(err, EBADMSG,
				"a file of mode %o cannot have such data",
				st->mode);
	return 0;
}

static int read_head(struct cfs_erofs_image *image, uint64_t start,
		     struct cfs_erofs_stat *st, uint64_t *ret_end,
		     struct cfs_err *err)
{
	struct cfs_erofs_compact begin;
	struct cfs_bytes head;
	unsigned format;
	bool ok;

	if (!cfs_bytes_slice(image->bytes, start, sizeof(begin), &head))
		return cfs_fail(err, EBADMSG, "beyond the end of the image");
	memcpy(&begin, head.data, sizeof(begin));
	format = cfs_get16(begin.format);
	st->layout = format >> CFS_EROFS_LAYOUT_SHIFT;
	if (st->layout != CFS_EROFS_PLAIN && st->layout != CFS_EROFS_INLINE &&
	    st->layout != CFS_EROFS_CHUNKS)
		return cfs_fail(err, EBADMSG, "unknown inode format %#x",
				format);
	if (!(format & CFS_EROFS_EXTENDED))
		ok = parse_compact(image, head, st);
	else if (!cfs_bytes_slice(image->bytes, start,
				  sizeof(struct cfs_erofs_extended), &head))
		return cfs_fail(err, EBADMSG, "beyond the end of the image");
	else
		ok = parse_extended(head, st);
	if (!ok)
		return cfs_fail(err, EBADMSG,
				"reserved bytes are not zero, or nanoseconds "
				"exceed a second");
	*ret_end = start + head.len;
	if (!cfs_bytes_slice(image->bytes, *ret_end,
			     xattr_bytes(cfs_get16(begin.xattr_icount)),
			     &st->xattrs))
		return cfs_fail(err, EBADMSG,
				"xattrs are beyond the end of the image");
	*ret_end += st->xattrs.len;
	return 0;
}

static int read_inode(struct cfs_erofs_image *image, uint64_t nid,
		      struct cfs_erofs_stat *st, struct cfs_err *err)
{
	uint64_t start = nid * CFS_EROFS_SLOT, end = 0;

	*st = (struct cfs_erofs_stat){ .nid = nid };
	/* No number beyond this can be valid, nor wraps the product around. */
	if (nid > CFS_EROFS_IMAGE_MAX)
		return cfs_fail(err, EBADMSG, "beyond the end of the image");
	if (read_head(image, start, st, &end, err) < 0 ||
	    check_type(st, err) < 0 || slice_data(image, st, end, err) < 0)
		return -err->code;
	/* A chunk index that depends on a digest is taken when it is known
	 * whether there is one. */
	if (!image->rules->index_needs_digest || st->layout != CFS_EROFS_CHUNKS)
		end += st->tail.len;
	if (start < CFS_EROFS_INODES_START || !take(image, start, end))
		return cfs_fail(err, EBADMSG, "it overlaps something else");
	return 0;
}

int cfs_erofs_inode_read(struct cfs_erofs_image *image, uint64_t nid,
			 struct cfs_erofs_stat *ret, struct cfs_err *err)
{
	struct cfs_erofs_stat st;

	if (read_inode(image, nid, &st, err) < 0)
		return cfs_ctx(err, "inode %llu", (unsigned long long)nid);
	*ret = st;
	return 0;
}
