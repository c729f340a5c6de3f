/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/units.h"

#include <stdio.h>
#include <string.h>

const char *cmd_size_text(uint64_t bytes, char text[static CFS_UNITS_MAX])
{
	static const char units[] = "KMGTPE";
	double size = (double)bytes;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(text, CFS_UNITS_MAX, "%u B", (unsigned)bytes);
		return text;
	}
	/* Where rounding makes a thousand of it, the next unit begins. */
	for (size /= 1024; size >= 1023.995 && units[i + 1]; i++)
		size /= 1024;
	snprintf(text, CFS_UNITS_MAX, "%.2f %ciB", size, units[i]);
	return text;
}

const char *cmd_duration_text(uint64_t seconds, char text[static CFS_UNITS_MAX])
{
	unsigned s = (unsigned)(seconds % 60),
		 m = (unsigned)(seconds / 60 % 60);
	unsigned long long h = seconds / 3600;

	if (h > 0)
		snprintf(text, CFS_UNITS_MAX, "%llu:%02u:%02u", h, m, s);
	else if (m > 0)
		snprintf(text, CFS_UNITS_MAX, "%u:%02u", m, s);
	else
		snprintf(text, CFS_UNITS_MAX, "%u s", s);
	return text;
}

const char *cmd_local_time_text(time_t when, char text[static CFS_UNITS_MAX])
{
	struct tm tm;

	if (!localtime_r(&when, &tm) ||
	    strftime(text, CFS_UNITS_MAX, "%Y-%m-%d %H:%M", &tm) == 0)
		strcpy(text, "?");
	return text;
}

const char *cmd_utc_time_text(time_t when, char text[static CFS_UNITS_MAX])
{
	struct tm tm;

	if (!gmtime_r(&when, &tm) ||
	    strftime(text, CFS_UNITS_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(text, "?");
	return text;
}
