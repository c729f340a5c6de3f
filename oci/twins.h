/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Files of an image that the repository has already, by path and size.  The
 * next version of the image mostly has the same file at the same path:
 * comparing it with the object that is there costs a fraction of hashing it,
 * and nothing is written.
 *
 * A twin is only a guess.  What differs from it is stored as if there were
 * none.
 */
#ifndef CFS_OCI_TWINS_H
#define CFS_OCI_TWINS_H

#include "base/own.h"
#include "base/source.h"
#include "repo/store.h"
#include "tree/node.h"

/* Bytes of the smallest file with a twin.  Hashing a shorter one takes no
 * longer than opening a file. */
#define CFS_TWIN_MIN (64u << 10)

struct cfs_twins;

/* Those of the files of @tree, which is not needed afterwards.
 * Errors: -ENOMEM. */
int cfs_twins_new(const struct cfs_tree *tree, struct cfs_twins **ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_twins_free(struct cfs_twins *twins);
CFS_DEFINE_AUTO(struct cfs_twins, cfs_twins_free);

/* Looks for a file of @size bytes at @path, which has no slash at its ends.
 * Returns whether there is one, and then sets *@ret. */
bool cfs_twins_find(const struct cfs_twins *twins, struct cfs_bytes path,
		    uint64_t size, struct cfs_digest *ret) CFS_NONNULL;

/*
 * A file that is being compared with its twin; one after the other.
 * Initialise with CFS_TWIN_INIT.
 */
struct cfs_twin {
	int fd;		/* of the object; owned */
	uint64_t size;	/* of both */
	uint64_t same;	/* bytes from the beginning that are equal */
	uint64_t again; /* bytes that cfs_twin_source() has given of these */
	uint8_t *piece; /* owned; read from the file after these */
	size_t piece_at, piece_len;
	const struct cfs_source *rest; /* of the file */
};

#define CFS_TWIN_INIT        \
	{                    \
		.fd = -EBADF \
	}

void cfs_twin_close(struct cfs_twin *twin);

#define CFS_AUTOTWIN __attribute__((cleanup(cfs_twin_close)))

/*
 * Opens the object @id of @size bytes of @store.  With a secure store it counts
 * only if the kernel measures @id.
 * Returns whether there is such an object.
 */
bool cfs_twin_open(struct cfs_twin *twin, const struct cfs_store *store,
		   const struct cfs_digest *id, uint64_t size) CFS_NONNULL;

/*
 * Compares @file, of as many bytes, up to the first piece that differs, or
 * cannot be read from the object.
 * Returns 1 when all is equal, else 0.
 * Errors: those of @file, -ENOMEM.
 */
int cfs_twin_compare(struct cfs_twin *twin, const struct cfs_source *file,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* After cfs_twin_compare() returned 0: gives the file from its beginning.
 * Errors: those of the file, -EIO of the object. */
struct cfs_source cfs_twin_source(struct cfs_twin *twin) CFS_NONNULL;

#endif
