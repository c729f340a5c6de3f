/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What kmod's own configure would have found, for deps/static-libs.sh: kmod's
 * build systems refuse to make a static library, so its sources are compiled
 * directly with this file in front of each.
 *
 * No decompression library (ENABLE_ZSTD, _XZ, _ZLIB): compressed modules go to
 * the kernel as they are (MODULE_INIT_COMPRESSED_FILE), which kmod does since
 * version 31 when the kernel can decompress them. That keeps the decompressors
 * out of the early-boot binary.
 *
 * Source: kmod 34 meson.build; the values are tested with #if by kmod >= 34.
 */
#ifndef CFS_DEPS_KMOD_CONFIG_H
#define CFS_DEPS_KMOD_CONFIG_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#define _FILE_OFFSET_BITS 64

#define PACKAGE	      "kmod"
#define VERSION	      "34"
#define KMOD_FEATURES "static"

/* merged /usr or not, /lib/modules is there: the initramfs has the link */
#define MODULE_DIRECTORY "/lib/modules"
#define SYSCONFDIR	 "/etc"
#define DISTCONFDIR	 "/usr/lib"

#define ENABLE_LOGGING	   1
#define ENABLE_DEBUG	   0
#define ENABLE_ELFDBG	   0
#define ENABLE_ZSTD_DLOPEN 0
#define ENABLE_XZ_DLOPEN   0
#define ENABLE_ZLIB_DLOPEN 0

/*
 * HAVE_FINIT_MODULE stays undefined: no libc has a prototype for it, and kmod
 * then makes the system call itself.
 */
#define HAVE_SECURE_GETENV	       1
#define HAVE_STRUCT_STAT_ST_MTIM       1
#define HAVE_STATIC_ASSERT	       1
#define HAVE_NORETURN		       1
#define HAVE___BUILTIN_UADD_OVERFLOW   1
#define HAVE___BUILTIN_UADDL_OVERFLOW  1
#define HAVE___BUILTIN_UADDLL_OVERFLOW 1
#define HAVE___BUILTIN_UMUL_OVERFLOW   1
#define HAVE___BUILTIN_UMULL_OVERFLOW  1
#define HAVE___BUILTIN_UMULLL_OVERFLOW 1

/*
 * glibc's string.h has GNU's basename(). musl's has none, or (before 1.2.5) one
 * without a prototype, which kmod's own then contradicts: rename ours.
 */
#include <string.h>
#ifdef __GLIBC__
#define HAVE_DECL_BASENAME 1
#else
#define HAVE_DECL_BASENAME 0
#define basename	   cfs_kmod_basename
#endif

/*
 * dlsym_many() in shared/util.c stays although nothing calls it; without these
 * it would bring the dynamic linker into a static program.
 */
#include <dlfcn.h>
#define dlopen(file, mode)  ((void)(file), NULL)
#define dlsym(handle, name) ((void)(name), NULL)
#define dlclose(handle)	    (-1)
#define dlerror()	    "static program"

#endif
