/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_BASE_BASE64_H
#define CFS_BASE_BASE64_H

#include "base/buf.h"
#include "base/bytes.h"

/*
 * Appends @bytes to @out in base64, with the standard alphabet and padding, in
 * one line.  cfs_pem_decode() decodes it.
 * Source: RFC 4648, section 4.
 */
void cfs_base64_add(struct cfs_buf *out, struct cfs_bytes bytes) CFS_NONNULL;

#endif
