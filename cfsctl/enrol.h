/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* --kernel-signatures: handing signatures to the kernel. */
#ifndef CFS_CFSCTL_ENROL_H
#define CFS_CFSCTL_ENROL_H

#include "cfsctl/cfsctl.h"
#include "ops/enrol_image.h"

/* The row of --kernel-signatures, which sets the member @kernel of @type, an
 * enum cfs_kernel_signatures. */
#define CFS_KERNEL_OPTION(type, kernel)                                      \
	{                                                                    \
		.name = "kernel-signatures", .value = "auto|yes|no",         \
		.help = "have the kernel check the signature at every open " \
			"(auto, the default, if it knows the signer: see "   \
			"`cfsctl keyring`)",                                 \
		.choices = cmd_kernel_names,                                 \
		CFS_OPT_PARSES(type, kernel, cmd_parse_kernel)               \
	}
extern const char *const cmd_kernel_names[];
int cmd_parse_kernel(const char *text, void *to, struct cfs_err *err);

/*
 * Hands the signatures of @e to the kernel, and notes on stderr which it has
 * afterwards, and why it has not the others.
 * Errors: with CFS_KERNEL_YES CFS_ESTATUS(CFS_STATUS_KERNEL) if it lacks one.
 */
int cmd_enrol(struct cfs_store *store, struct cfs_enrolment *e,
	      enum cfs_kernel_signatures kernel,
	      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
