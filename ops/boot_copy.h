/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Files of an image, copied to a boot partition.
 *
 * The partition is FAT as a rule, which has no journal.  A file is written
 * under a temporary name that begins with a dot, compared with its digest while
 * it is copied, synced, and renamed.
 */
#ifndef CFS_OPS_BOOT_COPY_H
#define CFS_OPS_BOOT_COPY_H

#include "boot/entry_text.h"
#include "boot/uki.h"
#include "fsverity/content_hash.h"
#include "repo/open.h"
#include "tree/node.h"

/* Files of one boot entry: kernel, initrds, device trees, addons. */
#define CFS_BOOT_FILES_MAX 64

/* The directory of a file, below the boot partition. */
#define CFS_BOOT_DIR_MAX 256

enum cfs_boot_check {
	CFS_BOOT_NO_CHECK, /* not started by the firmware */
	CFS_BOOT_IS_UKI,   /* CFS_UKI of boot/uki.h */
	CFS_BOOT_IS_ADDON, /* CFS_UKI_ADDON */
	CFS_BOOT_MAY_BE,   /* CFS_UKI_MAYBE */
};

struct cfs_boot_file {
	struct cfs_node *node; /* a regular file */
	const char *name;      /* on the partition, one component; borrowed */
	enum cfs_boot_check check;
	bool present; /* the partition has it; of cfs_boot_copy_plan() */
};

/* A copy to one directory of the partition. */
struct cfs_boot_copy {
	const struct cfs_tree *tree; /* of all nodes */
	int objects;		     /* objects/ of the repository; borrowed */
	int boot;		     /* the partition; borrowed */
	bool no_sync;		     /* do not wait for the disk */
	const struct cfs_uki_images *images;
	unsigned named; /* images that EFI programs name, as cfs_uki_check() */
	char dir[CFS_BOOT_DIR_MAX];
	unsigned n;
	struct cfs_boot_file v[CFS_BOOT_FILES_MAX];
};

/* Sets *@ret to the digest of the content of the regular file @node, which for
 * a file in the image itself is computed as @alg.
 * Errors: -EINVAL the tree does not have it; -ENOMEM. */
int cfs_boot_digest(const struct cfs_tree *tree, struct cfs_node *node,
		    enum cfs_alg alg, struct cfs_digest *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Feeds the content of the regular file @node to @hash, not compared with its
 * digest.  Errors: -ENOENT the object is missing; those of reading. */
int cfs_boot_hash(const struct cfs_tree *tree, int objects,
		  struct cfs_node *node, struct cfs_content_hash *hash,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Adds a file, unless one of the same name and content is in the list.
 * Errors: -EINVAL another file has the name, without regard to case; -E2BIG
 * more than CFS_BOOT_FILES_MAX; those of cfs_boot_digest().
 */
int cfs_boot_copy_add(struct cfs_boot_copy *copy, struct cfs_node *node,
		      const char *name, enum cfs_boot_check check,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Finds out which files copy->dir has with the right content, and adds the
 * bytes that the others take to *@need.  Nothing is written.
 * Errors: of opening and reading.
 */
int cfs_boot_copy_plan(struct cfs_boot_copy *copy, uint64_t *need,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Were all files there when cfs_boot_copy_plan() looked? */
bool cfs_boot_copy_is_there(const struct cfs_boot_copy *copy) CFS_NONNULL;

/*
 * Checks the EFI programs among the files before anything is written, and sets
 * copy->named.
 * Errors: those of cfs_uki_check() and of opening, worded with the file's name.
 */
int cfs_boot_copy_check(struct cfs_boot_copy *copy,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Copies the files that are not there, in their order, each complete, and
 * checked once more, before it has its name.  copy->dir is created if there are
 * files, and synced.
 * Errors: -EBADMSG an object is damaged; those of cfs_uki_check(), -ENOSPC,
 * ...; worded with the file's name.
 */
int cfs_boot_copy_run(struct cfs_boot_copy *copy,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Replaces the file @name in copy->dir, which is created, with @text at once.
 * Both are on the disk afterwards unless copy->no_sync is set.
 * Errors: of writing, worded with the path. */
int cfs_boot_publish(const struct cfs_boot_copy *copy, const char *name,
		     struct cfs_bytes text,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
