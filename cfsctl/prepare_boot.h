/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by the commands prepare-boot and oci prepare-boot. */
#ifndef CFS_CFSCTL_PREPARE_BOOT_H
#define CFS_CFSCTL_PREPARE_BOOT_H

#include "boot/uki.h"
#include "cfsctl/cfsctl.h"
#include "tree/node.h"

struct cfs_boot_options {
	const char *boot_dir; /* NULL: /boot */
	const char *entry_id; /* NULL: that of the image */
	struct cfs_opt_list args;
};

/* Rows of options that set the member @boot of @type. */
#define CFS_BOOT_OPTIONS(type, boot)                                      \
	{ .name = "bootdir",                                              \
	  .value = "DIR",                                                 \
	  .help = "where the boot partition is mounted (default: /boot)", \
	  .takes = CFS_TAKES_DIR,                                         \
	  CFS_OPT_SETS(type, boot.boot_dir) },                            \
		{ .name = "entry-id",                                     \
		  .value = "ID",                                          \
		  .help = "name of the boot entry (default: as in the "   \
			  "image)",                                       \
		  CFS_OPT_SETS(type, boot.entry_id) },                    \
	{                                                                 \
		.name = "cmdline", .value = "ARG",                        \
		.help = "set this kernel argument, in place of one of "   \
			"the same name; repeatable",                      \
		CFS_OPT_SETS(type, boot.args)                             \
	}

/* The image to boot. */
struct cmd_boot_source {
	const char *name;	      /* the operand */
	struct cfs_uki_images images; /* as in ops/prepare_boot.h */
	struct cfs_tree *tree;	      /* that has the boot entry */
};

/* Writes the boot entry and prints which one it is.
 * Errors: those of cfs_prepare_boot(). */
int cmd_prepare_boot_run(const struct cfs_globals *g,
			 const struct cfs_repo *repo,
			 const struct cmd_boot_source *source,
			 const struct cfs_boot_options *o,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
