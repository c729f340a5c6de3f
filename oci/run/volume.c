/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/run/volume.h"

#include <errno.h>
#include <string.h>

/* Does @path, which is absolute, have a component ".."? */
static bool climbs(const char *path)
{
	for (const char *at = path; (at = strstr(at, "/..")); at += 3)
		if (at[3] == '/' || at[3] == '\0')
			return true;
	return false;
}

int cfs_run_volume_parse(const char *text, struct cfs_run_volume *ret,
			 struct cfs_err *err)
{
	struct cfs_run_volume v = { 0 };
	size_t len = strcspn(text, ":"), rest;
	const char *target = text + len + (text[len] ? 1 : 0), *mode;

	rest = strcspn(target, ":");
	mode = target + rest;
	if (*text != '/' || *target != '/' ||
	    (*mode && strcmp(mode, ":ro") != 0 && strcmp(mode, ":rw") != 0))
		return cfs_fail(err, EINVAL,
				"'%.200s' is not a volume: expected "
				"SOURCE:TARGET[:ro], two absolute paths",
				text);
	if (len >= sizeof(v.source) || rest >= sizeof(v.target))
		return cfs_fail(err, ENAMETOOLONG,
				"a path of volume '%.200s' is longer than %zu "
				"bytes",
				text, sizeof(v.source) - 1);
	memcpy(v.source, text, len);
	memcpy(v.target, target, rest);
	if (climbs(v.target) || v.target[strspn(v.target, "/.")] == '\0')
		return cfs_fail(err, EINVAL,
				"volume '%.200s': the target must be below / "
				"and without \"..\"",
				text);
	v.read_only = strcmp(mode, ":ro") == 0;
	*ret = v;
	return 0;
}
