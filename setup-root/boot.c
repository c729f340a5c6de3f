/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/boot.h"

void cfs_boot_end(struct cfs_boot *boot)
{
	cfs_root_close(&boot->root);
	cfs_closep(&boot->root_fs_fd);
	cfs_closep(&boot->objects_fd);
	cfs_closep(&boot->choice.fd);
	cfs_repo_close(&boot->repo);
	cfs_closep(&boot->sysroot_fd);
	cfs_keys_free(&boot->keys);
	cfs_buf_free(&boot->cmdline);
	cfs_closep(&boot->watch_fd);
}
