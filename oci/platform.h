/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The platform that an image is for.
 *
 * Source: OCI image specification, image-index.md, "platform"; operating
 * systems and architectures have the names that Go has for them.
 */
#ifndef CFS_OCI_PLATFORM_H
#define CFS_OCI_PLATFORM_H

#include <stdbool.h>

#include "base/err.h"

/* Bytes of a name of an operating system, ... with its NUL. */
#define CFS_OCI_WORD_MAX 64

struct cfs_oci_platform {
	char os[CFS_OCI_WORD_MAX];
	char arch[CFS_OCI_WORD_MAX];
	char variant[CFS_OCI_WORD_MAX]; /* "" when there is none */
};

/* "os/arch" or "os/arch/variant".  Architectures may have the kernel's names
 * ("x86_64", "aarch64"), too.  Errors: -EINVAL. */
int cfs_oci_platform_parse(const char *text, struct cfs_oci_platform *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* That of the running machine: "linux", and the architecture as Go has it. */
void cfs_oci_platform_here(struct cfs_oci_platform *ret) CFS_NONNULL;

/* Does an image for @have run where @want is wanted?  A variant counts when
 * @want has one; arm64 without a variant is arm64/v8, arm is arm/v7. */
bool cfs_oci_platform_fits(const struct cfs_oci_platform *have,
			   const struct cfs_oci_platform *want) CFS_NONNULL;

/* Writes @platform as "os/arch" or "os/arch/variant". */
#define CFS_OCI_PLATFORM_MAX (3 * CFS_OCI_WORD_MAX)
const char *cfs_oci_platform_text(const struct cfs_oci_platform *platform,
				  char ret[static CFS_OCI_PLATFORM_MAX])
	CFS_NONNULL;

#endif
