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

/* Refuses, as -CFS_EUSAGE, to demand signatures in the kernel where --emit-tbs
 * DIR (NULL: not given) makes none. */
int cmd_enrol_check(enum cfs_kernel_signatures kernel, const char *emit,
		    struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(3)));

/*
 * Keeps the signatures of @e in the repository and, unless @kernel is
 * CFS_KERNEL_NO, hands them to the kernel.  Notes on stderr which the kernel
 * has afterwards, why it has not the others, and where it still has one of a
 * signer who is leaving.
 * Errors: of cfs_enrolment_keep(); with CFS_KERNEL_YES
 * CFS_ESTATUS(CFS_STATUS_KERNEL) if the kernel lacks one.
 */
int cmd_enrol(struct cfs_store *store, struct cfs_enrolment *e,
	      enum cfs_kernel_signatures kernel,
	      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
