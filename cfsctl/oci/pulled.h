/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The output of `oci pull` for an image pulled here or by a service. */
#ifndef CFS_CFSCTL_OCI_PULLED_H
#define CFS_CFSCTL_OCI_PULLED_H

#include "cfsctl/cfsctl.h"

/* Strings are borrowed. */
struct cmd_pulled {
	const char *manifest, *config; /* their digests */
	const char *verity; /* of the stream of the manifest, in hex */
	const char *tag;
	/* Objects, and bytes of them and of what is no object. */
	uint64_t added, present, stored, inlined;
	unsigned signatures; /* verified */
	const char *boot;    /* digest of the image to boot, in hex; or NULL */
	/* How it is made: the mode of filtering xattrs and the format, "V1";
	 * NULL: as it was asked for. */
	const char *mode, *format;
	bool own_nanoseconds; /* as of struct cfs_oci_way */
};

void cmd_pulled_print(const struct cmd_pulled *pulled) CFS_NONNULL;

struct cfs_oci_referrers;

/* Prints which artifacts about the image did not come, and why, to stderr. */
void cmd_skipped_print(const struct cfs_oci_referrers *referrers) CFS_NONNULL;

/* A pull that is left to the service of --socket. */
struct cmd_pull_request {
	const char *from, *tag;
	const char *expected; /* hex digits, or NULL */
	const char *xattrs;   /* "AllowlistOnly" or the like; NULL: unsaid */
	bool bootable;
};

/*
 * Has the service pull, shows its progress and prints what came.
 * Errors: as those of `oci pull`, with the exit statuses of refusals.
 */
int cmd_pull_asked(const struct cfs_globals *g,
		   const struct cmd_pull_request *request,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
