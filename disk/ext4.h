/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writing into an ext4 image: directories, links, plain files and files with
 * fs-verity, through libext2fs: no mount, no root, no help of the kernel.
 *
 * Everything belongs to root:root and carries the image's time, so equal calls
 * in equal order make equal bytes.
 */
#ifndef CFS_DISK_EXT4_H
#define CFS_DISK_EXT4_H

#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "disk/mkfs.h"
#include "fsverity/digest.h"

/* Inode number of the root directory.  Source: ext2fs/ext2_fs.h. */
#define CFS_EXT4_ROOT 2

struct cfs_ext4;

/*
 * Makes an empty file system in @fd (cfs_ext4_mkfs) and opens it for writing.
 * @fd stays the caller's; it must outlive the result.
 */
int cfs_ext4_create(int fd, const struct cfs_ext4_params *params,
		    struct cfs_ext4 **ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Gives up: what the file then holds is no file system. */
void cfs_ext4_free(struct cfs_ext4 *fs);
CFS_DEFINE_AUTO(struct cfs_ext4, cfs_ext4_free);

/* Blocks that are free now. */
uint64_t cfs_ext4_free_blocks(const struct cfs_ext4 *fs) CFS_NONNULL;

/*
 * Makes the directory @name in directory @parent.  *@ret_ino: its number.
 * @mode: permission bits, 07777 at most.
 *
 * All functions that add: -EEXIST, -ENAMETOOLONG (over 255 bytes), -EINVAL
 * (an empty name, "." or "..", a slash), -ENOSPC when the image is full, or an
 * error of writing to it.
 */
int cfs_ext4_mkdir(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		   mode_t mode, uint32_t *ret_ino,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Looks @name up in directory @parent: 1 with *@ret_ino, or 0. */
int cfs_ext4_lookup(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		    uint32_t *ret_ino,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

int cfs_ext4_symlink(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		     const char *target,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Adds a plain file: what @fd has from its position to its end. */
int cfs_ext4_add_file(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		      mode_t mode, int fd,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The same, with fs-verity: the Merkle tree and the descriptor are written as
 * the kernel would have.  @signature: PKCS#7 DER kept with it, or empty.
 * @want: the digest it must have, or NULL.  *@ret: the digest it has.
 *
 * Errors, beyond those above: -EBADMSG the contents do not have digest @want,
 * -EMSGSIZE a signature over CFS_SIGNATURE_MAX.
 */
int cfs_ext4_add_verity(struct cfs_ext4 *fs, uint32_t parent, const char *name,
			mode_t mode, int fd, enum cfs_alg alg,
			struct cfs_bytes signature,
			const struct cfs_digest *want, struct cfs_digest *ret,
			struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 9, 10)));

/*
 * Blocks a file of @size bytes takes, with its verity metadata when
 * @signature_size is not negative; without the extent tree, for which
 * cfs_ext4_size_for() leaves room.
 */
uint64_t cfs_ext4_file_blocks(uint64_t size, enum cfs_alg alg,
			      int64_t signature_size);

/* Writes out what is cached and the superblock.  @fs is then only good for
 * cfs_ext4_free(). */
int cfs_ext4_finish(struct cfs_ext4 *fs,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
