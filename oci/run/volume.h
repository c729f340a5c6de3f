/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_RUN_VOLUME_H
#define CFS_OCI_RUN_VOLUME_H

#include <stdbool.h>

#include "base/err.h"
#include "oci/run/config.h"

/* A file or directory of the host that the container sees. */
struct cfs_run_volume {
	char source[CFS_RUN_TEXT_MAX]; /* absolute path on the host */
	char target[CFS_RUN_TEXT_MAX]; /* absolute path in the container */
	bool read_only;
};

/* Reads "SOURCE:TARGET[:ro|:rw]".
 * Errors: -EINVAL, -ENAMETOOLONG a path of CFS_RUN_TEXT_MAX bytes or more. */
int cfs_run_volume_parse(const char *text, struct cfs_run_volume *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
