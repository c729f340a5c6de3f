/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The files in signatures/: what their names mean, and the signatures of
 * objects that the packs among them have (repo/sigpack.h).
 */
#ifndef CFS_REPO_SIGPACKS_H
#define CFS_REPO_SIGPACKS_H

#include "base/vec.h"
#include "fsverity/digest_set.h"
#include "repo/open.h"
#include "repo/sigpack.h"

enum cfs_signature_file {
	CFS_SIGNATURE_FILE_OTHER = 0,
	CFS_SIGNATURE_FILE_IMAGE, /* <hex>.p7s: the signature of an image */
	CFS_SIGNATURE_FILE_PACK,  /* <hex>.pack: those of its objects */
};

/* What the file @name in signatures/ is; *@ret is the image.  Digits of names
 * are in lower case. */
enum cfs_signature_file cfs_signature_file_of(
	const char *name, struct cfs_digest *ret) CFS_NONNULL;

#define CFS_SIGPACK_PATH_MAX (sizeof("signatures/.pack") + CFS_DIGEST_HEX_MAX)

/* Writes "signatures/<hex>.pack" and a NUL. */
void cfs_sigpack_path(const struct cfs_digest *image,
		      char path[static CFS_SIGPACK_PATH_MAX]) CFS_NONNULL;

/* Packs in memory.  Zero-initialise it. */
struct cfs_sigpacks {
	CFS_VEC(struct cfs_sigpack_loaded {
		struct cfs_digest image;
		struct cfs_buf bytes; /* owned */
		struct cfs_sigpack pack;
	});
};

void cfs_sigpacks_free(struct cfs_sigpacks *packs);
#define CFS_AUTOSIGPACKS __attribute__((cleanup(cfs_sigpacks_free)))

/*
 * Reads the packs of @repo: those of the images @only, or all if that is NULL.
 * A repository without signatures/ has none.
 * Errors, with the path: those of cfs_sigpack_read() and of reading; -EBADMSG
 * the pack's digests are of another algorithm than the repository's.
 */
int cfs_sigpacks_read(const struct cfs_repo *repo, struct cfs_digest_set *only,
		      struct cfs_sigpacks *ret,
		      struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4)));

/* The pack of the image @id, or NULL. */
const struct cfs_sigpack_loaded *cfs_sigpacks_of(
	const struct cfs_sigpacks *packs,
	const struct cfs_digest *id) CFS_NONNULL;

/*
 * Sets *@ret to the signature of the object @id, borrowed from @packs.  If
 * several packs have one, it is the longest, which has the most signers.
 * Returns false if none has.
 */
bool cfs_sigpacks_find(const struct cfs_sigpacks *packs,
		       const struct cfs_digest *id,
		       struct cfs_bytes *ret) CFS_MUST_CHECK CFS_NONNULL;

#endif
