/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The reading half of the program: from the command line to an open image
 * that is vouched for.  Nothing is mounted here.
 */
#ifndef CFS_SETUP_ROOT_FIND_H
#define CFS_SETUP_ROOT_FIND_H

#include "base/buf.h"
#include "boot/kargs.h"
#include "repo/open.h"
#include "setup-root/certs.h"
#include "setup-root/failure.h"
#include "setup-root/options.h"
#include "setup-root/select.h"

struct cfs_boot {
	struct cfs_options options;
	struct cfs_config config;
	struct cfs_log log;
	struct cfs_buf cmdline; /* what kargs borrows from */
	struct cfs_kargs kargs;
	struct cfs_candidate candidates[CFS_KARGS_MAX];
	struct cfs_keys keys;
	int watch_fd;	  /* the kernel's log since the start */
	int sysroot_fd;	  /* the physical root, O_PATH */
	bool mounted;	  /* it is a mount point */
	bool var_mounted; /* something is mounted at its var */
	bool read_only;	  /* it is, mount or file system */
	struct cfs_repo repo;
	struct cfs_choice choice;
	enum cfs_exit failed; /* the step that failed */
};

#define CFS_BOOT_INIT                                       \
	{                                                   \
		.watch_fd = -EBADF, .sysroot_fd = -EBADF,   \
		.repo = CFS_REPO_INIT, .choice.fd = -EBADF, \
		.failed = CFS_EXIT_OTHER,                   \
	}

/* Closes and frees all of it. */
void cfs_boot_end(struct cfs_boot *boot);

/* Records which step failed, if @r is an error.  Returns @r. */
static inline int cfs_boot_step(struct cfs_boot *boot, enum cfs_exit step,
				int r)
{
	if (r < 0)
		boot->failed = step;
	return r;
}

/*
 * Reads the configuration and then the command line, of which the arguments
 * that change the configuration are applied at once: [failure] action holds
 * for whatever is wrong with the others, or with the files.
 */
int cfs_boot_read_config(struct cfs_boot *boot,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Parses the images of the command line into @boot->kargs.
 * Returns 1, or 0 when it names none.
 */
int cfs_boot_read_kargs(struct cfs_boot *boot,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Words the failure that no image is named, with the first argument that was
 * perhaps meant to be one.  Returns -ENOENT.
 */
int cfs_boot_no_image(struct cfs_boot *boot, struct cfs_err *err) CFS_NONNULL;

/*
 * Is the physical root one that only an image boots: with a repository, and
 * without the os-release of an operating system?
 */
bool cfs_boot_needs_image(const struct cfs_boot *boot) CFS_NONNULL;

/*
 * Opens the physical root.  Returns 1, or 0 when a composefs is mounted there
 * already.
 */
int cfs_boot_open_sysroot(struct cfs_boot *boot,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Loads the certificates, opens the repository and chooses the image. */
int cfs_boot_find_image(struct cfs_boot *boot,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
