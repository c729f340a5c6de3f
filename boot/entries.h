/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The boot loader entries of a boot partition, as systemd-boot finds and sorts
 * them: files loader/entries/NAME.conf and unified kernel images
 * EFI/Linux/NAME.efi.
 *
 * Source: UAPI.1, Boot Loader Specification; UAPI.5, Unified Kernel Image;
 * systemd, Automatic Boot Assessment (the counters in names).
 */
#ifndef CFS_BOOT_ENTRIES_H
#define CFS_BOOT_ENTRIES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/vec.h"
#include "fsverity/digest.h"

struct cfs_boot_entry {
	char *path; /* below the boot partition; its bytes are the disk's */
	/* By which the boot loader knows it: the name of the file without
	 * counters, in lower case (of ASCII only). */
	char *id;
	/* Of the entry, or of the os-release in a unified kernel image; or
	 * NULL. */
	char *title, *sort_key, *version, *machine_id;
	/* The counters of a trial, "NAME+LEFT-DONE.conf"; -1 without. */
	int tries_left, tries_done;
	/* The boot loader offers it: what it starts exists. */
	bool offered;
	/* It waits in loader/entries.staged, where bootc keeps what is to
	 * become loader/entries at the shutdown. */
	bool staged;
	struct {
		CFS_VEC(struct cfs_digest);
	} images; /* that it names, in the order of its command line */
};

/* Zero-initialise it. */
struct cfs_boot_entries {
	CFS_VEC(struct cfs_boot_entry);
	/* A directory of entries, or an entry, that exists and could not be
	 * read, so that something is missing here, or NULL; borrowed from the
	 * list, or static.  And the errno of that. */
	const char *unread;
	int unread_error;
};

#define CFS_AUTOENTRIES __attribute__((cleanup(cfs_boot_entries_free)))
void cfs_boot_entries_free(struct cfs_boot_entries *entries);

/* Where problems are reported; as of struct cfs_boot_visitor (boot/roots.h). */
typedef void cfs_boot_broken_fn(void *arg, const char *where,
				const char *reason);

/*
 * Reads the entries of the boot partition that is mounted at @dirfd, in the
 * order of the boot loader's menu: those that are not offered or that are
 * staged come last.  A directory that is missing has no entries; whatever
 * cannot be read or understood is reported to @broken and otherwise left out or
 * incomplete.
 * Errors: -ENOMEM.
 */
int cfs_boot_entries_read(int dirfd, cfs_boot_broken_fn *broken, void *arg,
			  struct cfs_boot_entries *ret,
			  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 4, 5)));

/* Compares entries by their place in the menu: returns less than 0 if @a comes
 * before @b, more than 0 if it comes after it, and 0 only if they have the same
 * path. */
int cfs_boot_entry_compare(const struct cfs_boot_entry *a,
			   const struct cfs_boot_entry *b) CFS_NONNULL;

/*
 * Splits the name @name of an entry's file, which ends with @suffix: appends
 * its id to @ret and reads its counters, -1 each without.
 */
void cfs_boot_entry_name(const char *name, const char *suffix,
			 struct cfs_buf *ret, int *ret_left,
			 int *ret_done) CFS_NONNULL;

/*
 * Appends to @ret the path of the directory of addons of the kernel image
 * @path: that of ID+3.efi is ID.efi.extra.d.
 * Source: systemd-stub(7).
 */
void cfs_boot_addons_path(const char *path, struct cfs_buf *ret) CFS_NONNULL;

#endif
