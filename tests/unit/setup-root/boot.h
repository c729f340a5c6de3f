/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The end of a boot for tests, whose process goes on. */
#ifndef CFS_TESTS_SETUP_ROOT_BOOT_H
#define CFS_TESTS_SETUP_ROOT_BOOT_H

#include "setup-root/boot.h"

/* Closes and frees all of @boot.  A root that was never attached disappears. */
static inline void end_boot(struct cfs_boot *boot)
{
	cfs_root_close(&boot->root);
	cfs_closep(&boot->root_fs_fd);
	cfs_closep(&boot->objects_fd);
	cfs_closep(&boot->choice.fd);
	cfs_repo_close(&boot->repo);
	cfs_closep(&boot->sysroot_fd);
	cfs_certs_free(&boot->keys.certs);
	cfs_buf_free(&boot->cmdline);
	cfs_closep(&boot->watch_fd);
}

#endif
