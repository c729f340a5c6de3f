/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/image_map.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "ops/image_version.h"
#include "repo/ref.h"

void cfs_image_unmap(struct cfs_image_map *map)
{
	if (map->bytes.len > 0)
		(void)munmap((void *)(uintptr_t)map->bytes.data,
			     map->bytes.len);
	map->bytes.len = 0;
}

int cfs_image_map(const struct cfs_access *access, const struct cfs_repo *repo,
		  const struct cfs_digest *id, struct cfs_image_map *ret,
		  struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct stat st;
	void *data;
	int secure, r;

	secure = cfs_access_demands_verity(access, repo, err);
	if (secure < 0)
		return secure;
	r = cfs_image_open(repo, id, secure > 0, &fd, err);
	if (r >= 0)
		r = cfs_image_version(fd, &ret->version, err);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return cfs_fail_errno(err, "stat the image");
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return cfs_fail_errno(err, "map the image");
	ret->bytes = (struct cfs_bytes){ data, (size_t)st.st_size };
	return 0;
}
