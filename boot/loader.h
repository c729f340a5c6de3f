/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which entry does systemd-boot start?  It takes the first entry that a rule
 * names, or else the first one of its menu.
 *
 * Source: systemd, loader.conf(5) and systemd-boot(7), "EFI Variables".
 */
#ifndef CFS_BOOT_LOADER_H
#define CFS_BOOT_LOADER_H

#include "boot/entries.h"

#define CFS_LOADER_CONF	    "loader/loader.conf"
#define CFS_LOADER_CONF_MAX 65536 /* bytes that are read */

/* Where a rule comes from, in the order in which they count. */
enum cfs_loader_source {
	CFS_LOADER_ONE_SHOT, /* the variable LoaderEntryOneShot, once */
	CFS_LOADER_VARIABLE, /* the variable LoaderEntryDefault */
	CFS_LOADER_FILE,     /* "default" in loader/loader.conf */
};

struct cfs_loader_rule {
	enum cfs_loader_source source;
	char *pattern; /* of ids, in lower case; owned */
};

/* Zero-initialise it. */
struct cfs_loader {
	CFS_VEC(struct cfs_loader_rule); /* in the order in which they count */
	/* The boot loader that started the running system, as the variable
	 * LoaderInfo has it ("systemd-boot 257"); NULL: none said so, or the
	 * variables were left out.  Owned. */
	char *info;
};

/* Was the running system started by systemd-boot? */
bool cfs_loader_is_systemd_boot(const struct cfs_loader *loader) CFS_NONNULL;

#define CFS_AUTOLOADER __attribute__((cleanup(cfs_loader_free)))
void cfs_loader_free(struct cfs_loader *loader);

/*
 * Reads the rules: loader/loader.conf below @dirfd, the boot partition, and the
 * variables of the firmware below @rootfd, the root directory of the machine's
 * running system; -1 leaves them out.  What is missing makes no rule; what
 * cannot be read is reported to @broken and makes none either.
 * Errors: -ENOMEM.
 */
int cfs_loader_read(int dirfd, int rootfd, cfs_boot_broken_fn *broken,
		    void *arg, struct cfs_loader *ret,
		    struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3, 5, 6)));

/* Does @pattern, with the wildcards "?", "*", "[...]" and "\", match all of
 * @id? */
bool cfs_loader_match(const char *pattern, const char *id) CFS_NONNULL;

/* Indices of entries. */
struct cfs_boot_order {
	CFS_VEC(size_t);
};

/*
 * Appends to @ret, which is empty, the entries that are offered in the order in
 * which they are started: that of the first rule, and then those that are
 * started in its place if it is no longer there.
 * Errors: -ENOMEM.
 */
int cfs_loader_order(const struct cfs_loader *loader,
		     const struct cfs_boot_entries *entries,
		     struct cfs_boot_order *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
