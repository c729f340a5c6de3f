/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci verify --kernel: what the kernel keeps of the signatures. */
#ifndef CFS_CFSCTL_OCI_VERIFY_KERNEL_H
#define CFS_CFSCTL_OCI_VERIFY_KERNEL_H

#include "cfsctl/cli/json.h"
#include "oci/seal/verify.h"

/* The objects of an image before the kernel. */
struct cmd_kernel_check {
	unsigned n;
	struct cmd_kernel_finding {
		enum cfs_seal_role role;
		/* Worded unless the kernel keeps a signature of it by one of
		 * the certificates. */
		struct cfs_err why_not;
	} v[CFS_SEAL_ROLES];
};

/* Reads back the signature of every object of the image that @v found signed by
 * one of @certs, and verifies it. */
void cmd_kernel_check(const struct cfs_repo *repo,
		      const struct cfs_seal_verification *v,
		      const struct cfs_certs *certs,
		      struct cmd_kernel_check *ret) CFS_NONNULL;

/* Prints a line for each object. */
void cmd_kernel_print(const struct cmd_kernel_check *c) CFS_NONNULL;

/* Writes them as the array "kernel". */
void cmd_kernel_write(const struct cmd_kernel_check *c,
		      struct cfs_json_writer *w) CFS_NONNULL;

/* Errors: CFS_ESTATUS(CFS_STATUS_KERNEL) an object of the image @name has no
 * such signature, or it cannot be read back. */
int cmd_kernel_refusal(const struct cmd_kernel_check *c, const char *name,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
