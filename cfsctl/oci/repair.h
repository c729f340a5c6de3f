/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* oci fsck --repair: mends what a check has found (oci/repair.h). */
#ifndef CFS_CFSCTL_OCI_REPAIR_H
#define CFS_CFSCTL_OCI_REPAIR_H

#include "base/json_write.h"
#include "base/vec.h"
#include "cfsctl/fsck_report.h"

struct cfs_lines {
	CFS_VEC(char *); /* owned */
};

/* Lines about what was mended and what was not.  Zero-initialise it. */
struct cfs_oci_told {
	struct cfs_lines mended, left;
	bool no_memory;
};

void cmd_oci_told_free(struct cfs_oci_told *told);

/* Prints the lines under "oci mended: N" and, if there are any, "oci not
 * mended: N". */
void cmd_oci_told_print(const struct cfs_oci_told *told) CFS_NONNULL;

/* Writes the members "mended" and "not_mended", lists of lines. */
void cmd_oci_told_json(const struct cfs_oci_told *told,
		       struct cfs_json_writer *w) CFS_NONNULL;

struct cfs_oci_repair_choice {
	/* Directories, repositories and references such as oci:PATH. */
	const struct cfs_opt_list *from;
	const char *name; /* of one image; NULL: all */
	bool read_data;
	unsigned threads;
};

/*
 * The paths among @from, for cmd_fsck_report_check(): the repository itself
 * comes first, for objects that only lack fs-verity.
 * Errors: -CFS_EUSAGE there are too many.
 */
int cmd_oci_repair_paths(const struct cfs_globals *g,
			 const struct cfs_opt_list *from,
			 struct cfs_opt_list *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Mends the images, @report being of a check just done.  Objects that are good
 * now are added to what it lists as mended; a check afterwards tells what is
 * left.
 * Errors: of opening repository and sources, of cfs_oci_repair().
 */
int cmd_oci_repair(const struct cfs_globals *g,
		   const struct cfs_oci_repair_choice *choice,
		   struct cfs_fsck_report *report, struct cfs_oci_told *told,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
