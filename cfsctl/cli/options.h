/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Command-line options: "--name value", "--name=value", "-n value", "-nvalue",
 * "--" ends them, "-" alone is an operand.  Unlike getopt_long(3) no
 * abbreviation is taken, so that adding an option never changes what an
 * existing script means.
 */
#ifndef CFS_CFSCTL_CLI_OPTIONS_H
#define CFS_CFSCTL_CLI_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"

#define CFS_OPT_LIST_MAX 64

struct cfs_opt_list {
	unsigned n;
	const char *v[CFS_OPT_LIST_MAX]; /* borrowed from argv */
};

/* One option; exactly one of flag, text and list is set. */
struct cfs_opt {
	const char *name;  /* without "--" */
	char letter;	   /* of the short form, or 0 */
	bool *flag;	   /* becomes true */
	const char **text; /* becomes the value; given twice is refused */
	struct cfs_opt_list *list; /* gets every value given */
};

/*
 * Reads argv[1] to argv[*argc - 1] by the table @opts (ends with a NULL name;
 * may be NULL for none).  Operands are moved to argv[1], argv[2], ..., *argc
 * is lowered accordingly and argv[*argc] is NULL.
 * Errors: -CFS_EUSAGE, naming the option.
 */
int cmd_options(const struct cfs_opt *opts, int *argc, char **argv,
		struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3, 4)));

/* The same for options that stand before a subcommand: the first operand ends
 * them.  Returns its index in @argv (@argc when there is none). */
int cmd_options_front(const struct cfs_opt *opts, int argc, char **argv,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* -CFS_EUSAGE unless argv holds @min to @max operands after its first. */
int cmd_operands(int argc, int min, int max,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads the value "yes" (NULL counts as such) or "no" of the option @name:
 * *@ret is true for "no".  Errors: -CFS_EUSAGE. */
int cmd_parse_no(const char *name, const char *text, bool *ret,
		 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4)));

/* Reads the value of --threads, a number from 1 on; @text NULL: *@ret is 0,
 * which stands for as many as may run at once.  Errors: -CFS_EUSAGE. */
int cmd_parse_threads(const char *text, unsigned *ret,
		      struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3)));

/* A line about it for `help`. */
#define CFS_THREADS_HELP                                                    \
	"  --threads N           that read and hash; as many as there are " \
	"CPUs\n"

#endif
