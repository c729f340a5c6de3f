/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A repository on disk, opened for reading:
 *
 *   meta.json                 version, digest algorithm, features, formats
 *   objects/xx/yyyy...        files, named by their fs-verity digest
 *   images/<hex>              -> ../objects/xx/yyyy..., an EROFS image
 *   images/refs/<name>        -> .../<hex>
 *   streams/...
 *   signatures/<hex>.p7s      ours: PKCS#7 over the digest <hex>
 *   signatures/<hex>.pack     ours: signatures of an image's objects, with an
 *                             index
 *
 * Nothing in it is trusted: names are resolved below the repository's
 * descriptor and never decide whether verification happens.
 *
 * Source: composefs-rs crates/composefs/src/repository.rs;
 * docs/composefs-repository.7.
 */
#ifndef CFS_REPO_DIRECTORY_H
#define CFS_REPO_DIRECTORY_H

#include <stdbool.h>

#include "fsverity/digest.h"
#include "repo/meta.h"

struct cfs_repo {
	int fd;		      /* the directory; closed by cfs_repo_close() */
	bool by_link;	      /* its path, below a directory, has a link */
	bool has_meta;	      /* meta.json is there */
	struct cfs_meta meta; /* counts only with has_meta */
};

#define CFS_REPO_INIT        \
	{                    \
		.fd = -EBADF \
	}

/* Closes what is open; may be called twice. */
void cfs_repo_close(struct cfs_repo *repo);

#define CFS_AUTOREPO __attribute__((cleanup(cfs_repo_close)))

typedef int (*cfs_meta_fn)(struct cfs_bytes text, struct cfs_meta *ret,
			   struct cfs_err *err);

/*
 * Opens the repository @path below @dirfd: no component may be a magic link
 * or lead out of @dirfd (pass AT_FDCWD to take @path as it stands).
 * meta.json is read by @parse when it is there: cfs_meta_parse_to_boot(), or
 * cfs_meta_parse() for all who do more than boot (cfs_repo_open()).  An old
 * repository has objects/ and no meta.json.  Nothing is written, ever.
 *
 * Returns 1, or 0 when there is no such directory.
 * Errors: those of @parse, -ENOENT neither meta.json nor objects/, -ENOTDIR,
 * ...
 */
int cfs_repo_open_by(int dirfd, const char *path, cfs_meta_fn parse,
		     struct cfs_repo *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* objects/, O_PATH, no link followed; the caller closes it. */
int cfs_repo_open_objects(const struct cfs_repo *repo,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
