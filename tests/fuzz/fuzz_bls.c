/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lines that were read are the same when they are written and read again. */
#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "boot/bls.h"
#include "tests/fuzz/fuzz.h"

static void write_lines(struct cfs_bytes text, struct cfs_buf *out)
{
	const uint8_t *end = text.data ? text.data + text.len : NULL;
	struct cfs_bls_line line;

	while (cfs_bls_next(&text, &line)) {
		assert(line.key.len > 0 && line.key.data[0] != '#');
		assert(line.value.data + line.value.len <= end);
		cfs_buf_add(out, line.key.data, line.key.len);
		cfs_buf_addc(out, ' ');
		cfs_buf_add(out, line.value.data, line.value.len);
		cfs_buf_addc(out, '\n');
	}
	assert(text.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CFS_AUTOBUF struct cfs_buf once = { 0 }, twice = { 0 };

	write_lines((struct cfs_bytes){ data, size }, &once);
	write_lines(cfs_buf_bytes(&once), &twice);
	assert(once.len == twice.len &&
	       (once.len == 0 || memcmp(once.data, twice.data, once.len) == 0));
	return 0;
}
