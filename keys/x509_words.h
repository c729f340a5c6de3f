/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The names and times of ordinary certificates in libcrypto's words, without
 * loading it.  What is not ordinary is left to libcrypto.
 */
#ifndef CFS_KEYS_X509_WORDS_H
#define CFS_KEYS_X509_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/*
 * Writes the X.509 Name @der, the whole element, in the form of RFC 2253, the
 * last part first: "CN=Vendor,O=Example".
 * Returns false, with @ret undefined, if it has another attribute than CN, O,
 * OU, C, ST and L, two in one part, a value that is not of letters, digits,
 * inner spaces and "-._:/@()", or no room in @size bytes.
 */
bool cfs_x509_name_words(struct cfs_bytes der, char *ret,
			 size_t size) CFS_MUST_CHECK CFS_NONNULL;

#define CFS_X509_TIME_MAX 64

/*
 * Writes the X.509 Time @der, the element at its beginning, as "Jan  1 00:00:00
 * 2001 GMT".  *@ret_time is the same in seconds since 1970.
 * Returns false if it is not a time that RFC 5280 (4.1.2.5) allows.
 */
bool cfs_x509_time_words(struct cfs_bytes der,
			 char ret[static CFS_X509_TIME_MAX],
			 int64_t *ret_time) CFS_MUST_CHECK CFS_NONNULL;

#endif
