/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A three-way merge of /etc: the changes that a machine's users made to the
 * /etc of one image, on top of the /etc of another one.
 *
 * Whatever differs from the old image is a change: contents, targets, device
 * numbers, types, modes, owners and extended attributes, but neither times nor
 * SELinux labels, which follow the policy.  Where users changed nothing the new
 * image decides; where both did, the users' side is taken, and the place is a
 * conflict.  A directory that users removed stays removed with all that the new
 * image has in it.  /etc/.updated, by which systemd knows whether an update was
 * handled, is never there.
 *
 * Source: systemd-update-done.service(8); ostree-admin-upgrade(1) and ostree's
 * documentation, "Handling of /etc"; linux
 * Documentation/filesystems/overlayfs.rst for layers.
 */
#ifndef CFS_OPS_ETC_MERGE_H
#define CFS_OPS_ETC_MERGE_H

#include "base/vec.h"
#include "tree/node.h"

/* Levels of directories in a merged /etc.  It is removed again with its
 * deployment, by code that has a limit as well (ops/undeploy.c). */
#define CFS_ETC_DEPTH_MAX 128
/* Nodes of the users, and the bytes of their files. */
#define CFS_ETC_NODES_MAX 262144
#define CFS_ETC_BYTES_MAX (UINT64_C(4) << 30)

/* How the /etc of a deployment is kept. */
enum cfs_etc_layout {
	CFS_ETC_LAYER, /* the upper layer of an overlay over the image's */
	CFS_ETC_WHOLE, /* a whole /etc */
};

struct cfs_etc_merge {
	enum cfs_etc_layout layout; /* of the users' tree and of the result */
	/* The trees are finished, and have digests of one algorithm.  The
	 * result borrows from them. */
	struct cfs_tree *old_tree, *users_tree, *new_tree;
	struct cfs_node *old_etc, *new_etc; /* directories; NULL: none */
};

enum cfs_etc_clash {
	CFS_ETC_BOTH_CHANGED,  /* or both made something of this name */
	CFS_ETC_IMAGE_REMOVED, /* and users had changed it */
	CFS_ETC_USER_REMOVED,  /* and the new image has changed it */
};

struct cfs_etc_conflict {
	char *path; /* "/etc/..."; its bytes are the disk's; owned */
	enum cfs_etc_clash clash;
};

struct cfs_etc_conflicts {
	CFS_VEC(struct cfs_etc_conflict); /* in the order of their paths */
};
void cfs_etc_conflicts_free(struct cfs_etc_conflicts *list);

/* Zero-initialise it. */
struct cfs_etc_merged {
	/* What the deployment is to have: all of a layer, which has whiteouts
	 * and nothing opaque, or all of /etc.  Owned. */
	struct cfs_tree *tree;
	/* Indexed by the seq of a node of tree: the inode of the users' tree
	 * whose file has the content, or NULL if it is in the tree itself or an
	 * object of the repository. */
	struct {
		CFS_VEC(struct cfs_node *);
	} from;
	struct cfs_etc_conflicts conflicts;
	size_t users; /* nodes that the users' changes made */
};

#define CFS_AUTOETC __attribute__((cleanup(cfs_etc_merged_free)))
void cfs_etc_merged_free(struct cfs_etc_merged *merged);

/*
 * Merges.
 * Errors: -ELOOP over CFS_ETC_DEPTH_MAX; -EFBIG over CFS_ETC_NODES_MAX or
 * CFS_ETC_BYTES_MAX; -EINVAL a layer refers to what the old image lacks, or an
 * image does not have the digest of a file; -ENOMEM.
 */
int cfs_etc_merge(const struct cfs_etc_merge *merge, struct cfs_etc_merged *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
