/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One boot: the record that every step is given, reads and adds to.
 *
 *   find.h      command line, physical root, repository -> the image
 *   assemble.h  image -> a root, attached
 *   marker.h    what was booted, for the running system
 *   failure.h   what went wrong, for the person at the screen
 */
#ifndef CFS_SETUP_ROOT_BOOT_H
#define CFS_SETUP_ROOT_BOOT_H

#include "base/buf.h"
#include "boot/kargs.h"
#include "repo/directory.h"
#include "setup-root/certs.h"
#include "setup-root/mountinfo.h"
#include "setup-root/options.h"
#include "setup-root/root.h"

/* The steps that can fail.  The numbers are the exit status;
 * composefs-setup-root(8) has the list. */
enum cfs_exit {
	CFS_EXIT_OK = 0,
	CFS_EXIT_OTHER = 1,
	CFS_EXIT_USAGE = 2,
	CFS_EXIT_NO_KARG = 3,
	CFS_EXIT_BAD_KARG = 4,
	CFS_EXIT_ABSENT = 5,
	CFS_EXIT_VERITY = 6,
	CFS_EXIT_REPO = 7,
	CFS_EXIT_MOUNT = 8,
	CFS_EXIT_STATE = 9,
	CFS_EXIT_PREFLIGHT = 10,
	CFS_EXIT_CERTS = 11,
};

/* What became of an image that the command line names. */
enum cfs_result {
	CFS_RESULT_UNTRIED,
	CFS_RESULT_OTHER_ALGORITHM, /* the repository has other digests */
	CFS_RESULT_UNREADABLE,
	CFS_RESULT_DANGLING, /* linked, but its object is missing */
	CFS_RESULT_ABSENT,
	CFS_RESULT_WRONG_DIGEST,
	CFS_RESULT_SIGNATURE, /* not signed as the configuration demands */
	CFS_RESULT_NO_STATE,  /* good, but without a state directory */
	CFS_RESULT_BOOTED,
};

struct cfs_candidate {
	struct cfs_karg karg;	      /* the argument that names it */
	char hex[CFS_DIGEST_HEX_MAX]; /* its digest */
	enum cfs_result result;
};

/* Who proved the signature of the image. */
enum cfs_proof {
	CFS_PROOF_NONE,	  /* no proof was asked for */
	CFS_PROOF_KERNEL, /* this program and the kernel both */
	CFS_PROOF_PKCS7,  /* this program */
};

struct cfs_choice {
	unsigned index; /* of the candidates */
	int fd;		/* the image, O_RDONLY; owned */
	bool verity;	/* the kernel vouches for its digest, and is to vouch
			 * for those of its objects */
	enum cfs_proof proof;
};

struct cfs_boot {
	enum cfs_exit step; /* what is being done, or failed */
	struct cfs_options options;
	struct cfs_config config; /* with the command line applied */
	struct cfs_log log;
	int watch_fd;		/* the kernel's log since the start, or < 0 */
	struct cfs_buf cmdline; /* the kernel command line */
	/* The images that it names, in their order. */
	unsigned n_candidates;
	struct cfs_candidate candidates[CFS_KARGS_MAX];
	struct cfs_keys keys;
	int sysroot_fd;		      /* the physical root, O_PATH */
	struct cfs_mountinfo sysroot; /* what is mounted there */
	struct cfs_repo repo;
	struct cfs_choice choice;
	int objects_fd;	 /* objects/ of the repository, O_PATH */
	int root_fs_fd;	 /* the directory of --root-fs, O_PATH, or < 0 */
	bool force_loop; /* mount the image through a loop device */
	const char *scratch_dir; /* see mount/scratch.h */
	struct cfs_root root;
	uint64_t elapsed_us; /* from the start to the attached root */
};

/* Sets those members of @boot, which is all zeros, that begin otherwise.  The
 * record is large, and pages of it that nobody writes to need never exist. */
static inline void cfs_boot_init(struct cfs_boot *boot)
{
	boot->step = CFS_EXIT_OTHER;
	boot->watch_fd = boot->sysroot_fd = boot->choice.fd = -EBADF;
	boot->objects_fd = boot->root_fs_fd = -EBADF;
	boot->repo = (struct cfs_repo)CFS_REPO_INIT;
	boot->scratch_dir = "/run/composefs/.lower";
	boot->root = (struct cfs_root)CFS_ROOT_INIT;
}

/* Returns the candidate that was chosen, or whose examination failed. */
static inline const struct cfs_candidate *cfs_boot_chosen(
	const struct cfs_boot *boot)
{
	return &boot->candidates[boot->choice.index];
}

/* Returns whether this run only looks: it mounts nothing for good and leaves
 * nothing behind. */
static inline bool cfs_boot_is_trial(const struct cfs_boot *boot)
{
	return boot->options.check || boot->options.print_kargs;
}

#endif
