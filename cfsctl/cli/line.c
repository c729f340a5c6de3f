/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/line.h"

#include <stdarg.h>

#include "base/text.h"

void cmd_line(FILE *to, const char *fmt, ...)
{
	CFS_AUTOFREE char *text = NULL;
	char cut[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n >= 0) {
		fprintf(to, "%s\n", cfs_text_clean(text));
		return;
	}
	text = NULL;
	va_start(ap, fmt);
	vsnprintf(cut, sizeof(cut), fmt, ap);
	va_end(ap);
	fprintf(to, "%s\n", cfs_text_clean(cut));
}
