/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Objects: files named by their fs-verity digest.
 *
 * An object that exists already counts only after it was measured or read: one
 * that a power cut left empty, or that was changed, is replaced.
 */
#ifndef CFS_REPO_OBJECT_H
#define CFS_REPO_OBJECT_H

#include <sys/stat.h>

#include "base/bytes.h"
#include "repo/store.h"

/* cfs_object_add_file() reads files up to this many bytes once, into memory;
 * longer ones are copied inside the kernel and then read. */
#define CFS_OBJECT_IN_MEMORY (1u << 20)

/*
 * Stores @data; *@ret is its digest.  With a secure store the kernel vouches
 * for it in the end, otherwise fs-verity is turned on where possible.
 * Not synced: cfs_store_flush().
 * Errors: -EOPNOTSUPP fs-verity demanded and unavailable, -EBADMSG the
 * kernel measures something else, -ENOSPC, ...
 */
int cfs_object_add_bytes(struct cfs_store *store, struct cfs_bytes data,
			 struct cfs_digest *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Stores the file @fd from its position to its end; *@ret_size is what was
 * stored, whatever happens to the file meanwhile.
 */
int cfs_object_add_file(struct cfs_store *store, int fd, struct cfs_digest *ret,
			uint64_t *ret_size,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Stores @data, whose digest @id is.  Any thread may, several at a time; also
 * the same @data. */
int cfs_object_add_known(struct cfs_store *store, struct cfs_bytes data,
			 const struct cfs_digest *id,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Stores the first @size bytes of the file @fd, at any position, whose digest
 * was @id when they were read.  What is stored was hashed again, or measured
 * by the kernel, before it has the name.  Threads as above.
 * Errors: -ESTALE it is another digest now, ...
 */
int cfs_object_add_copy(struct cfs_store *store, int fd, uint64_t size,
			const struct cfs_digest *id,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The object that the path @path, "xx/yyyy...", names.  Returns false if it is
 * not the path of an object of either algorithm. */
bool cfs_object_of_path(const char *path, struct cfs_digest *ret) CFS_NONNULL;

/*
 * Stores the object @id of another repository, whose objects/ is @from, without
 * copying its bytes where file systems allow: as a further name of its file if
 * no other user can change that, else by sharing its blocks.  It was measured
 * or read before it has the name.
 * Errors: -ENOENT it is not there, -EBADMSG it is not what its name says, ...
 */
int cfs_object_add_shared(struct cfs_store *store, int from,
			  const struct cfs_digest *id,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The same of an object that cfs_object_open() has opened there as @fd. */
int cfs_object_add_opened(struct cfs_store *store, int fd,
			  const struct cfs_digest *id,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens the object at @path below @objects (objects/) for reading, as
 * cfs_open_regular() does.  That opens each file twice, which matters where an
 * image has thousands of them; here it is twice for unusual ones alone.
 * *@ret_st gets its status unless @ret_st is NULL.  Returns the descriptor,
 * which the caller closes.
 * Errors: those of cfs_open_regular(), unworded.
 */
int cfs_object_open_path(int objects, const char *path,
			 struct stat *ret_st) CFS_MUST_CHECK
	__attribute__((nonnull(2)));

/*
 * Opens the object @id below @objects (objects/) for reading.
 * Returns 1 with *@ret_fd (the caller closes it), or 0 when it is not there.
 * Errors: -EINVAL it is no regular file, ...  It is not measured.
 */
int cfs_object_open(int objects, const struct cfs_digest *id, int *ret_fd,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens the object @id, which has to exist.  Returns the descriptor, which the
 * caller closes.
 * Errors: -ENOENT, worded with its path; those of cfs_object_open().
 */
int cfs_object_require(int objects, const struct cfs_digest *id,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Words and returns -EBADMSG: what was read of the object is not what its
 * digest names. */
int cfs_object_damaged(const struct cfs_digest *id,
		       struct cfs_err *err) CFS_NONNULL;

/*
 * Asks the kernel for the fs-verity digest of @fd: see cfs_verity_measure().  A
 * file of FUSE has none here.  Its server would say which it is, and need not
 * keep to that when the file is read.
 * Source: linux fs/fuse/ioctl.c, FS_IOC_MEASURE_VERITY (Linux 6.10).
 */
int cfs_object_measure(int fd, struct cfs_digest *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Does the kernel vouch for @fd to be @id?  Nothing of it is read. */
bool cfs_object_is_measured(int fd, const struct cfs_digest *id) CFS_NONNULL;

/* Returns the device of the folder @objects if the kernel may vouch for files
 * there (see cfs_object_measure()), or 0. */
dev_t cfs_object_device(int objects);

/*
 * cfs_object_open_path() and cfs_object_is_measured() in the fewest system
 * calls, for who opens many.  @device: of cfs_object_device(); an object on any
 * other is not measured.
 * Returns the descriptor, or -1: those two find out why.
 */
int cfs_object_open_measured(int objects, dev_t device, const char *path,
			     const struct cfs_digest *id,
			     struct stat *ret_st) CFS_MUST_CHECK
	__attribute__((nonnull(3, 4, 5)));

enum cfs_checked {
	CFS_CHECKED_HASHED = 0,	  /* right when it was read just now */
	CFS_CHECKED_MEASURED = 1, /* the kernel vouches for every read */
};

/*
 * Is @fd, from its start, what the digest @id names?  Asks the kernel, else
 * reads the file.  Leaves the position at the start.
 * Returns enum cfs_checked.
 * Errors: -EBADMSG it is not.
 */
int cfs_object_check(int fd, const struct cfs_digest *id,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
