/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/source_date.h"

#include <stdlib.h>
#include <string.h>

#include "cfsctl/cli/options.h"

/* Digits only: no sign, no space. */
static bool read_seconds(const char *text, int64_t max, int64_t *ret)
{
	char *end;
	long long n;

	if (!*text || strspn(text, "0123456789") != strlen(text))
		return false;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || n > max)
		return false;
	*ret = n;
	return true;
}

int cmd_source_date(int64_t max, int64_t *ret, struct cfs_err *err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");

	if (!text || !*text)
		return 0;
	if (!read_seconds(text, max, ret))
		return cfs_fail(err, EINVAL,
				"SOURCE_DATE_EPOCH=%s: not a number from 0 to "
				"%lld",
				text, (long long)max);
	return 1;
}

int cmd_parse_clamp(const char *text, void *to, struct cfs_err *err)
{
	struct cfs_clamp *ret = to, clamp = { .on = true };
	int r = 1;

	if (!text)
		r = cmd_source_date(INT64_MAX, &clamp.seconds, err);
	if (r == 0)
		return cfs_fail(err, CFS_EUSAGE,
				"SOURCE_DATE_EPOCH is not set; set it, or say "
				"--clamp-mtime=SECONDS");
	if (r < 0)
		return r;
	if (text && !read_seconds(text, INT64_MAX, &clamp.seconds))
		return cfs_fail(err, CFS_EUSAGE,
				"expected a number of seconds since 1970");
	*ret = clamp;
	return 0;
}
