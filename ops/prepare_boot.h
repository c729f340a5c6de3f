/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Making an image bootable on this machine: its kernel and boot entry on the
 * boot partition, and the directories that keep its state.
 */
#ifndef CFS_OPS_PREPARE_BOOT_H
#define CFS_OPS_PREPARE_BOOT_H

#include "boot/entries.h"
#include "boot/found.h"
#include "boot/uki.h"
#include "repo/open.h"

/*
 * Makes the state directory of the image @id below @parent, the directory that
 * the repository is in, whether or not it exists.  Called when everything was
 * checked and nothing is written yet.
 */
typedef int cfs_make_state_fn(void *arg, int parent,
			      const struct cfs_digest *id, struct cfs_err *err);

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
	/* A command line whose words are added to that of the entry, unless it
	 * has such (struct cfs_entry_args); NULL: none.  Not for EFI programs,
	 * which have their own. */
	const char *carried;
	/* How often the entry is tried before the boot loader gives it up; 0:
	 * it is not on trial.  At most CFS_TRIES_MAX. */
	unsigned tries;
	/* Not 0: the entry is called ID_SERIAL instead of ID. */
	unsigned serial;
	/* An entry that the new one is to come before in the menu
	 * (cfs_entry_put_first()), or NULL.  Not for EFI programs. */
	const struct cfs_boot_entry *before;
	cfs_make_state_fn *make_state; /* NULL: empty, unless it exists */
	void *arg;		       /* for make_state */
	bool no_sync;		       /* do not wait for the disk */
	/* Let cfs_undeploy() remove what is written if that is interrupted. */
	bool hidden_first;
	bool check; /* write nothing: make_state is called, and that is all */
};

/* Ends the name of a hidden entry, ".NAME.undeployed", which no boot loader
 * starts, and whose files cfs_undeploy() removes. */
#define CFS_ENTRY_HIDDEN ".undeployed"

/* The most tries of an entry: more digits than this are for nobody's good. */
#define CFS_TRIES_MAX 99

/* The path of an entry, below the boot partition. */
#define CFS_PREPARED_MAX \
	(sizeof("loader/entries/_4294967295+99.conf") + CFS_ENTRY_NAME_MAX)

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
 * An entry on trial is called ID+TRIES.conf or ID+TRIES.efi: systemd-boot
 * counts down, and systemd-bless-boot(8) takes the counter away once the system
 * is up.
 *
 * HASH, 32 hex digits, is of the names and contents of the files: a directory
 * is never shared by different ones, and what earlier entries start stays as it
 * is.  Before the entry appears everything is on the disk, and beside the
 * repository there is state/deploy/DIGEST, which without make_state has var,
 * etc/upper and etc/work, unless it existed.  An earlier entry of the same name
 * is replaced at once.  With hidden_first a hidden entry, of the same text, is
 * there from before the first file until after the entry; that of an EFI
 * program is empty.
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
