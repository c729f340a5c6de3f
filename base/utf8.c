/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/utf8.h"

#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

bool cfs_is_utf8(const char *text)
{
	struct cfs_bytes rest = { (const uint8_t *)text, strlen(text) };
	uint32_t c;

	while (rest.len > 0) {
		size_t n = cfs_utf8_get(rest, &c);

		if (n == 0)
			return false;
		(void)cfs_bytes_cut(&rest, n);
	}
	return true;
}
