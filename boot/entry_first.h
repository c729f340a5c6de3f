/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_BOOT_ENTRY_FIRST_H
#define CFS_BOOT_ENTRY_FIRST_H

#include "boot/entries.h"

/*
 * Appends the entry @text to @ret, so changed that an entry of the file @name
 * comes before @before in the menu: as it is if that suffices, else with the
 * sort key and machine id of @before, and a version that is not older.  A
 * @before that has tries left or no counter, and is offered, is expected; what
 * orders it has to consist of printable characters, or nothing is changed.
 * Errors: -ENOMEM.
 */
int cfs_entry_put_first(struct cfs_bytes text, const char *name,
			const struct cfs_boot_entry *before,
			struct cfs_buf *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
