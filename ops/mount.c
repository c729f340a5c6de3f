/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/mount.h"

#include <stdio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/kernel.h"
#include "mount/acl.h"
#include "mount/composefs.h"
#include "ops/whole.h"
#include "repo/ref.h"

/* What the mount is called by mount(8) and findmnt(8), and on the way there. */
struct names {
	char hex[CFS_DIGEST_HEX_MAX];
	char source[sizeof("composefs:") + CFS_DIGEST_HEX_MAX];
	char scratch[64];
};

static struct names names_of(const struct cfs_digest *id)
{
	struct names n;

	cfs_digest_to_hex(id, n.hex);
	snprintf(n.source, sizeof(n.source), "composefs:%s", n.hex);
	snprintf(n.scratch, sizeof(n.scratch), "/run/.cfsctl-%ld",
		 (long)getpid());
	return n;
}

/* No descriptor, as cfs_composefs_mount() has it. */
static int or_none(int fd)
{
	return fd < 0 ? -1 : fd;
}

/* Everything is detached: closing is the way back. */
static int assemble(const struct cfs_mount_params *params, int image_fd,
		    int objects_fd, int *ret_fd, struct cfs_err *err)
{
	CFS_AUTOCOMPOSEFS struct cfs_composefs_mount m = CFS_COMPOSEFS_INIT;
	struct names names = names_of(&params->id);
	CFS_AUTOSCRATCH struct cfs_scratch scratch = { .dir = names.scratch };
	struct cfs_composefs_params p = {
		.image_fd = image_fd,
		.name = names.hex,
		.objects_fd = objects_fd,
		.source = names.source,
		.verity = params->verity,
		.upper_fd = or_none(params->upper_fd),
		.work_fd = or_none(params->work_fd),
		.attr = params->read_write ? 0 : MOUNT_ATTR_RDONLY,
		.layers_fd = params->layers_fd,
		.upper_mount = -1,
	};
	int r = cfs_erofs_acl_flag(image_fd, names.hex, err);

	if (r < 0)
		return r;
	p.flags |= (unsigned)r;
	r = cfs_composefs_mount(&p, &scratch, &m, err);
	if (r < 0)
		return r;
	*ret_fd = m.fd;
	m.fd = -EBADF;
	return 0;
}

int cfs_mount_image(const struct cfs_repo *repo,
		    const struct cfs_mount_params *params, int *ret_fd,
		    struct cfs_err *err)
{
	CFS_AUTOFD int image = -EBADF;
	CFS_AUTOFD int objects = -EBADF;
	int r = cfs_image_open(repo, &params->id, params->verity, &image, err);

	if (r >= 0 && params->whole)
		r = cfs_require_whole(repo, &params->id, params->whole, err);
	if (r < 0)
		return r;
	objects = cfs_repo_open_objects(repo, err);
	if (objects < 0)
		return objects;
	return assemble(params, image, objects, ret_fd, err);
}
