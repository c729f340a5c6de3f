/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Findings of a check (ops/findings.h), worded: for people, and as JSON. */
#ifndef CFS_CFSCTL_FINDINGS_H
#define CFS_CFSCTL_FINDINGS_H

#include "base/json_write.h"
#include "ops/findings.h"

/* Print the errors, or the warnings, as a list. */
void cmd_findings_print_errors(const struct cfs_findings *f) CFS_NONNULL;
void cmd_findings_print_warnings(const struct cfs_findings *f) CFS_NONNULL;

/* Prints what can be done about the findings. */
void cmd_findings_print_cures(const struct cfs_findings *f) CFS_NONNULL;

/* Writes the members "errors", the lines that are printed, and "findings". */
void cmd_findings_json(const struct cfs_findings *f,
		       struct cfs_json_writer *w) CFS_NONNULL;

#endif
