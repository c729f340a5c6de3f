/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Making an image bootable on this machine: its kernel and boot entry on the
 * boot partition, and the directories that keep its state.
 */
#ifndef CFS_OPS_PREPARE_BOOT_H
#define CFS_OPS_PREPARE_BOOT_H

#include "boot/found.h"
#include "boot/uki.h"
#include "repo/open.h"

struct cfs_prepare_boot {
	const char *name; /* what the user calls the image */
	/* The image to boot.  EFI programs may name any of them, v[0] is for
	 * entries that are written here. */
	struct cfs_uki_images images;
	const char *karg;	 /* names images.v[0], see boot/kargs.h */
	struct cfs_tree *tree;	 /* that has the boot entry */
	const char *boot_dir;	 /* where the boot partition is mounted */
	const char *entry_id;	 /* instead of the image's; NULL: that */
	size_t n_args;		 /* at most CFS_ENTRY_EXTRA_MAX */
	const char *const *args; /* to set in the kernel command line */
	bool no_sync;		 /* do not wait for the disk */
};

/* The path of an entry, below the boot partition. */
#define CFS_PREPARED_MAX (sizeof("loader/entries/.conf") + CFS_ENTRY_NAME_MAX)

struct cfs_prepared_boot {
	enum cfs_boot_kind kind;
	char entry[CFS_PREPARED_MAX];
	unsigned others;      /* entries of the image that were left out */
	struct cfs_digest id; /* the image that it boots */
};

/*
 * Writes the boot entry of the image, and the files that it starts:
 *
 *   ID/HASH/NAME			kernel, initrds and device trees
 *   loader/entries/ID.conf		last
 * or
 *   EFI/Linux/ID.efi.extra.d/NAME	addons
 *   EFI/Linux/ID.efi			last
 *
 * HASH, 32 hex digits, is of the names and contents of the files: a directory is
 * never shared by different ones, and what earlier entries start stays as it is.
 * Before the entry appears everything is on the disk, and beside the repository
 * there is state/deploy/DIGEST with var, etc/upper and etc/work, unless it
 * existed.  An earlier entry ID is replaced at once.
 *
 * Errors: -EINVAL a name or an argument is not allowed, or an EFI program has a
 * command line and @args were given; -ENOENT the image has no boot entry, or
 * lacks a file of it; -EBADMSG an EFI program boots another image, or an object
 * is damaged; -EEXIST EFI/Linux has another ID.efi or addons, which would be
 * mixed with these; -ENOSPC; those of cfs_require_whole().
 */
int cfs_prepare_boot(const struct cfs_repo *repo,
		     const struct cfs_prepare_boot *params,
		     struct cfs_prepared_boot *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
