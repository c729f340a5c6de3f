/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_CFSCTL_CLI_JSON_H
#define CFS_CFSCTL_CLI_JSON_H

#include "base/json_write.h"
#include "cfsctl/cli/options.h"
#include "fsverity/digest.h"

/*
 * Ends the document of @w and prints it on stdout.
 * Errors: those of cfs_json_write_finish().
 */
int cmd_json_print(struct cfs_json_writer *w,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes "sha512:HEX" as the member @name. */
void cmd_json_digest(struct cfs_json_writer *w, const char *name,
		     const struct cfs_digest *id)
	__attribute__((nonnull(1, 3)));

/* The row of --json, a flag. */
#define CFS_OPT_JSON(type, member)                    \
	{                                             \
		.name = "json", .help = "print JSON", \
		CFS_OPT_SETS(type, member),           \
	}

#endif
