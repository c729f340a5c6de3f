/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/base64.h"

#include <string.h>

#include "tests/test.h"

TEST(texts_are_those_of_the_rfc)
{
	/* RFC 4648, section 10. */
	static const char *const vectors[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(vectors); i++) {
		CFS_AUTOBUF struct cfs_buf out = { 0 };

		cfs_buf_addc(&out, '.');
		cfs_base64_add(&out, (struct cfs_bytes){
					     (const uint8_t *)vectors[i][0],
					     strlen(vectors[i][0]) });
		CHECK_STR(cfs_buf_text(&out) + 1, vectors[i][1]);
	}
}
