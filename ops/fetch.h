/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Fetching images from web servers: those that serve an export
 * (repo/export/format.h), or a repository as it is.
 *
 * An image is given by its digest, or by a name that the server has for it; by
 * a name it has to be signed.  Nothing else that a server says is believed: an
 * image or object is stored only if it has the digest that it should have.
 */
#ifndef CFS_OPS_FETCH_H
#define CFS_OPS_FETCH_H

#include "http/http.h"
#include "keys/pem.h"
#include "repo/store.h"

struct cfs_fetch {
	struct cfs_http_params http;
	const struct cfs_certs *certs; /* who may have signed; n 0: any image
					* that is given by its digest */
	/* Repositories that may have objects of the image. */
	const struct cfs_repo *from;
	size_t n_from;
	/* Progress, or NULL: bytes are about to be received; some were. */
	void (*plan)(void *arg, uint64_t bytes);
	void (*received)(void *arg, uint64_t bytes);
	void *arg;
};

struct cfs_fetch_result {
	uint64_t present;     /* objects that were there already */
	uint64_t fetched;     /* objects that came from a server ... */
	uint64_t fetched_raw; /* ... and their bytes */
	uint64_t seeded;      /* objects of other repositories */
	struct cfs_http_counts http;
};

struct cfs_fetching;

/*
 * Asks the servers what they serve.  @store and @params outlive the result.
 * Names of objects that exist are believed from now on
 * (cfs_store_trust_names()).
 * Errors: -ENOENT they serve nothing of use; -EBADMSG, -EOPNOTSUPP what says
 * so is damaged, or of a newer version; -EINVAL images there are of another
 * algorithm; those of cfs_http_open() and cfs_http_run().
 */
int cfs_fetch_begin(struct cfs_store *store, const struct cfs_fetch *params,
		    struct cfs_fetching **ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

void cfs_fetching_free(struct cfs_fetching *f);
CFS_DEFINE_AUTO(struct cfs_fetching, cfs_fetching_free);

/*
 * Which image does the operand @said mean: HEX or ALG:HEX, or a name?
 * *@ret_name: in the latter case the name, borrowed, otherwise NULL.
 * Errors: -ENOENT the server has no such name; -EPERM it is a name, and there
 * are no certificates; -EINVAL a digest of another algorithm.
 */
int cfs_fetch_find(struct cfs_fetching *f, const char *said,
		   struct cfs_digest *ret, const char **ret_name,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Fetches the image @id with what the store lacks of it, and commits it.  With
 * certificates, the image has to be signed by one of them; these signatures are
 * kept, and those of its objects, too.
 * @name: to be given to the image in the repository, or NULL.
 * If a fetch fails, complete objects stay and are not requested again.
 *
 * Errors: -ENODATA no signature, -ENOKEY none by one of the certificates;
 * -ENOENT the servers lack a file; -EBADMSG they serve wrong bytes; -ENOSPC not
 * enough room; those of cfs_http_run() and of storing.
 */
int cfs_fetch_image(struct cfs_fetching *f, const struct cfs_digest *id,
		    const char *name, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

/* The counts since cfs_fetch_begin(). */
struct cfs_fetch_result cfs_fetch_result(const struct cfs_fetching *f)
	CFS_NONNULL;

#endif
