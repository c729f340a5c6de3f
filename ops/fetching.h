/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A fetch under way; private to ops/fetch*.c. */
#ifndef CFS_OPS_FETCHING_H
#define CFS_OPS_FETCHING_H

#include "base/buf.h"
#include "compress/unzstd_sink.h"
#include "ops/fetch.h"
#include "repo/export/catalogue.h"
#include "repo/export/needs.h"

struct cfs_fetching {
	struct cfs_store *store;
	const struct cfs_fetch *params;
	struct cfs_http *http;
	bool is_repository; /* what is served; otherwise an export */
	struct cfs_export_catalogue names;
	struct cfs_fetch_result result;
};

/* A file that is read into memory. */
struct cfs_fetch_file {
	const char *path;
	uint64_t max; /* bytes of it, and of what it is decompressed to */
	bool zstd;
	/* Access to it may be refused, which is how some servers word that
	 * they lack a file. */
	bool is_optional;
	bool may_change; /* of cfs_http_get */
};

/*
 * Appends the file to @ret.
 * Returns 1, or 0 if no server has it (or gives it, if it is optional).
 * Errors: -EBADMSG, -EFBIG, those of cfs_http_run().
 */
int cfs_fetch_file(struct cfs_fetching *f, const struct cfs_fetch_file *file,
		   struct cfs_buf *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Makes sure that the store has the object @id, which is an image, and lists
 * what it needs.
 * Errors: -ENOENT no server has it, -EBADMSG it is not sane, ... */
int cfs_fetch_image_object(struct cfs_fetching *f, const struct cfs_digest *id,
			   struct cfs_export_needs *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Makes sure that the store has all objects @needs of the image @id. */
int cfs_fetch_objects(struct cfs_fetching *f, const struct cfs_digest *id,
		      const struct cfs_export_needs *needs,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Fetches the signature of the image @id and verifies it.  Appends to @ret what
 * is to be kept of it.
 * Errors: -ENODATA there is none, -ENOKEY by none of the certificates; those of
 * cfs_signers_attach().
 */
int cfs_fetch_signature(struct cfs_fetching *f, const struct cfs_digest *id,
			struct cfs_buf *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Fetches the signatures of the image's @n objects and keeps those by one of
 * the certificates, for objects that are stored afterwards to get them.
 * Errors: of cfs_take_object_signatures(). */
int cfs_fetch_object_signatures(struct cfs_fetching *f,
				const struct cfs_digest *id, size_t n,
				struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
