/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Checks that everything in a repository is what its name says.  Nothing is
 * changed.
 *
 * Whatever is wrong in the repository is a finding, and the check goes on to
 * the end: broken metadata, names, links, file types and directories that
 * cannot be read are no reason to leave the rest unchecked.
 *
 * Splitstreams are read to their end and all they refer to is looked up; what
 * their bytes mean is known to other rooms.
 *
 * Source: composefs-rs crates/composefs/src/repository.rs, fsck.
 */
#ifndef CFS_REPO_FSCK_H
#define CFS_REPO_FSCK_H

#include <stdbool.h>
#include <stdint.h>

#include "repo/good.h"
#include "repo/open.h"

/* The kind of a finding.  Those that composefs-rs has, too, have its names. */
enum cfs_fsck_code {
	CFS_FSCK_METADATA_PARSE_FAILED,
	CFS_FSCK_OPEN_TO_OTHERS,
	CFS_FSCK_OBJECT_INVALID_NAME,
	CFS_FSCK_OBJECT_OPEN_FAILED,
	CFS_FSCK_OBJECT_DIGEST_MISMATCH,
	CFS_FSCK_OBJECT_VERITY_FAILED,
	CFS_FSCK_OBJECT_VERITY_MISSING,
	CFS_FSCK_ENTRY_NOT_SYMLINK,
	CFS_FSCK_BROKEN_SYMLINK,
	CFS_FSCK_UNEXPECTED_FILE_TYPE,
	CFS_FSCK_STAT_FAILED,
	CFS_FSCK_NESTED_TOO_DEEPLY,
	CFS_FSCK_STREAM_OPEN_FAILED,
	CFS_FSCK_STREAM_READ_FAILED,
	CFS_FSCK_MISSING_OBJECT_REF,
	CFS_FSCK_MISSING_NAMED_REF,
	CFS_FSCK_OBJECT_CHECK_FAILED, /* a stream refers to a damaged object */
	CFS_FSCK_IMAGE_OPEN_FAILED,
	CFS_FSCK_IMAGE_READ_FAILED,
	CFS_FSCK_IMAGE_INVALID,
	CFS_FSCK_IMAGE_MISSING_OBJECT,
	CFS_FSCK_IMAGE_DAMAGED_OBJECT,
	CFS_FSCK_SIGNATURE_INVALID,
	CFS_FSCK_CODES /* how many there are */
};

/* "object-digest-mismatch" and so on: the same in every version. */
const char *cfs_fsck_code_name(enum cfs_fsck_code code);

/* Is it worth a warning only?  Such are not counted as findings. */
bool cfs_fsck_is_warning(enum cfs_fsck_code code);

#define CFS_FINDING_FILES 3

/*
 * One finding.  Strings are borrowed and valid during the call; @where and
 * @files are bytes as on the disk, not fit to be printed (base/text.h).
 */
struct cfs_finding {
	enum cfs_fsck_code code;
	const char *where;  /* path below the repository; "." is itself */
	const char *reason; /* why, one line; NULL: @code says it all */
	/* The object that is missing or damaged, or that the link @where
	 * wants; NULL: none, or none is known. */
	const struct cfs_digest *object;
	const struct cfs_digest *measured; /* what it is instead, or NULL */
	/* Files of the image @where that are hit: their number, and the paths
	 * of the first ones. */
	uint64_t files_total;
	unsigned n_files;
	const char *files[CFS_FINDING_FILES];
};

struct cfs_fsck {
	uint64_t findings, warnings;
	uint64_t objects_checked, objects_corrupted;
	/* Objects that a stream or image misses do not make it corrupted. */
	uint64_t streams_checked, streams_corrupted;
	uint64_t images_checked, images_corrupted;
	uint64_t broken_links, missing_objects;
};

struct cfs_fsck_params {
	bool secure;	    /* objects without fs-verity are findings */
	bool metadata_only; /* leave the objects out */
	/* Read also what the kernel vouches for: it checks a block when it is
	 * read, and measuring reads none. */
	bool read_data;
	unsigned threads;	/* that hash; 0: as many as may run at once */
	_Atomic uint64_t *done; /* counts bytes of objects; or NULL */
	/* Empty; receives the objects that are good, or NULL.  With
	 * metadata_only it stays empty. */
	struct cfs_good *good;
	/* Why meta.json could not be used (cfs_fsck_open()), or NULL. */
	const char *meta_error;
	void (*found)(void *arg, const struct cfs_finding *finding);
	void *arg;
};

/*
 * Opens the repository @path as cfs_repo_open() does, but a meta.json that is
 * broken is no error: *@ret has none then, as an old repository, and @why says
 * what is wrong with it (why->code is 0 otherwise).
 *
 * Returns 1, or 0 when there is no such directory.
 * Errors: of cfs_repo_open(), among them -EOPNOTSUPP for a newer repository.
 */
int cfs_fsck_open(const char *path, struct cfs_repo *ret, struct cfs_err *why,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Looks through @repo, which is locked; repo->meta.alg is set also when there
 * is no meta.json.  *@ret counts.
 * Errors: -ENOMEM and the like, -ELIBACC (there are streams, and no libzstd to
 * read them); whatever is wrong with the repository is a finding.
 */
int cfs_repo_fsck(const struct cfs_repo *repo,
		  const struct cfs_fsck_params *params, struct cfs_fsck *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Looks at the image @id alone: its link and bytes, and whether the objects of
 * its files are there and as long as they should be, which metadata_only
 * leaves out.  Their contents are not read.
 * Errors: as above.
 */
int cfs_repo_fsck_image(const struct cfs_repo *repo,
			const struct cfs_digest *id,
			const struct cfs_fsck_params *params,
			struct cfs_fsck *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
