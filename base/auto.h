/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Scope-bound ownership: a local variable that owns a resource says so in its
 * declaration, and the resource is released on every way out of the function.
 * Here for descriptors, directories and memory; base/own.h has the rest.
 *
 * Declare every owner with an empty value (-EBADF, NULL) so that an early
 * return never releases garbage.
 */
#ifndef CFS_BASE_AUTO_H
#define CFS_BASE_AUTO_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CFS_MUST_CHECK	  __attribute__((warn_unused_result))
#define CFS_NONNULL	  __attribute__((nonnull))
#define CFS_PRINTF(f, a)  __attribute__((format(printf, f, a)))
#define CFS_ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))

/*
 * Closes *@fd if it is open.  Preserves errno, because the caller is usually
 * returning an error.
 *
 * With CFS_EXIT_CLOSES descriptors stay open until the process exits.
 * composefs-setup-root is built this way: it opens a few dozen descriptors and
 * exits within milliseconds, and closing them one by one would be a third of
 * its system calls while the machine waits to boot.
 */
static inline void cfs_closep(int *fd)
{
#ifndef CFS_EXIT_CLOSES
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	errno = saved;
#endif
	*fd = -EBADF;
}

static inline void cfs_freep(void *p)
{
	free(*(void **)p);
}

static inline void cfs_closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
	*dir = NULL;
}

/* Transfers ownership: returns the descriptor and empties *@fd, so that the
 * scope no longer closes it. */
static inline int cfs_steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

#define CFS_AUTOFD   __attribute__((cleanup(cfs_closep)))
#define CFS_AUTOFREE __attribute__((cleanup(cfs_freep)))
#define CFS_AUTODIR  __attribute__((cleanup(cfs_closedirp)))

#endif
