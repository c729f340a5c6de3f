/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Kernel arguments, printed as the commands that make them have them. */
#ifndef CFS_CFSCTL_KARG_H
#define CFS_CFSCTL_KARG_H

#include "base/json_write.h"
#include "boot/kargs.h"

/* Opens the list of arguments, the one member of a document. */
void cmd_karg_begin(struct cfs_json_writer *w) CFS_NONNULL;

/* Prints @karg in a line, or writes it, with what the operand @name calls the
 * image, into the list of @w unless that is NULL. */
void cmd_karg_print(const struct cfs_karg *karg, const char *name,
		    struct cfs_json_writer *w) __attribute__((nonnull(1, 2)));

/* Closes the list and prints the document. */
int cmd_karg_end(struct cfs_json_writer *w,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
