/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Command-line options, described by tables: "--name value", "--name=value",
 * "-n value", "-nvalue"; "--" ends them and "-" alone is an operand.  Unlike
 * getopt_long(3) no abbreviation is taken, so that adding an option never
 * changes what an existing script means.
 *
 * A row is the only place where an option is written down: the parser, the
 * usage and the shell completion are made from it, and a test compares the
 * manual page with it.
 */
#ifndef CFS_CFSCTL_CLI_OPTIONS_H
#define CFS_CFSCTL_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* An error code of its own: the command line, not the work, was wrong. */
#define CFS_EUSAGE 0x10000

/* Error codes that set the exit status: @status is 3 or more, for commands
 * whose failures scripts have to tell apart. */
#define CFS_ESTATUS(status) (0x20000 + (status))

/* How often an option with a list can be given. */
#define CFS_OPT_LIST_MAX 64

struct cfs_opt_list {
	unsigned n;
	const char *v[CFS_OPT_LIST_MAX]; /* borrowed from argv */
};

/* Where an option's value goes, by the type of the member that it sets. */
enum cfs_opt_kind {
	CFS_OPT_FLAG,	/* bool: there is no value, it becomes true */
	CFS_OPT_TEXT,	/* const char *: the value, borrowed from argv */
	CFS_OPT_LIST,	/* struct cfs_opt_list: every value given */
	CFS_OPT_PARSED, /* any type: what the row's parse makes of it */
};

/* Kinds of values and operands, for shell completion. */
enum cfs_takes {
	CFS_TAKES_WORD,
	CFS_TAKES_FILE,
	CFS_TAKES_DIR,
	CFS_TAKES_IMAGE, /* of the repository */
};

struct cfs_opt {
	const char *name;	    /* without "--" */
	const char *alias;	    /* another name, not shown, or NULL */
	const char *help;	    /* one phrase, of any length */
	const char *value;	    /* what usage calls its value: "PATH" */
	const char *const *choices; /* the only values allowed, or NULL;
				     * ends with a NULL */
	/* Reads @text into @to; -CFS_EUSAGE without the option's name. */
	int (*parse)(const char *text, void *to, struct cfs_err *err);
	bool bare; /* its value is "--name=value" or none, NULL for parse */
	enum cfs_opt_kind kind;
	enum cfs_takes takes;
	unsigned at; /* offset of what it sets in the struct of its table */
	char letter; /* of the short form, or 0 */
};

/* For a row: the option sets @member, a flag, text or list, of @type. */
#define CFS_OPT_SETS(type, member) \
	.kind = _Generic(((type *)0)->member,            \
			 bool : CFS_OPT_FLAG,            \
			 const char * : CFS_OPT_TEXT,    \
			 struct cfs_opt_list             \
			 : CFS_OPT_LIST),                \
	.at = offsetof(type, member)

/* For a row: @function reads the value into @member of @type. */
#define CFS_OPT_PARSES(type, member, function) \
	.kind = CFS_OPT_PARSED, .parse = function, .at = offsetof(type, member)

/* Rows and what they set. */
struct cfs_opt_table {
	const struct cfs_opt *rows; /* end with a NULL name; or NULL */
	void *into;		    /* the struct that CFS_OPT_SETS() names */
	uint64_t seen;		    /* bit i: row i was given */
};

/* Rows that a table has at most. */
#define CFS_OPT_ROWS_MAX 64

/*
 * Tables that are read together.  A name that is in several belongs to the
 * first of them.
 */
struct cfs_opts {
	int at; /* index in argv of the argument that was read last */
	unsigned n;
	struct cfs_opt_table table[2];
};

/*
 * Reads argv[1] to argv[*argc - 1].  Operands are moved to argv[1], argv[2],
 * ..., *argc is lowered accordingly and argv[*argc] is NULL.
 * Errors: -CFS_EUSAGE, naming the option: unknown (with what it may have been
 * meant to be), given twice, a value missing or wrong.
 */
int cmd_options(struct cfs_opts *opts, int *argc, char **argv,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads the options that stand before the first operand.  Returns its index in
 * @argv (@argc when there is none).
 * Errors: those of cmd_options().
 */
int cmd_options_front(struct cfs_opts *opts, int argc, char **argv,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The row whose long name is the @len characters at @name, or NULL. */
const struct cfs_opt *cmd_option_find(const struct cfs_opt *rows,
				      const char *name, size_t len)
	__attribute__((nonnull(2)));

/* Was the option @name, of the rows of @table, given? */
bool cmd_option_given(const struct cfs_opt_table *table,
		      const char *name) CFS_NONNULL;

/* For CFS_OPT_PARSES(): a number of threads, from 1 on, into an unsigned. */
int cmd_parse_threads(const char *text, void *to,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The row of --threads; 0, when it is not given, stands for one thread for
 * each processor. */
#define CFS_OPT_THREADS(type, member)                            \
	{                                                        \
		.name = "threads", .value = "N",                 \
		.help = "number of reading and hashing threads " \
			"(default: one for each processor)",     \
		CFS_OPT_PARSES(type, member, cmd_parse_threads), \
	}

/* For CFS_OPT_PARSES() of a row with these choices: true for "no", into a
 * bool. */
extern const char *const cmd_yes_no[];
int cmd_parse_no(const char *text, void *to,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
