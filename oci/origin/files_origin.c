/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/files_origin.h"

#include "oci/json_doc.h"

int cfs_files_origin_new(const struct cfs_origin_ops *ops,
			 struct cfs_files *files, const char *place,
			 struct cfs_files_origin **ret, struct cfs_err *err)
{
	struct cfs_files_origin *o = calloc(1, sizeof(*o));

	if (o)
		o->origin.place = strdup(place);
	if (!o || !o->origin.place) {
		free(o);
		cfs_files_close(files);
		return cfs_no_memory(err);
	}
	o->origin.ops = ops;
	o->files = *files;
	*files = (struct cfs_files)CFS_FILES_INIT;
	*ret = o;
	return 0;
}

void cfs_files_origin_free(struct cfs_origin *origin)
{
	struct cfs_files_origin *o = (struct cfs_files_origin *)origin;

	cfs_files_close(&o->files);
	cfs_origin_clear(origin);
	free(o);
}

const struct cfs_files *cfs_files_origin_files(const struct cfs_origin *origin)
{
	return &((const struct cfs_files_origin *)origin)->files;
}

int cfs_files_origin_document(const struct cfs_origin *origin, const char *name,
			      struct cfs_buf *ret, struct cfs_err *err)
{
	int r = cfs_files_read(cfs_files_origin_files(origin), name,
			       CFS_OCI_JSON_MAX, ret, err);

	if (r == 0)
		return cfs_fail(err, ENOENT, "%s is missing in %s", name,
				origin->place);
	return r < 0 ? r : 0;
}
