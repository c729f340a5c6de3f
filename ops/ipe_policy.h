/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The policy by which the kernel's IPE executes only files that fs-verity keeps
 * a signature with.
 *
 * Source: linux Documentation/admin-guide/LSM/ipe.rst, "IPE Policy";
 * security/ipe/policy_parser.c.
 */
#ifndef CFS_OPS_IPE_POLICY_H
#define CFS_OPS_IPE_POLICY_H

#include "base/buf.h"

/* The largest part of a version; the kernel reads it into 16 bits.
 * Source: security/ipe/policy_parser.c, parse_version(). */
#define CFS_IPE_VERSION_MAX 65535

/* Characters of a name; it becomes that of a directory of securityfs. */
#define CFS_IPE_NAME_MAX 64

#define CFS_IPE_DEFAULT_NAME "composefs"

struct cfs_ipe_policy {
	const char *name; /* borrowed */
	/* The kernel replaces a policy only by one of the same name whose
	 * version is not lower. */
	unsigned version[3];
};

/* Reads "1.2.3" into @policy's version.  Errors: -EINVAL. */
int cfs_ipe_policy_version(const char *text, struct cfs_ipe_policy *policy,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends the text of the policy to @out.
 * Errors: -EINVAL the name is empty, too long or has a character that is none
 * of A-Z a-z 0-9 . _ -, or begins with a dot.
 */
int cfs_ipe_policy_write(const struct cfs_ipe_policy *policy,
			 struct cfs_buf *out,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
