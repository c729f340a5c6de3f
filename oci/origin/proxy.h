/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Blobs that skopeo sends: its command experimental-image-proxy, one process
 * for each blob that is read at a time.  A process that sent its blob is used
 * again.  Nothing is written to disk on the way, and a process ends by itself
 * when the program that started it is gone.
 *
 * Source: containers/skopeo, cmd/skopeo/proxy.go, protocol 0.2 (skopeo 1.5).
 */
#ifndef CFS_OCI_ORIGIN_PROXY_H
#define CFS_OCI_ORIGIN_PROXY_H

#include "base/own.h"
#include "oci/origin.h"
#include "oci/origin/skopeo.h"

struct cfs_skopeo_pool;

/* @options: borrowed.  Errors: -ENOMEM. */
int cfs_skopeo_pool_new(const struct cfs_skopeo_options *options,
			struct cfs_skopeo_pool **ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Ends all processes; no blob may be open. */
void cfs_skopeo_pool_free(struct cfs_skopeo_pool *pool);
CFS_DEFINE_AUTO(struct cfs_skopeo_pool, cfs_skopeo_pool_free);

/*
 * Opens the blob @id of the image @image, a reference for skopeo, which checks
 * it against the machine's policy (policy.json).  @size: of the blob, or
 * CFS_OCI_SIZE_ANY.  Any thread may call it.
 *
 * Errors: -EIO (skopeo failed, or there is no such blob; with its words),
 * -EPROTO (it does not speak the protocol), -ENOPKG, ...
 */
int cfs_skopeo_pool_blob(struct cfs_skopeo_pool *pool, const char *image,
			 const struct cfs_oci_id *id, uint64_t size,
			 struct cfs_oci_blob *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The process that sends a blob. */
struct cfs_skopeo_proxy;

/* Asks, after the last byte, whether the blob was sent as it is.
 * Returns 0, or -EIO with skopeo's words. */
int cfs_skopeo_proxy_end(struct cfs_skopeo_proxy *proxy,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Gives the process back, once the descriptor of its blob is closed. */
void cfs_skopeo_proxy_done(struct cfs_skopeo_proxy *proxy) CFS_NONNULL;

#endif
