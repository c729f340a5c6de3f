/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/composefs.h"

#include <string.h>

#include "mount/upper.h"

void cfs_composefs_close(struct cfs_composefs_mount *mount)
{
	cfs_closep(&mount->fd);
	cfs_closep(&mount->erofs_fd);
}

int cfs_composefs_mount(const struct cfs_composefs_params *params,
			struct cfs_scratch *scratch,
			struct cfs_composefs_mount *ret, struct cfs_err *err)
{
	CFS_AUTOCOMPOSEFS struct cfs_composefs_mount m = CFS_COMPOSEFS_INIT;
	struct cfs_overlay_params overlay = {
		.source = params->source,
		.data_fds = &params->objects_fd,
		.n_data = 1,
		.upper_fd = params->upper_fd,
		.work_fd = params->work_fd,
		.verity = params->verity,
		.attr = params->attr,
	};
	CFS_AUTOUPPER struct cfs_upper upper = CFS_UPPER_INIT;
	struct cfs_erofs_mount erofs;
	int r;

	r = cfs_erofs_mount(params->image_fd, params->name, params->flags,
			    &erofs, err);
	if (r < 0)
		return r;
	m.erofs_fd = erofs.fd;
	m.backend = erofs.backend;
	memcpy(m.loop, erofs.loop, sizeof(m.loop));
	if (params->layers_fd) {
		r = cfs_upper_open(*params->layers_fd, erofs.fd, &upper, err);
		if (r < 0)
			return r;
		overlay.upper_fd = upper.upper_fd;
		overlay.work_fd = upper.work_fd;
	}
	overlay.lower_fd = erofs.fd;
	overlay.mounts[0] = erofs.fd;
	overlay.mounts[1] = params->upper_mount;
	m.layer_api = CFS_LAYERS_FD;
	r = cfs_overlay_mount(&overlay, scratch, &m.layer_api, err);
	if (r < 0)
		return cfs_ctx(err, "image %s", params->name);
	m.fd = r;
	*ret = m;
	m = (struct cfs_composefs_mount)CFS_COMPOSEFS_INIT;
	return 0;
}
