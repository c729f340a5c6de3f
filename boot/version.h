/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_BOOT_VERSION_H
#define CFS_BOOT_VERSION_H

/*
 * Compares versions as boot loaders do that follow the Boot Loader
 * Specification: "~" begins what comes before a release, "-" the release of a
 * package, "^" what comes after a release; digits are numbers, and numbers are
 * newer than letters.  NULL is the empty version.
 * Returns less than, equal to or more than 0: @a is older than @b, as old,
 * newer.
 * Source: UAPI.10, Version Format Specification.
 */
int cfs_version_compare(const char *a, const char *b);

#endif
