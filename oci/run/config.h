/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How an image wants to be run: the part of its configuration that describes
 * the process.
 *
 * Source: OCI image specification, config.md, "Properties".
 */
#ifndef CFS_OCI_RUN_CONFIG_H
#define CFS_OCI_RUN_CONFIG_H

#include "base/bytes.h"
#include "oci/run/texts.h"

/* Elements of each list.  The kernel takes more arguments, no image has. */
#define CFS_RUN_LIST_MAX 4096
#define CFS_RUN_TEXT_MAX 4096 /* bytes of a path or a word, with the NUL */

struct cfs_run_config {
	struct cfs_texts entrypoint, cmd;
	struct cfs_texts env;	 /* each variable once; the last one counts */
	struct cfs_texts labels; /* "NAME=VALUE", each name once */
	char user[CFS_RUN_TEXT_MAX];
	char cwd[CFS_RUN_TEXT_MAX]; /* absolute; "/" if it has none */
	char stop_signal[CFS_RUN_TEXT_MAX];
};

void cfs_run_config_free(struct cfs_run_config *config);

#define CFS_AUTORUNCONFIG __attribute__((cleanup(cfs_run_config_free)))

/*
 * Reads the configuration @text of an image.
 * Errors: -EINVAL a member has another type than the specification says, or the
 * working directory is no absolute path; -EFBIG over the limits above; -ENOMEM.
 */
int cfs_run_config_parse(struct cfs_bytes text, struct cfs_run_config *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
