/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The image format: EROFS, the kernel's read-only file system, restricted to
 * what composefs uses of it.  No compression, no second device, blocks of 4096
 * bytes, all numbers little-endian.
 *
 * An image holds the names and metadata of a tree and the contents of its small
 * files.  The contents of all others are objects outside the image, which
 * overlayfs finds by two xattrs of the file; EROFS itself only sees a file full
 * of holes.
 *
 * The kernel reads the path /d/f in these steps: the superblock has the number
 * of the root directory's inode; the inode says where the directory's entries
 * are; the entry "d" has the number of the next inode, and so on.  The inode of
 * f is followed by its xattrs: metacopy tells overlayfs that the contents are
 * elsewhere and which fs-verity digest they must have, redirect tells their
 * path below the directory of objects.
 *
 *	byte 0	     header		  struct cfs_erofs_header
 *	     32	     zeros
 *	     1024    superblock		  struct cfs_erofs_super
 *	     1152    inodes		  one after another, in slots
 *		     shared xattrs	  a table of struct cfs_erofs_xattr
 *		     zeros to the end of the block
 *		     data blocks	  in the order of the inodes
 *
 * block	4096 bytes.
 * slot		32 bytes.  Every inode begins at a multiple of 32.
 * nid		the number of an inode: the slot that it begins in, counted from
 *		the start of the image.  Directory entries refer to inodes by
 *		their nid.  (EROFS adds meta_blkaddr, which is 0 here.)
 * meta block	a block of the inode area.
 * inode	32 bytes (compact) or 64 (extended), its head, followed by its
 *		xattrs, if any, and by its tail, without gaps:
 *
 *		    0          32 or 64
 *		    |   head   |  xattrs  |  tail  |  zeros up to a slot  |
 *
 *		A compact inode has 16 bits for link count, owner and group, 32
 *		for the size, and no time of its own: it takes the superblock's.
 * layout	where an inode has its data (enum cfs_erofs_layout):
 *		plain	 in data blocks, the first of which is at block @u;
 *		inline	 whole blocks from @u on, and what remains in the tail;
 *		chunks	 the tail is a chunk index; @u is the chunk format.
 * tail		data that is packed behind its inode ("tail packing") instead of
 *		occupying a block of its own: the end of a directory, the target
 *		of a symbolic link, the contents of a small file, a chunk index.
 *		It may not cross the end of a block.
 * chunk index	for a file whose contents are outside the image: one 32-bit
 *		block address for each chunk of 2^(12 + chunk format) bytes.
 *		All of them are ~0, which is EROFS' mark of a hole.
 * xattrs	a header; 32-bit references to shared xattrs; then entries:
 *
 *		    0           12            16
 *		    |  header   |  reference  | ... | entry | entry | ...
 *
 * entry	an xattr: its name without a prefix, which is a number
 *		(erofs/prefix.h), and its value:
 *
 *		    0          1        2            4
 *		    | name_len | prefix | value_size | name | value | zeros |
 *
 *		The zeros extend it to a multiple of 4 bytes.
 * shared xattr	an entry in the table behind the inodes, because several inodes
 *		have it.  A reference is its distance from the start of the
 *		block xattr_blkaddr, in units of 4 bytes.
 * name filter	32 bits in the header of the xattrs, a Bloom filter with one
 *		hash function.  A bit that is set says that the inode has no
 *		xattr whose name has this hash, so that the kernel need not
 *		look.
 * directory	blocks of entries sorted by name.  In each block the entries of
 *		fixed size come first and their names after them; nameoff of the
 *		first entry tells how many there are:
 *
 *		    0          12         24    nameoff
 *		    |  entry   |  entry   | ... | name | name | ... | zeros |
 *
 * version	0, 1 or 2, in the header.  0 and 1 are mkcomposefs', 2 is the
 *		first layout of composefs-rs; erofs/rules.h says how they
 *		differ.
 * stub		versions 0 and 1: a whiteout in the root directory with one of
 *		the names 00 to ff.  Mounted without a data-only layer,
 *		overlayfs merges the root with the directory of objects; the
 *		stubs hide its subdirectories.
 *
 * An example in version 2: the root directory has a file "hi" with the contents
 * "yo\n" and a file "x", whose 5 bytes are in the object 0a/00...07.  Bytes
 * that are left out are zeros, but for the digest and the rest of names and
 * values.
 *
 *	0000	9a 62 78 d0 01 00 00 00	  header
 *	000c	02 00 00 00		  version 2
 *	0400	e2 e1 f5 e0		  superblock
 *	040c	0c			  blocks of 2^12 bytes
 *	040e	24 00			  the root has nid 0x24: byte 0x480
 *	0410	03 00 00 00 00 00 00 00	  3 inodes
 *	0424	01 00 00 00		  1 block
 *
 *	0480	05 00			  inode of "/": extended (1) and inline
 *					  (2 << 1)
 *	0482	00 00			  no xattrs
 *	0484	ed 41			  a directory with mode 0755
 *	0488	36 00 00 00 00 00 00 00	  54 bytes of entries and names
 *	04ac	02 00 00 00		  2 links
 *	04c0	24 00 00 00 00 00 00 00	  its tail: the entry "." with nid 0x24,
 *	04c8	30 00			  its name is at byte 0x30 of the tail,
 *	04ca	02 00			  and it is a directory
 *	04cc	24 00 00 00 00 00 00 00	  ".."
 *	04d8	28 00 00 00 00 00 00 00	  "hi": nid 0x28, byte 0x500
 *	04e4	2b 00 00 00 00 00 00 00	  "x": nid 0x2b, byte 0x560
 *	04f0	2e 2e 2e 68 69 78	  the four names
 *
 *	0500	05 00			  inode of "hi"
 *	0508	03 00 00 00 00 00 00 00	  3 bytes,
 *	0540	79 6f 0a		  in the tail
 *
 *	0560	09 00			  inode of "x": extended (1), chunks
 *					  (4 << 1)
 *	0562	25 00			  12 + 4 * (0x25 - 1) bytes of xattrs
 *	0568	05 00 00 00 00 00 00 00	  5 bytes,
 *	0570	1f 00 00 00		  in chunks of 2^(12 + 31)
 *	05a0	ff ff fd 7f		  name filter: two names
 *	05a4	00			  no references
 *	05ac	10 04 24 00		  an entry: 16 bytes of name without
 *					  prefix 4, "trusted.", 36 of value
 *	05b0	6f 76 65 72 6c 61 79 2e	  "overlay.metacopy"
 *	05c0	00 24 00 01 0a 00 00 00	  36 bytes, SHA-256; digest 0a00...07
 *	05e4	10 04 42 00		  an entry: "overlay.redirect",
 *	05f8	2f 30 61 2f 30 30 30 30	  "/0a/00...07"
 *	063c	ff ff ff ff		  the tail: a chunk index, one hole
 *
 * Source: linux fs/erofs/erofs_fs.h; composefs libcomposefs/lcfs-erofs.h and
 * lcfs-erofs-internal.h.
 */
#ifndef CFS_EROFS_FORMAT_H
#define CFS_EROFS_FORMAT_H

#include <assert.h>
#include <stddef.h>

#include "base/disk.h"

#define CFS_EROFS_BLOCK	      4096
#define CFS_EROFS_BLOCK_BITS  12
#define CFS_EROFS_SLOT	      32
#define CFS_EROFS_SUPER_START 1024
/* Where the first inode may begin: behind the superblock. */
#define CFS_EROFS_INODES_START 1152

#define CFS_EROFS_HEADER_MAGIC	 0xd078629au
#define CFS_EROFS_HEADER_VERSION 1
/* Some inode has a POSIX ACL; without this flag, mounts may use noacl. */
#define CFS_EROFS_HEADER_HAS_ACL 1u

#define CFS_EROFS_MAGIC		      0xe0f5e1e2u
#define CFS_EROFS_COMPAT_SB_CHKSUM    1u
#define CFS_EROFS_COMPAT_MTIME	      2u
#define CFS_EROFS_COMPAT_XATTR_FILTER 4u
#define CFS_EROFS_INCOMPAT_CHUNKED    4u

/*
 * composefs' own header, in the bytes that EROFS leaves to boot loaders.
 *
 *	0	magic
 *	4	version of this header, 1
 *	8	CFS_EROFS_HEADER_* flags
 *	12	version of the image, 0 to 2
 *	16	zeros
 */
struct cfs_erofs_header {
	cfs_le32 magic;
	cfs_le32 version;
	cfs_le32 flags;
	cfs_le32 composefs_version;
	cfs_le32 unused[4];
};
static_assert(sizeof(struct cfs_erofs_header) == 32, "header");

/* Fields without a comment are 0 in images of composefs. */
struct cfs_erofs_super {
	cfs_le32 magic;
	cfs_le32 checksum; /* crc32c, with COMPAT_SB_CHKSUM */
	cfs_le32 feature_compat;
	uint8_t blkszbits; /* CFS_EROFS_BLOCK_BITS */
	uint8_t sb_extslots;
	cfs_le16 root_nid;
	cfs_le64 inos;		  /* number of inodes, stubs included */
	cfs_le64 build_time;	  /* versions 0, 1: the earliest mtime, */
	cfs_le32 build_time_nsec; /* which compact inodes have */
	cfs_le32 blocks;	  /* of the whole image */
	cfs_le32 meta_blkaddr;	  /* the block that nids count from */
	cfs_le32 xattr_blkaddr;	  /* the block that references count from */
	uint8_t uuid[16];
	uint8_t volume_name[16];
	cfs_le32 feature_incompat;
	cfs_le16 available_compr_algs;
	cfs_le16 extra_devices;
	cfs_le16 devt_slotoff;
	uint8_t dirblkbits;
	uint8_t xattr_prefix_count;
	cfs_le32 xattr_prefix_start;
	cfs_le64 packed_nid;
	uint8_t xattr_filter_reserved;
	uint8_t reserved[23];
};
static_assert(sizeof(struct cfs_erofs_super) == 128, "superblock");
static_assert(offsetof(struct cfs_erofs_super, uuid) == 48, "superblock");
static_assert(offsetof(struct cfs_erofs_super, packed_nid) == 96, "superblock");

/* The first 16 bits of an inode: bit 0 is set for an extended one, the layout
 * is in bits 1 to 3. */
#define CFS_EROFS_EXTENDED     1u
#define CFS_EROFS_LAYOUT_SHIFT 1
enum cfs_erofs_layout {
	CFS_EROFS_PLAIN = 0,
	CFS_EROFS_INLINE = 2,
	CFS_EROFS_CHUNKS = 4,
};

/*
 *	0	format
 *	2	xattr_icount: 0 without xattrs, else 1 + the number of 4-byte
 *		words behind their header
 *	4	mode, nlink
 *	8	size
 *	12	reserved
 *	16	u: block address, device number or chunk format
 *	20	ino, for stat(2)
 *	24	uid, gid
 *	28	reserved
 */
struct cfs_erofs_compact {
	cfs_le16 format;
	cfs_le16 xattr_icount;
	cfs_le16 mode;
	cfs_le16 nlink;
	cfs_le32 size;
	cfs_le32 reserved;
	cfs_le32 u;
	cfs_le32 ino;
	cfs_le16 uid;
	cfs_le16 gid;
	cfs_le32 reserved2;
};
static_assert(sizeof(struct cfs_erofs_compact) == 32, "compact inode");

/*
 *	0	format, xattr_icount, mode as in a compact inode
 *	6	reserved
 *	8	size
 *	16	u, ino as in a compact inode
 *	24	uid, gid
 *	32	mtime, mtime_nsec
 *	44	nlink
 *	48	reserved
 */
struct cfs_erofs_extended {
	cfs_le16 format;
	cfs_le16 xattr_icount;
	cfs_le16 mode;
	cfs_le16 reserved;
	cfs_le64 size;
	cfs_le32 u;
	cfs_le32 ino;
	cfs_le32 uid;
	cfs_le32 gid;
	cfs_le64 mtime;
	cfs_le32 mtime_nsec;
	cfs_le32 nlink;
	uint8_t reserved2[16];
};
static_assert(sizeof(struct cfs_erofs_extended) == 64, "extended inode");

/* Begins the xattrs of an inode; cfs_le32 references[shared_count] and entries
 * follow. */
struct cfs_erofs_xattr_header {
	cfs_le32 name_filter; /* bits of names that are missing */
	uint8_t shared_count;
	uint8_t reserved[7];
};
static_assert(sizeof(struct cfs_erofs_xattr_header) == 12, "xattr header");

/* Begins an entry; name_len bytes of name, value_size bytes of value and zeros
 * up to a multiple of 4 bytes follow. */
struct cfs_erofs_xattr {
	uint8_t name_len;
	uint8_t name_index; /* of the prefix that the name lacks */
	cfs_le16 value_size;
};
static_assert(sizeof(struct cfs_erofs_xattr) == 4, "xattr entry");

/* Returns the size of an entry with its padding. */
static inline uint32_t cfs_erofs_entry_bytes(
	const struct cfs_erofs_xattr *entry)
{
	uint32_t n = (uint32_t)sizeof(*entry) + entry->name_len +
		     cfs_get16(entry->value_size);

	return (n + 3) & ~3u;
}

/* The bit of a name in the filter is XXH32(name without prefix, this seed + the
 * prefix's number) modulo 32. */
#define CFS_EROFS_FILTER_SEED 0x25bbe08fu

struct cfs_erofs_dirent {
	cfs_le64 nid;
	cfs_le16 nameoff; /* from the start of the block */
	uint8_t file_type;
	uint8_t reserved;
};
static_assert(sizeof(struct cfs_erofs_dirent) == 12, "dirent");

enum cfs_erofs_file_type {
	CFS_EROFS_FT_REG = 1,
	CFS_EROFS_FT_DIR = 2,
	CFS_EROFS_FT_CHR = 3,
	CFS_EROFS_FT_BLK = 4,
	CFS_EROFS_FT_FIFO = 5,
	CFS_EROFS_FT_SOCK = 6,
	CFS_EROFS_FT_SYMLINK = 7,
};

/* In a chunk index: the chunk is a hole. */
#define CFS_EROFS_NULL_CHUNK 0xffffffffu
/* The largest chunk is 2^43 bytes: 12 bits of the block and the 31 that the
 * chunk format can add. */
#define CFS_EROFS_CHUNK_BITS_MAX 43
/* The longest chunk index, which fills a block. */
#define CFS_EROFS_CHUNKS_MAX 1024

/*
 * The value of trusted.overlay.metacopy: tells overlayfs that the file has only
 * metadata here, and the fs-verity digest that its contents must have.
 * Source: linux fs/overlayfs/overlayfs.h, struct ovl_metacopy.
 */
struct cfs_erofs_metacopy {
	uint8_t version;     /* 0 */
	uint8_t len;	     /* 4 + length of the digest */
	uint8_t flags;	     /* 0 */
	uint8_t digest_algo; /* FS_VERITY_HASH_ALG_* */
	uint8_t digest[64];
};

/* The xattrs that overlayfs interprets, and the prefix by which xattrs of the
 * user with such a name are escaped: overlayfs takes one "overlay." away. */
#define CFS_OVERLAY_PREFIX "trusted.overlay."
#define CFS_OVERLAY_ESCAPE "trusted.overlay.overlay."

#endif
