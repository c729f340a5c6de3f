/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/guard.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A handler of signals gets no context.  The bounds do not change while it is
 * installed. */
static struct {
	uintptr_t begin, end;
	struct sigaction before;
	atomic_bool tripped;
} guarded;

/* Puts zeros in the place of the page at @at.  Returns whether that was
 * done. */
static bool replace_page(uintptr_t at)
{
	uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);

	return mmap((void *)(at - at % size), size, PROT_READ,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0) != MAP_FAILED;
}

/* Calls nothing but what is a system call or less. */
static void on_sigbus(int number, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	int saved = errno;

	(void)context;
	/* First, so that no thread takes the zeros for the image's. */
	if (at >= guarded.begin && at < guarded.end) {
		atomic_store(&guarded.tripped, true);
		if (replace_page(at)) {
			errno = saved;
			return;
		}
	}
	/* The access is tried again, and ends the process. */
	(void)signal(number, SIG_DFL);
}

int cfs_fuse_guard_begin(struct cfs_bytes image, struct cfs_err *err)
{
	struct sigaction action = {
		.sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO,
	};

	guarded.begin = (uintptr_t)image.data;
	guarded.end = guarded.begin + image.len;
	atomic_store(&guarded.tripped, false);
	if (sigaction(SIGBUS, &action, &guarded.before) < 0)
		return cfs_fail_errno(err, "catch SIGBUS");
	return 0;
}

void cfs_fuse_guard_end(void)
{
	(void)sigaction(SIGBUS, &guarded.before, NULL);
	guarded.begin = guarded.end = 0;
}

bool cfs_fuse_guard_tripped(void)
{
	return atomic_load(&guarded.tripped);
}

void cfs_fuse_guard_trip(void)
{
	atomic_store(&guarded.tripped, true);
}
