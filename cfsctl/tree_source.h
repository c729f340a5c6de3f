/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where an image comes from: a directory or a dumpfile, and what is done to
 * its tree first.  The options that create-image, compute-id, compute-karg and
 * create-dumpfile have in common.
 */
#ifndef CFS_CFSCTL_TREE_SOURCE_H
#define CFS_CFSCTL_TREE_SOURCE_H

#include "cfsctl/cfsctl.h"
#include "tree/scan.h"
#include "tree/transform.h"

struct cfs_source {
	const char *path;     /* of the directory, or NULL: */
	const char *dumpfile; /* "-" is stdin */
	bool bootable;
	bool as_is; /* --no-propagate-usr-to-root */
	const char *xattrs;
	enum cfs_xattr_filter filter;
	const char *threads_text;
	unsigned threads; /* as cfs_digester_new() takes them */
};

/* For tables of options: those about directories, and all. */
#define CFS_SOURCE_DIR_OPTIONS(source)                             \
	{ .name = "bootable", .flag = &(source)->bootable },       \
		{ .name = "no-propagate-usr-to-root",              \
		  .flag = &(source)->as_is },                      \
		{ .name = "xattrs", .text = &(source)->xattrs },   \
	{                                                          \
		.name = "threads", .text = &(source)->threads_text \
	}
#define CFS_SOURCE_OPTIONS(source)                                \
	{ .name = "from-dumpfile", .text = &(source)->dumpfile }, \
		CFS_SOURCE_DIR_OPTIONS(source)

/* Lines about them for `help`. */
#define CFS_SOURCE_DIR_HELP                                                   \
	"  --bootable            empty /boot and /sysroot, make SELinux "     \
	"labels\n"                                                            \
	"  --no-propagate-usr-to-root\n"                                      \
	"                        take the root directory and xattrs as they " \
	"are\n"                                                               \
	"  --xattrs MODE         allowlist-only or keep-user-xattrs\n" CFS_THREADS_HELP
#define CFS_SOURCE_HELP                                                   \
	"  --from-dumpfile FILE  read a dumpfile, not a directory; - is " \
	"stdin\n" CFS_SOURCE_DIR_HELP

/* Checks the options, for who sets path or dumpfile himself. */
int cmd_source_check(struct cfs_source *source,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Takes the directory from the operands and checks the options; of @max
 * operands the first is the directory, when there is no dumpfile.
 * Returns the index of the first operand that is left. */
int cmd_source_operands(struct cfs_source *source, int argc, char **argv,
			int max,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads it and transforms it.  @digester, @seen, @ctx: as struct cfs_scan has
 * them; a dumpfile needs none.
 */
int cmd_source_read(const struct cfs_source *source,
		    struct cfs_digester *digester,
		    void (*seen)(void *ctx, uint64_t bytes), void *ctx,
		    struct cfs_tree **ret, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 5, 6)));

/* Warns on stderr about parts of @tree that an image of @format does not
 * keep. */
void cmd_source_warn(const struct cfs_tree *tree, unsigned format) CFS_NONNULL;

#endif
