/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * EROFS as composefs uses it, byte for byte.
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
#define CFS_EROFS_SLOT	      32 /* a nid counts these */
#define CFS_EROFS_SUPER_START 1024
/* First inode: behind the superblock. */
#define CFS_EROFS_INODES_START 1152

#define CFS_EROFS_HEADER_MAGIC	 0xd078629au
#define CFS_EROFS_HEADER_VERSION 1
#define CFS_EROFS_HEADER_HAS_ACL 1u

#define CFS_EROFS_MAGIC		      0xe0f5e1e2u
#define CFS_EROFS_COMPAT_SB_CHKSUM    1u
#define CFS_EROFS_COMPAT_MTIME	      2u
#define CFS_EROFS_COMPAT_XATTR_FILTER 4u
#define CFS_EROFS_INCOMPAT_CHUNKED    4u

/* The first bytes of the image, zeros follow up to the superblock. */
struct cfs_erofs_header {
	cfs_le32 magic;
	cfs_le32 version;
	cfs_le32 flags;
	cfs_le32 composefs_version; /* 0, 1, 2 */
	cfs_le32 unused[4];
};
static_assert(sizeof(struct cfs_erofs_header) == 32, "header");

struct cfs_erofs_super {
	cfs_le32 magic;
	cfs_le32 checksum;
	cfs_le32 feature_compat;
	uint8_t blkszbits;
	uint8_t sb_extslots;
	cfs_le16 root_nid;
	cfs_le64 inos;
	cfs_le64 build_time;
	cfs_le32 build_time_nsec;
	cfs_le32 blocks;
	cfs_le32 meta_blkaddr;
	cfs_le32 xattr_blkaddr;
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

/* i_format: bit 0 says extended, the layout stands above it. */
#define CFS_EROFS_EXTENDED     1u
#define CFS_EROFS_LAYOUT_SHIFT 1
enum cfs_erofs_layout {
	CFS_EROFS_PLAIN = 0,
	CFS_EROFS_INLINE = 2,
	CFS_EROFS_CHUNKS = 4,
};

struct cfs_erofs_compact {
	cfs_le16 format;
	cfs_le16 xattr_icount;
	cfs_le16 mode;
	cfs_le16 nlink;
	cfs_le32 size;
	cfs_le32 reserved;
	cfs_le32 u; /* block address, device number or chunk format */
	cfs_le32 ino;
	cfs_le16 uid;
	cfs_le16 gid;
	cfs_le32 reserved2;
};
static_assert(sizeof(struct cfs_erofs_compact) == 32, "compact inode");

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

/* Before the xattrs of an inode; icount counts (their bytes - 12) / 4 + 1. */
struct cfs_erofs_xattr_header {
	cfs_le32 name_filter; /* a set bit: no such name here */
	uint8_t shared_count;
	uint8_t reserved[7];
	/* cfs_le32 shared[shared_count], then entries */
};
static_assert(sizeof(struct cfs_erofs_xattr_header) == 12, "xattr header");

/* Name's suffix and value follow; padded to a multiple of 4. */
struct cfs_erofs_xattr {
	uint8_t name_len;
	uint8_t name_index;
	cfs_le16 value_size;
};
static_assert(sizeof(struct cfs_erofs_xattr) == 4, "xattr entry");

#define CFS_EROFS_FILTER_SEED 0x25bbe08fu

struct cfs_erofs_dirent {
	cfs_le64 nid;
	cfs_le16 nameoff;
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

#define CFS_EROFS_NULL_CHUNK	 0xffffffffu
#define CFS_EROFS_CHUNK_BITS_MAX 43
#define CFS_EROFS_CHUNKS_MAX	 1024
/* chunk format of V2: 2^(12 + 31) bytes per chunk. */
#define CFS_EROFS_V2_CHUNK_FORMAT 31

/* struct ovl_metacopy of overlayfs, in trusted.overlay.metacopy. */
struct cfs_erofs_metacopy {
	uint8_t version; /* 0 */
	uint8_t len;	 /* 4 + digest */
	uint8_t flags;	 /* 0 */
	uint8_t digest_algo;
	uint8_t digest[64];
};

#define CFS_OVERLAY_PREFIX "trusted.overlay."
#define CFS_OVERLAY_ESCAPE "trusted.overlay.overlay."

#endif
