/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The open objects of a mounted image: each is verified when a file of the
 * image first needs it, and stays open for later reads.  Any thread may call.
 */
#ifndef CFS_FUSE_OBJECTS_H
#define CFS_FUSE_OBJECTS_H

#include "base/own.h"
#include "erofs/view.h"

/* The descriptors that are kept open when no file is being read, at most. */
#define CFS_FUSE_OPEN_MAX 1024

/*
 * The objects that stay registered with the kernel when no file is being read,
 * at most.  Registering one again costs as much as all else that opening a file
 * of the mount does; each costs the kernel an open file, 1 KiB with its inode.
 */
#define CFS_FUSE_BACKINGS_MAX 16384

enum cfs_fuse_verify {
	/* The kernel measures each object, or it is hashed if it has no
	 * fs-verity. */
	CFS_FUSE_VERIFY,
	CFS_FUSE_VERIFY_KERNEL, /* an object without fs-verity is refused */
	CFS_FUSE_VERIFY_NOT,
};

/* Room for the path of an object below objects/ and a NUL. */
#define CFS_FUSE_PATH_MAX 4096

/* Writes the path of the object that @backing means.  Errors: -EBADMSG. */
int cfs_fuse_object_path(const struct cfs_erofs_backing *backing,
			 char path[static CFS_FUSE_PATH_MAX],
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

struct cfs_fuse_objects;

/*
 * @view: borrowed.
 * @dir: objects/, which paths are resolved below; borrowed.
 * Errors: -ENOMEM.
 */
int cfs_fuse_objects_new(const struct cfs_erofs_view *view, int dir,
			 enum cfs_fuse_verify verify,
			 struct cfs_fuse_objects **ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_fuse_objects_free(struct cfs_fuse_objects *objects);
CFS_DEFINE_AUTO(struct cfs_fuse_objects, cfs_fuse_objects_free);

/* From now on @wait is called by a thread that is about to hash an object, or
 * to wait for one that does.  Not while another thread uses @objects. */
void cfs_fuse_objects_on_wait(struct cfs_fuse_objects *objects,
			      void (*wait)(void *ctx), void *ctx) CFS_NONNULL;

/* An object in use. */
struct cfs_fuse_object {
	int fd;	       /* for reading, or -EBADF; never closed by the user */
	int backing;   /* the kernel's number of it, or 0 */
	bool reported; /* that it is wrong; for the user */
};

/*
 * Opens the object of the external file @st for reading, unless it is open.  It
 * is of the file's size and, unless CFS_FUSE_VERIFY_NOT, has the digest that
 * the image states.  An object that was hashed before is not hashed again as
 * long as it is the same file with the same size and times.
 *
 * Returns 0 with *@ret, which is valid until cfs_fuse_object_put(); on failure,
 * too, unless there is no memory.
 * Errors: -EBADMSG for any other digest or size, or no digest at all; -ENOENT
 * if the object is missing; those of openat2(2) and read(2); -ENOMEM.
 */
int cfs_fuse_object_get(struct cfs_fuse_objects *objects,
			const struct cfs_erofs_stat *st,
			struct cfs_fuse_object **ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * From now on cfs_fuse_object_get_backing() registers objects with the kernel,
 * for the session @session; -1: no longer.  Not while another thread has an
 * object in use.
 */
void cfs_fuse_objects_pass_through(struct cfs_fuse_objects *objects,
				   int session) CFS_NONNULL;

/*
 * Like cfs_fuse_object_get(), but the object is registered with the kernel for
 * passthrough, which needs no descriptor, unless the kernel refuses or the
 * object is open already.
 */
int cfs_fuse_object_get_backing(struct cfs_fuse_objects *objects,
				const struct cfs_erofs_stat *st,
				struct cfs_fuse_object **ret,
				struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads the @size bytes of an open object from byte @off on, which it had when
 * it was opened, to @buf.
 *
 * Errors: -EBADMSG if it has become shorter; those of pread(2), such as -EIO
 * for what the kernel finds damaged.
 */
int cfs_fuse_object_read(const struct cfs_fuse_objects *objects,
			 const struct cfs_fuse_object *object, void *buf,
			 size_t size, uint64_t off,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Ends a use of the object of inode @nid, if it has any. */
void cfs_fuse_object_put_nid(struct cfs_fuse_objects *objects,
			     uint64_t nid) CFS_NONNULL;

/* Ends a use.  @object: NULL is ignored. */
void cfs_fuse_object_put(struct cfs_fuse_objects *objects,
			 struct cfs_fuse_object *object)
	__attribute__((nonnull(1)));

#endif
