/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_CFSCTL_CLI_TREE_SIZE_H
#define CFS_CFSCTL_CLI_TREE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"

/*
 * Adds up the sizes of all regular files below the directory @path, following
 * no symbolic link; of a file with several names each name counts its share.
 * It is an estimate for progress: what cannot be read is left out.
 *
 * @go_on: called for each entry, until it returns false.
 * Returns true with *@ret when it got to the end.
 */
bool cmd_tree_size(const char *path, bool (*go_on)(void *ctx), void *ctx,
		   uint64_t *ret) __attribute__((nonnull(1, 2, 4)));

#endif
