/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writes directories, links, plain files and files with fs-verity into an ext4
 * image, through libext2fs: without mounting it, without root, and under any
 * kernel.
 *
 * Everything is owned by root:root and has the image's time, so that equal
 * calls in the same order write equal bytes.
 */
#ifndef CFS_DISK_EXT4_H
#define CFS_DISK_EXT4_H

#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/own.h"
#include "disk/mkfs.h"
#include "fsverity/digest.h"

/* Inode number of the root directory.  Source: ext2fs/ext2_fs.h. */
#define CFS_EXT4_ROOT 2

struct cfs_ext4;

/*
 * Creates an empty file system in @fd and opens it for writing.  @fd remains
 * the caller's and must outlive *@ret, which the caller frees.
 * Errors: see cfs_ext4_mkfs() and cfs_libext2fs_load().
 */
int cfs_ext4_create(int fd, const struct cfs_ext4_params *params,
		    struct cfs_ext4 **ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Frees @fs.  Without cfs_ext4_finish() before, the file is left without a
 * valid file system.  NULL is allowed. */
void cfs_ext4_free(struct cfs_ext4 *fs);
CFS_DEFINE_AUTO(struct cfs_ext4, cfs_ext4_free);

/* Returns the number of free blocks. */
uint64_t cfs_ext4_free_blocks(const struct cfs_ext4 *fs) CFS_NONNULL;

/*
 * Creates the directory @name in directory @parent and sets *@ret_ino to its
 * inode number.  @mode: permission bits, at most 07777.
 *
 * Errors of all functions that add a name: -EEXIST, -ENAMETOOLONG (more than
 * 255 bytes), -EINVAL (an empty name, "." or "..", a slash), -ENOSPC if the
 * image is full, those of writing to it.
 */
int cfs_ext4_mkdir(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		   mode_t mode, uint32_t *ret_ino,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Looks up @name in directory @parent.  Returns 1 with *@ret_ino set, or 0 if
 * the name does not exist. */
int cfs_ext4_lookup(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		    uint32_t *ret_ino,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Creates the symbolic link @name in directory @parent.
 * Errors: see cfs_ext4_mkdir(). */
int cfs_ext4_symlink(struct cfs_ext4 *fs, uint32_t parent, const char *name,
		     const char *target,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* A file to be created. */
struct cfs_ext4_new {
	uint32_t parent; /* inode of its directory */
	const char *name;
	mode_t mode; /* permissions */
	int fd;	     /* its contents, from the position of @fd to the end */
};

/* Creates a file.  Errors: see cfs_ext4_mkdir(); those of reading what->fd. */
int cfs_ext4_add_file(struct cfs_ext4 *fs, const struct cfs_ext4_new *what,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The parameters of fs-verity for one file. */
struct cfs_ext4_verity {
	enum cfs_alg alg;
	struct cfs_bytes signature; /* PKCS#7 in DER to store, or empty */
	const struct cfs_digest
		*want; /* that the contents must have, or NULL */
};

/*
 * Creates a file with fs-verity: the Merkle tree and the descriptor are written
 * as the kernel would write them.  Sets *@ret to the file's digest.
 *
 * Errors: see cfs_ext4_add_file(); -EBADMSG if the contents do not have the
 * digest verity->want, -EMSGSIZE for a signature over CFS_SIGNATURE_MAX.
 */
int cfs_ext4_add_verity(struct cfs_ext4 *fs, const struct cfs_ext4_new *what,
			const struct cfs_ext4_verity *verity,
			struct cfs_digest *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Returns the number of blocks of a file of @size bytes, including its verity
 * metadata unless @signature_size is negative, and without its extent tree, for
 * which cfs_plan_blocks() leaves room.
 */
uint64_t cfs_ext4_file_blocks(uint64_t size, enum cfs_alg alg,
			      int64_t signature_size);

/* Writes everything that is cached, and the superblock.  Afterwards @fs may
 * only be freed.  Errors: those of writing. */
int cfs_ext4_finish(struct cfs_ext4 *fs,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
