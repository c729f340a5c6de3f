/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/container_user.h"

#include <string.h>
#include <sys/wait.h>

#include "tests/unit/ops/image.h"

TEST(what_keeps_a_server_from_starting_is_reported_by_the_caller)
{
	struct cfs_digest id;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_container_root served = {
		.access = &access_of_root,
		.repo = &repo,
		.id = &id,
		.mountpoint = "/nowhere",
		.bundle_fd = -EBADF,
		.layers_fd = -EBADF,
	};
	pid_t pid = -1;

	start_empty();
	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, content_of('a'), &id,
					 &err),
		 0);
	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	CHECK_EQ(cfs_container_serve(&served, &pid, &err), -ENOENT);
	CHECK(*err.msg);
	CHECK_EQ(pid, -1);
	/* No process is left but the caller. */
	CHECK_EQ(waitpid(-1, NULL, 0), -1);
}
