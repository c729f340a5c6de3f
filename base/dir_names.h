/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_BASE_DIR_NAMES_H
#define CFS_BASE_DIR_NAMES_H

#include "base/auto.h"
#include "base/vec.h"

/* An entry of a directory. */
struct cfs_dir_name {
	char *name; /* owned by the list */
	/* When the directory was read: DT_REG or another constant of
	 * readdir(3), DT_UNKNOWN where the file system does not say. */
	unsigned char type;
};

/* The entries of a directory but "." and "..", sorted by the bytes of their
 * names.  Zero-initialise it. */
struct cfs_dir_names {
	CFS_VEC(struct cfs_dir_name);
};

void cfs_dir_names_free(struct cfs_dir_names *names);

#define CFS_AUTONAMES __attribute__((cleanup(cfs_dir_names_free)))

/*
 * Lists the directory that is open as *@fd, which it takes over, also when it
 * fails.
 * Returns 0 or negative errno: -ENOMEM, -ENOTDIR, those of readdir(3).
 */
int cfs_dir_names_read(int *fd,
		       struct cfs_dir_names *ret) CFS_MUST_CHECK CFS_NONNULL;

#endif
