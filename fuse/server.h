/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The state of a server, and its answers to requests.  Private to the room. */
#ifndef CFS_FUSE_SERVER_H
#define CFS_FUSE_SERVER_H

/* The version of libfuse's interface: passthrough came with it. */
#define FUSE_USE_VERSION 317
#include <fuse3/fuse_lowlevel.h>

#include "erofs/view.h"
#include "fuse/objects.h"
#include "fuse/serve.h"

struct cfs_fuse_server {
	const struct cfs_fuse_params *params; /* borrowed */
	struct cfs_erofs_view *view;	      /* owned */
	struct cfs_fuse_objects *objects;     /* owned */
	unsigned number; /* unique in this process, not 0 */
	/* Users with the id 0 are root, and see trusted.* xattrs. */
	bool has_root;
	bool is_used; /* the kernel has begun to send requests */
	_Atomic bool loss_reported;
	/* Never CFS_FUSE_AUTO; settled before any process can open a file, by
	 * whichever thread attaches the mount. */
	_Atomic enum cfs_fuse_mode mode;
};

/* Opens the image.  Errors: see cfs_erofs_view_new(), -ENOMEM. */
int cfs_fuse_server_init(struct cfs_fuse_server *server,
			 const struct cfs_fuse_params *params,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_fuse_server_free(struct cfs_fuse_server *server);

/* The handlers of requests, for a session whose userdata is a server. */
extern const struct fuse_lowlevel_ops cfs_fuse_ops;

/* Returns the nid of the inode that the kernel calls @ino. */
uint64_t cfs_fuse_nid(const struct cfs_fuse_server *server,
		      fuse_ino_t ino) CFS_NONNULL;

/* Reads the inode that a request is about.  Returns 0, or the errno value for
 * the reply. */
int cfs_fuse_stat(fuse_req_t req, fuse_ino_t ino,
		  struct cfs_erofs_stat *ret) CFS_MUST_CHECK CFS_NONNULL;

/* Returns whether the image cannot be read any more, which is reported once:
 * nothing that was read of it may be replied then. */
bool cfs_fuse_is_lost(fuse_req_t req) CFS_MUST_CHECK;

/* Replies with bytes of the image. */
void cfs_fuse_reply_image(fuse_req_t req, const struct iovec *iov, int n);

/* Reports that file @nid cannot be read, because of @err, by its path. */
void cfs_fuse_report(const struct cfs_fuse_server *server, uint64_t nid,
		     const struct cfs_err *err) CFS_NONNULL;

static inline struct cfs_fuse_server *cfs_fuse_server_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* Handlers that are not in ops.c. */
void cfs_fuse_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void cfs_fuse_release(fuse_req_t req, fuse_ino_t ino,
		      struct fuse_file_info *fi);
void cfs_fuse_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		   struct fuse_file_info *fi);
void cfs_fuse_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name,
		       size_t size);
void cfs_fuse_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size);

#endif
