/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What libfuse's own configure would have found, for deps/static-libs.sh: its
 * build system is meson, which nothing else here needs, so the sources of its
 * low-level interface are compiled directly.
 *
 * No io_uring (HAVE_URING): it would bring in liburing and libnuma, and kernels
 * have it switched off.
 *
 * Source: libfuse 3.17 and 3.18 meson.build.
 */
#ifndef CFS_DEPS_FUSE_CONFIG_H
#define CFS_DEPS_FUSE_CONFIG_H

#define PACKAGE_VERSION "static"

#define HAVE_PIPE2		 1
#define HAVE_SPLICE		 1
#define HAVE_STATIC_ASSERT	 1
#define HAVE_STRUCT_STAT_ST_ATIM 1
#define HAVE_VMSPLICE		 1

#endif
