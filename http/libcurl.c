/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "http/libcurl.h"

#include "base/library.h"

#define SONAME "libcurl.so.4"

CFS_LIBRARY_NOTE(SONAME, "curl", "Fetching images from web servers",
		 "suggested");

struct cfs_libcurl cfs_libcurl;

#define X(name) #name "\0"
static const char names[] = CFS_LIBCURL(X);
#undef X

int cfs_libcurl_load(struct cfs_err *err)
{
	static struct cfs_library library = {
		.soname = SONAME,
		.install = "libcurl",
		.names = names,
		.names_size = sizeof(names) - 1,
		.table = &cfs_libcurl,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	return cfs_library_load(&library, err);
}
