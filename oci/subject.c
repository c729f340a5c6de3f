/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/subject.h"

#include <string.h>

#include "oci/tag.h"

_Static_assert(CFS_OCI_NAME_MAX <= CFS_CONTENT_ID_MAX,
	       "a manifest's content id is one");

bool cfs_oci_subject(const char *ref, char ret[static CFS_CONTENT_ID_MAX])
{
	static const char top[] = CFS_OCI_REFERRERS "/";
	const char *subject = ref + strlen(top), *slash;
	struct cfs_oci_id id;
	struct cfs_err ignored;

	if (strncmp(ref, top, strlen(top)) != 0)
		return false;
	slash = strchr(subject, '/');
	if (!slash || strchr(slash + 1, '/') ||
	    cfs_oci_id_parse((struct cfs_bytes){ (const uint8_t *)subject,
						 (size_t)(slash - subject) },
			     &id, &ignored) < 0)
		return false;
	cfs_oci_manifest_name(&id, ret);
	return true;
}
