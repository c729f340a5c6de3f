/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The options about the source of an image (ops/tree_source.h), which
 * create-image, compute-id, compute-karg and create-dumpfile have in common,
 * and its warnings.
 */
#ifndef CFS_CFSCTL_TREE_SOURCE_H
#define CFS_CFSCTL_TREE_SOURCE_H

#include "cfsctl/cfsctl.h"
#include "cfsctl/source_date.h"
#include "ops/tree_source.h"

/* Rows of options that set the member @source of @type: those about
 * directories, and all. */
#define CFS_SOURCE_DIR_OPTIONS(type, source)                                  \
	{ .name = "bootable",                                                 \
	  .help = "empty /boot and /sysroot; label all files by the SELinux " \
		  "policy in the tree",                                       \
	  CFS_OPT_SETS(type, source.bootable) },                              \
		CFS_SOURCE_TREE_OPTIONS(type, source)
#define CFS_SOURCE_TREE_OPTIONS(type, source)                                  \
	{ .name = "no-propagate-usr-to-root",                                  \
	  .help = "take the root directory's metadata and all xattrs as they " \
		  "are, and keep /run",                                        \
	  CFS_OPT_SETS(type, source.as_is) },                                  \
		{ .name = "xattrs",                                            \
		  .value = "MODE",                                             \
		  .help = "allowlist-only (default) or keep-user-xattrs",      \
		  .choices = cmd_source_xattrs,                                \
		  CFS_OPT_PARSES(type, source.filter, cmd_source_filter) },    \
		{ .name = "clamp-mtime",                                       \
		  .value = "SECONDS",                                          \
		  .help = "set later mtimes to this time since 1970, or to "   \
			  "$SOURCE_DATE_EPOCH",                                \
		  .bare = true,                                                \
		  CFS_OPT_PARSES(type, source.clamp, cmd_parse_clamp) },       \
		{ .name = "ipe",                                               \
		  .help = "store executables of any size as objects, which "   \
			  "the kernel's IPE can judge",                        \
		  CFS_OPT_SETS(type, source.exec_objects) },                   \
		{ .name = "make-mountpoints",                                  \
		  .help = "add missing mount points (/proc, /sysroot, ...) "   \
			  "to a bootable image",                               \
		  CFS_OPT_SETS(type, source.mountpoints) },                    \
		CFS_OPT_THREADS(type, source.threads)
#define CFS_SOURCE_OPTIONS(type, source)                                       \
	{ .name = "from-dumpfile",                                             \
	  .value = "FILE",                                                     \
	  .help = "read a dumpfile instead of a directory; - is the standard " \
		  "input",                                                     \
	  .takes = CFS_TAKES_FILE,                                             \
	  CFS_OPT_SETS(type, source.dumpfile) },                               \
		CFS_SOURCE_DIR_OPTIONS(type, source),                          \
		CFS_SOURCE_LINT_OPTION(type, source)
#define CFS_SOURCE_LINT_OPTION(type, source)                               \
	{                                                                  \
		.name = "lint", .value = "WHAT", .choices = cmd_lints,     \
		.help = "what to do about a bootable tree that would not " \
			"boot: auto, error, warn or off",                  \
		CFS_OPT_PARSES(type, source.lint, cmd_parse_lint)          \
	}

/* The values of --xattrs, and what reads them into an enum
 * cfs_xattr_filter. */
extern const char *const cmd_source_xattrs[];
int cmd_source_filter(const char *text, void *to,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The values of --lint, and what reads them into an enum cfs_lint. */
extern const char *const cmd_lints[];
int cmd_parse_lint(const char *text, void *to,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The first operand of commands that take all of these options. */
#define CFS_SOURCE_OPERAND                              \
	{                                               \
		.name = "PATH", .takes = CFS_TAKES_DIR, \
		.unless = "from-dumpfile"               \
	}

/* Sets @source->path to that operand, if there is one.  Returns the index of
 * the operand after it. */
int cmd_source_operand(struct cfs_tree_source *source,
		       const struct cfs_call *call) CFS_NONNULL;

/* Refuses options that contradict each other: -CFS_EUSAGE. */
int cmd_source_check(const struct cfs_tree_source *source,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Prints notes on stderr, as warnings. */
extern const struct cfs_notes cmd_source_warnings;

#endif
