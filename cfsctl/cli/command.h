/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A command as a row: its name, what it takes, its words and what runs it.
 * The dispatcher parses and checks the command line by the row before it runs
 * anything, and usage and shell completion are made from it.
 */
#ifndef CFS_CFSCTL_CLI_COMMAND_H
#define CFS_CFSCTL_CLI_COMMAND_H

#include "base/err.h"
#include "cfsctl/cli/options.h"

struct cfs_globals;

/* The arguments of a command, parsed by its row. */
struct cfs_call {
	const struct cfs_globals *g; /* the options that all commands have */
	const void *options;	     /* the struct that the row's options set */
	int n;			     /* operands, as many as the row allows */
	char **operand;
};

/* An operand.  Of a row's operands, the optional ones come last; the last one
 * may be repeated. */
struct cfs_operand {
	const char *name; /* in usage: "IMAGE" */
	enum cfs_takes takes;
	const char *unless; /* an option that takes its place, or NULL */
	bool optional;
	bool many;
};

#define CFS_OPERANDS_MAX 2

struct cfs_cmd {
	const char *name;
	const char *alias; /* another name, or NULL */
	const char *help;  /* one phrase */
	/* Options that usage shows because the command needs them, or NULL. */
	const char *needs;
	/* Paragraphs at the end of `help NAME`, or NULL. */
	const char *more;
	const struct cfs_opt *options; /* ends with a NULL name; or NULL */
	size_t size;		       /* of the struct that they set */
	const void *defaults; /* such a struct to begin with; NULL: 0 */
	struct cfs_operand operands[CFS_OPERANDS_MAX + 1];
	/*
	 * Prints results on stdout and returns like every function: negative
	 * errno with @err filled in, or -CFS_EUSAGE when options or operands
	 * contradict each other.
	 */
	int (*run)(const struct cfs_call *call, struct cfs_err *err);
	const struct cfs_cmd *const *sub; /* of a group; ends with NULL */
	bool allows_no_repo;		  /* works without any repository */
	bool allows_socket;		  /* can ask a service instead */
	/* Ends as diff(1) does: what run returns, 0 or 1, is the exit status,
	 * and 2 is that of a failure. */
	bool compares;
};

/* The row of @list (ends with NULL) that has the name or alias @name; or
 * NULL. */
const struct cfs_cmd *cmd_command_find(const struct cfs_cmd *const *list,
				       const char *name) CFS_NONNULL;

/* -CFS_EUSAGE unless the @n operands are as many as @cmd takes with the options
 * @given. */
int cmd_command_count(const struct cfs_cmd *cmd,
		      const struct cfs_opt_table *given, int n,
		      char *const *operand,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
