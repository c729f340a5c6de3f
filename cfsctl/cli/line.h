/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_CFSCTL_CLI_LINE_H
#define CFS_CFSCTL_CLI_LINE_H

#include <stdio.h>

#include "base/auto.h"

/*
 * Prints a line of text for people, and its newline.
 *
 * All output of cfsctl that names something from a repository, an image, a
 * certificate or a command line goes through here or through a table
 * (cfsctl/cli/table.h), and errors through cfs_fail(): whatever such a name
 * holds, the line stays one line and does nothing to a terminal
 * (cfs_text_clean()).  What programs read, JSON and dumpfiles, has an escaping
 * of its own.
 *
 * Without memory for it the line is cut.
 */
void cmd_line(FILE *to, const char *fmt, ...) CFS_NONNULL CFS_PRINTF(2, 3);

#endif
