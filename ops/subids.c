/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/subids.h"

#include <stdio.h>

#include "base/fields.h"
#include "oci/run/accounts.h"

/* Reads "owner:first:n", if the owner is the user. */
static bool read_line(struct cfs_bytes line, const char *name,
		      const char *number, struct cfs_subids *ret)
{
	struct cfs_bytes owner = cfs_bytes_field(&line, ':');
	struct cfs_bytes first = cfs_bytes_field(&line, ':');
	struct cfs_subids ids;

	if (owner.len == 0 || !((name && cfs_bytes_are(owner, name)) ||
				cfs_bytes_are(owner, number)))
		return false;
	/* Root is no subordinate, and the last id is none: (uid_t)-1. */
	if (!cfs_account_id_read(first, &ids.first) ||
	    !cfs_account_id_read(line, &ids.n) || ids.first == 0 ||
	    ids.n == 0 || (uint64_t)ids.first + ids.n > UINT32_MAX)
		return false;
	*ret = ids;
	return true;
}

int cfs_subids_find(struct cfs_bytes file, const char *name, uint32_t uid,
		    struct cfs_subids *ret)
{
	char number[16];

	snprintf(number, sizeof(number), "%lu", (unsigned long)uid);
	while (file.len > 0)
		if (read_line(cfs_bytes_field(&file, '\n'), name, number, ret))
			return 1;
	return 0;
}
