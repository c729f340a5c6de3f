/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* OCI images that are to boot. */
#ifndef CFS_CFSCTL_OCI_BOOT_SOURCE_H
#define CFS_CFSCTL_OCI_BOOT_SOURCE_H

#include "cfsctl/oci/oci.h"
#include "cfsctl/prepare_boot.h"
#include "cfsctl/tree_source.h"
#include "cfsctl/trust.h"

struct cmd_oci_boot_options {
	struct cfs_oci_tree_choice tree;
	struct cfs_trust_options trust;
};

/* Rows of options that set the member @oci of @type. */
#define CFS_OCI_BOOT_OPTIONS(type, oci)        \
	CFS_OCI_MERGE_OPTIONS(type, oci.tree), \
		CFS_TRUST_OPTIONS(type, oci.trust)

struct cmd_oci_boot {
	const struct cfs_globals *g;
	const struct cfs_access *access; /* of the repository */
	const struct cmd_oci_boot_options *o;
	const char *name;   /* of the image */
	bool read_only;	    /* make nothing: the image to boot has to exist */
	const char *stream; /* see struct cfs_oci_tree_choice; or NULL */
};

/*
 * Finds the OCI image, makes the EROFS image to boot if it is missing, and
 * calls @run with all that may boot: where a signature is demanded, the signed
 * one alone.
 * Errors: those of cmd_trust_accept(), of making images, and of @run.
 */
int cmd_oci_boot_image(const struct cmd_oci_boot *boot, cmd_boot_fn *run,
		       const void *arg,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
