/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The boot entry that an image has in its tree, for a boot partition.
 *
 * Source: composefs-rs crates/composefs-boot/src/bootloader.rs.
 */
#ifndef CFS_BOOT_FOUND_H
#define CFS_BOOT_FOUND_H

#include "boot/entry_text.h"
#include "tree/node.h"

enum cfs_boot_kind {
	CFS_BOOT_ENTRY,	 /* /boot/loader/entries/ID.conf */
	CFS_BOOT_UKI,	 /* ID.efi of /boot/EFI/Linux, or of the directory of a
			  * kernel's modules */
	CFS_BOOT_KERNEL, /* /usr/lib/modules/ID/vmlinuz */
};

/* Nodes are borrowed from the tree.  Files may be further names of their
 * inodes (cfs_node_inode()); none is a symbolic link. */
struct cfs_boot_found {
	enum cfs_boot_kind kind;
	char id[CFS_ENTRY_NAME_MAX + 1]; /* passed cfs_entry_id_ok() */
	struct cfs_node *file;		 /* the entry, UKI or kernel */
	struct cfs_node *initrd; /* initramfs.img of a kernel, or NULL */
	struct cfs_node *addons; /* what is called ID.efi.extra.d, or NULL */
	unsigned others; /* entries that the image has beside this one */
};

/*
 * Finds the entry of @tree: the first by name of the first kind, in the order
 * of enum cfs_boot_kind, of which there is one.
 * Returns 1 with *@ret, or 0 if the image brings none.
 * Errors: -EINVAL its name is not allowed, or it is no regular file; -ENOMEM.
 */
int cfs_boot_find(struct cfs_tree *tree, struct cfs_boot_found *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* A kernel of a tree.  Its files are as those of struct cfs_boot_found. */
struct cfs_boot_kernel {
	const char *version;	 /* borrowed from the tree */
	struct cfs_node *file;	 /* the kernel */
	struct cfs_node *initrd; /* or NULL */
};

/*
 * Finds the kernel @version of @tree, or its only one if that is NULL:
 * vmlinuz and initramfs.img in /usr/lib/modules/VERSION, or else
 * vmlinuz-VERSION and initrd.img-VERSION or initramfs-VERSION.img in /boot.
 * Returns 1 with *@ret, or 0 if there is none.
 * Errors: -ENOTUNIQ there are several and @version is NULL; -EINVAL one of the
 * files is no regular file or has a name that is not allowed; -ENOMEM.
 */
int cfs_boot_find_kernel(struct cfs_tree *tree, const char *version,
			 struct cfs_boot_kernel *ret,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4)));

/*
 * Finds the file that an entry of @tree calls @path: below /boot, which a path
 * of the boot partition means, else below the root.
 * Returns 0 with *@ret, whose name is the last part of @path.
 * Errors: -ENOENT there is none; -EINVAL it is no regular file, or has a name
 * that is not allowed; -ENOMEM.
 */
int cfs_boot_find_file(struct cfs_tree *tree, struct cfs_bytes path,
		       struct cfs_node **ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Fails with -EINVAL unless @node is a regular file whose name
 * cfs_entry_name_ok() takes. */
int cfs_boot_check_file(const struct cfs_node *node,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
