/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Whatever parses must survive being printed and parsed again. */
#include <string.h>

#include "boot/kargs.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfs_bytes text = { data, size };
	struct cfs_kargs kargs, again;
	struct cfs_err err = { 0 };
	char arg[CFS_KARG_TEXT_MAX];

	if (cfs_kargs_parse(text, &kargs, &err) < 0)
		return 0;
	for (size_t i = 0; i < kargs.n; i++) {
		struct cfs_bytes one = { (const uint8_t *)arg, 0 };

		cfs_karg_format(&kargs.v[i], arg);
		one.len = strlen(arg);
		if (cfs_kargs_parse(one, &again, &err) < 0 || again.n != 1 ||
		    again.v[0].version != kargs.v[i].version ||
		    again.v[0].insecure != kargs.v[i].insecure ||
		    !cfs_digest_equal(&kargs.v[i].digest, &again.v[0].digest))
			abort();
	}
	return 0;
}
