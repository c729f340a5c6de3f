/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/selinux/libpcre2.h"

#include "base/library.h"

#define SONAME "libpcre2-8.so.0"

CFS_LIBRARY_NOTE(SONAME, "selinux", "SELinux labels of bootable images",
		 "recommended");

struct cfs_libpcre2 cfs_libpcre2;

#define X(name) #name "\0"
static const char names[] = CFS_LIBPCRE2(X);
#undef X

int cfs_libpcre2_load(struct cfs_err *err)
{
	static struct cfs_library library = {
		.soname = SONAME,
		.install = "PCRE2 (libpcre2-8)",
		.names = names,
		.names_size = sizeof(names) - 1,
		.table = &cfs_libpcre2,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	return cfs_library_load(&library, err);
}
