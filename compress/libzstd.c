/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compress/libzstd.h"

#include "base/library.h"

#define SONAME "libzstd.so.1"

CFS_LIBRARY_NOTE(SONAME, "zstd",
		 "OCI images: streams, and layers in zstd; images over HTTP",
		 "recommended");

struct cfs_libzstd cfs_libzstd;

#define X(name) #name "\0"
static const char names[] = CFS_LIBZSTD(X);
#undef X

int cfs_libzstd_load(struct cfs_err *err)
{
	static struct cfs_library library = {
		.soname = SONAME,
		.install = "libzstd",
		.names = names,
		.names_size = sizeof(names) - 1,
		.table = &cfs_libzstd,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	return cfs_library_load(&library, err);
}
