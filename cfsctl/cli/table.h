/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Tables for people to read, drawn as composefs-rs draws them.
 */
#ifndef CFS_CFSCTL_CLI_TABLE_H
#define CFS_CFSCTL_CLI_TABLE_H

#include "base/buf.h"

#define CFS_TABLE_COLUMNS 7

struct cfs_table_text {
	unsigned columns;
	unsigned cells;
	size_t width[CFS_TABLE_COLUMNS]; /* characters of the widest cell */
	struct cfs_buf text;		 /* the cells, each with its NUL */
};

#define CFS_AUTOTABLE __attribute__((cleanup(cmd_table_free)))

void cmd_table_free(struct cfs_table_text *table);

/* Adds the next cell, row by row; the first row is the head.  Cells are made
 * fit to be printed (cfs_text_clean()). */
void cmd_table_add(struct cfs_table_text *table, const char *cell) CFS_NONNULL;

/* Draws it on stdout.  Errors: -ENOMEM. */
int cmd_table_print(const struct cfs_table_text *table,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
