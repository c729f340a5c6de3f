/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How the versions of the image format differ.
 *
 * The versions are those of two programs: 0 and 1 are mkcomposefs', 2 is the
 * first layout of composefs-rs.  An image has to have the same bytes, and so
 * the same digest, as theirs, and every rule below is something that one of
 * them does and the other does not.  The reader and the writer ask for a rule,
 * never for a version.
 *
 * Source: composefs libcomposefs/lcfs-writer-erofs.c; composefs-rs
 * crates/composefs/src/erofs/writer.rs.
 */
#ifndef CFS_EROFS_RULES_H
#define CFS_EROFS_RULES_H

#include <stdbool.h>
#include <stdint.h>

/* The highest version, as numbered in the image's header. */
#define CFS_EROFS_VERSION_MAX 2

struct cfs_erofs_rules {
	unsigned version; /* as numbered in the image's header */

	/*
	 * Limits, in bytes: of a file whose contents are outside the image, of
	 * contents in the image, of a symbolic link's target.
	 */
	uint64_t external_max;
	uint32_t inline_max;
	uint32_t target_max;
	/* The maximum number of references in an inode.  They are counted in a
	 * byte, but mkcomposefs stops at half of its range. */
	uint32_t references_max;
	/* Shared xattrs beyond references_max are written as entries; without
	 * this rule they are an error. */
	bool entries_beyond;

	/* A whiteout is written as an empty regular file with marks.  Without
	 * this rule it stays a whiteout, and has only one name. */
	bool escapes_whiteouts;
	/* The marks of a directory that contains a whiteout include
	 * overlay.opaque=x, without which overlayfs ignores the whiteout. */
	bool marks_opaque;
	/* The root directory has the stubs 00 to ff and is marked opaque. */
	bool stubs;

	/* Inodes are in the order of a walk breadth first, with the link counts
	 * that the tree states; without this rule in that of a walk depth
	 * first, which counts the names of files. */
	bool breadth_first;
	/* An inode is compact if its numbers fit. */
	bool compact;
	/* The field ino is the nid, instead of the inode's place in the order
	 * of inodes. */
	bool ino_is_nid;
	/* Inodes and superblock have times in nanoseconds, and the superblock
	 * has the earliest of them. */
	bool nanoseconds;
	bool build_time;
	/* The header says whether any inode has a POSIX ACL. */
	bool acl_flag;

	/* Contents in the image take whole blocks and a tail, like those of a
	 * directory; without this rule all of them are the tail. */
	bool splits_contents;
	/* The first byte behind a tail must be in the same block as the inode's
	 * last byte before it, so that a tail cannot end with its block. */
	bool early_tails;
	/* A symbolic link's inode, xattrs and target are in one block, which
	 * kernels before 6.12 require. */
	bool symlinks_in_block;

	/* The chunk format of all files, or 0: it depends on the size. */
	uint32_t chunk_format;
	/* A file without a digest has no chunk index. */
	bool index_needs_digest;
	/* A file with a digest gets redirect to the object of that name,
	 * whatever its backing path is in the tree. */
	bool redirects_to_object;

	/* metacopy and redirect are an inode's first xattrs, instead of coming
	 * where their keys sort. */
	bool overlay_first;
	/* Shared xattrs are sorted by prefix, name and value; without this rule
	 * by descending key and length. */
	bool shared_ascending;
	/* References count from the block in which the shared xattrs begin;
	 * without this rule from the start of the image. */
	bool references_from_table;
	/* Names may be shortened by the prefix "lustre.". */
	bool lustre_prefix;
};

/* The rules of each version. */
extern const struct cfs_erofs_rules cfs_erofs_rules[CFS_EROFS_VERSION_MAX + 1];

#endif
