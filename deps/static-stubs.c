// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Stand-ins for libc functions that must not get into a static binary. Linked
 * before libc.a into composefs-setup-root; an archive member of libc is then
 * not taken for these names.
 *
 * Why: glibc looks users and groups up by loading shared objects (NSS) at run
 * time. In a static program that works only beside the very same glibc, which
 * an initramfs need not have; code found on a disk must never enter a process
 * that is about to decide whether the disk can be trusted; and it is 140 KB of
 * name service and dynamic linker. composefs-setup-root needs none of it: the
 * callers are in parts of libmount that it does not use.
 *
 * All of them say "not found" the way their manual pages do, so a caller that
 * does get here sees an ordinary failure. (libkmod's use of dlopen() is removed
 * where it is compiled: deps/kmod-config.h.)
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/types.h>

/* Whatever is asked for, the answer is the same. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/*
 * libmount turns the names in uid= and gid= mount options into numbers
 * (mnt_get_uid() and mnt_get_gid() in util-linux, libmount/src/utils.c) and
 * finds the name of the caller for user mounts. We pass numbers only and read
 * nothing but mountinfo.
 */
int getpwnam_r(const char *name, struct passwd *pwd, char *buf, size_t size,
	       struct passwd **result)
{
	*result = NULL;
	return 0;
}

int getpwuid_r(uid_t uid, struct passwd *pwd, char *buf, size_t size,
	       struct passwd **result)
{
	*result = NULL;
	return 0;
}

int getgrnam_r(const char *name, struct group *grp, char *buf, size_t size,
	       struct group **result)
{
	*result = NULL;
	return 0;
}
