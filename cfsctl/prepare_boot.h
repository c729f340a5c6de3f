/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by the commands that make boot entries, of images and of OCI
 * images. */
#ifndef CFS_CFSCTL_PREPARE_BOOT_H
#define CFS_CFSCTL_PREPARE_BOOT_H

#include "boot/kargs.h"
#include "boot/uki.h"
#include "cfsctl/cfsctl.h"
#include "ops/prepare_boot.h"
#include "tree/node.h"

struct cfs_boot_options {
	const char *boot_dir; /* NULL: /boot */
	const char *entry_id; /* NULL: that of the image */
	struct cfs_opt_list args;
};

/* Rows of options that set the member @boot of @type. */
#define CFS_BOOT_OPTIONS(type, boot)                                      \
	{ .name = "bootdir",                                              \
	  .alias = "boot-dir",                                            \
	  .value = "DIR",                                                 \
	  .help = "where the boot partition is mounted (default: /boot)", \
	  .takes = CFS_TAKES_DIR,                                         \
	  CFS_OPT_SETS(type, boot.boot_dir) },                            \
		{ .name = "entry-id",                                     \
		  .value = "ID",                                          \
		  .help = "name of the boot entry (default: as in the "   \
			  "image)",                                       \
		  CFS_OPT_SETS(type, boot.entry_id) },                    \
		CFS_OPT_CMDLINE(type, boot.args)

#define CFS_OPT_CMDLINE(type, member)                                   \
	{                                                               \
		.name = "cmdline", .value = "ARG",                      \
		.help = "set this kernel argument, in place of one of " \
			"the same name; repeatable",                    \
		CFS_OPT_SETS(type, member)                              \
	}

/* The image to boot. */
struct cmd_boot_source {
	const char *name;	      /* the operand */
	struct cfs_uki_images images; /* as in ops/prepare_boot.h */
	struct cfs_tree *tree;	      /* that has the boot entry */
	const char *manifest; /* "sha256:..." of an OCI image, or NULL */
};

/* Uses the image.  @arg is passed through from the call. */
typedef int cmd_boot_fn(const void *arg, const struct cfs_repo *repo,
			const struct cmd_boot_source *source,
			struct cfs_err *err);

/* Finds the image @name of the repository, which @access opens, and calls @run
 * with it.  Errors: those of cmd_find_image(), cfs_image_map() and @run. */
int cmd_boot_image(const struct cfs_access *access, const char *name,
		   cmd_boot_fn *run, const void *arg,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Sets *@ret to the kernel argument that boots the image @id.
 * Errors: those of cfs_image_open(). */
int cmd_boot_karg(const struct cfs_globals *g, const struct cfs_repo *repo,
		  const struct cfs_digest *id, struct cfs_karg *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Prints which entry boots what, and warnings about it. */
void cmd_boot_print(const struct cfs_globals *g, const struct cfs_karg *karg,
		    const struct cfs_prepared_boot *prepared) CFS_NONNULL;

/* The argument of cmd_prepare_boot_run(). */
struct cmd_prepare_boot {
	const struct cfs_globals *g;
	const struct cfs_boot_options *o;
};

/* Writes the boot entry and prints which one it is: a cmd_boot_fn, whose @arg
 * is a struct cmd_prepare_boot.  Errors: those of cfs_prepare_boot(). */
int cmd_prepare_boot_run(const void *arg, const struct cfs_repo *repo,
			 const struct cmd_boot_source *source,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
