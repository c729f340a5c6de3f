/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/libcrypto.h"

#include "base/library.h"

#define TEXT(x)	   TEXT_OF(x)
#define TEXT_OF(x) #x
#define SONAME	   "libcrypto.so." TEXT(OPENSSL_SHLIB_VERSION)

CFS_LIBRARY_NOTE(SONAME, "crypto", "Signatures, and hashes by OpenSSL",
		 "recommended");

struct cfs_libcrypto cfs_libcrypto;

#define X(name) #name "\0"
static const char names[] = CFS_LIBCRYPTO(X);
#undef X

static struct cfs_library library = {
	.soname = SONAME,
	.install = "OpenSSL " TEXT(OPENSSL_VERSION_MAJOR),
	.names = names,
	.names_size = sizeof(names) - 1,
	.table = &cfs_libcrypto,
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

int cfs_libcrypto_load(struct cfs_err *err)
{
	return cfs_library_load(&library, err);
}

bool cfs_libcrypto_is_loaded(void)
{
	return cfs_library_is_loaded(&library);
}
