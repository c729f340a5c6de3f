/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Cleaned text is UTF-8 that a terminal only shows, is not longer than before
 * and stays as it is when it is cleaned again.  Unknown arguments are found in
 * any command line, which ends.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "setup-root/cmdline.h"
#include "tests/fuzz/fuzz.h"

static void check(const char *text)
{
	struct cfs_bytes rest = { (const uint8_t *)text, strlen(text) };

	while (rest.len > 0) {
		uint32_t c;
		size_t n = cfs_utf8_get(rest, &c);

		if (n == 0 || !cfs_text_is_shown(c))
			abort();
		rest.data += n;
		rest.len -= n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfs_bytes rest = { data, size };
	char *text = malloc(size + 1), *again;
	char unknown[CFS_UNKNOWN_MAX];
	size_t len;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	len = strlen(text);
	if (cfs_text_clean(text) != text || strlen(text) > len)
		abort();
	check(text);
	again = strdup(text);
	if (!again || strcmp(cfs_text_clean(again), text) != 0)
		abort();
	free(again);
	free(text);
	while (cfs_cmdline_unknown(&rest, unknown))
		if (strlen(unknown) >= sizeof(unknown))
			abort();
	return 0;
}
