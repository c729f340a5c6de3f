/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "disk/libext2fs.h"

#include "base/library.h"

#define SONAME "libext2fs.so.2"

CFS_LIBRARY_NOTE(SONAME, "disk", "Writing ext4 images (cfsctl disk)",
		 "recommended");

struct cfs_libext2fs cfs_libext2fs;

#define X(name) #name "\0"
static const char names[] = CFS_LIBEXT2FS(X);
#undef X

int cfs_libext2fs_load(struct cfs_err *err)
{
	static struct cfs_library library = {
		.soname = SONAME,
		.install = "libext2fs (of e2fsprogs)",
		.names = names,
		.names_size = sizeof(names) - 1,
		.table = &cfs_libext2fs,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	return cfs_library_load(&library, err);
}
