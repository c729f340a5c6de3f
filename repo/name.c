/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/name.h"

#include <string.h>

#include "repo/temp.h"

static int check_component(const char *part, size_t len, const char *name,
			   struct cfs_err *err)
{
	if (len == 0)
		return cfs_fail(err, EINVAL,
				"name '%.100s' has an empty component", name);
	if (len > CFS_REF_COMPONENT)
		return cfs_fail(err, ENAMETOOLONG,
				"name '%.100s...' has a component of over %d "
				"bytes",
				name, CFS_REF_COMPONENT);
	if ((len == 1 && part[0] == '.') ||
	    (len == 2 && part[0] == '.' && part[1] == '.'))
		return cfs_fail(err, EINVAL,
				"name '%.100s' has the component '%.*s'", name,
				(int)len, part);
	if (len >= strlen(CFS_TEMP_PREFIX) &&
	    memcmp(part, CFS_TEMP_PREFIX, strlen(CFS_TEMP_PREFIX)) == 0)
		return cfs_fail(err, EINVAL,
				"name '%.100s': " CFS_TEMP_PREFIX
				" begins temporary files",
				name);
	return 0;
}

int cfs_name_check(const char *name, struct cfs_err *err)
{
	if (strlen(name) >= CFS_REF_MAX)
		return cfs_fail(err, ENAMETOOLONG, "name is over %d bytes long",
				CFS_REF_MAX - 1);
	for (const char *part = name;; part++) {
		size_t len = strcspn(part, "/");
		int r = check_component(part, len, name, err);

		if (r < 0)
			return r;
		part += len;
		if (!*part)
			return 0;
	}
}
