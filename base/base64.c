/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/base64.h"

void cfs_base64_add(struct cfs_buf *out, struct cfs_bytes bytes)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < n ? bytes.data[i + k] : 0U);
		for (size_t k = 0; k < 4; k++)
			cfs_buf_addc(
				out,
				k <= n ? alphabet[bits >> (18 - 6 * k) & 63]
				       : '=');
	}
}
