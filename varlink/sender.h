/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Layers on their way to the client, through a pipe that it was given, while
 * the connection goes on answering calls.
 */
#ifndef CFS_VARLINK_SENDER_H
#define CFS_VARLINK_SENDER_H

#include "ops/access.h"

/* Layers that a connection sends at a time. */
#define CFS_VARLINK_SENDERS_MAX 16

struct cfs_varlink_sender;

/* Zero-initialise it. */
struct cfs_varlink_senders {
	struct cfs_varlink_sender *v[CFS_VARLINK_SENDERS_MAX]; /* owned */
};

/* Waits until all have ended, which they do when the client has closed its
 * descriptors, or ended. */
void cfs_varlink_senders_wait(struct cfs_varlink_senders *senders) CFS_NONNULL;

/*
 * Sends the layer with the stream @layer of @repo, which is locked and taken
 * over unless this fails, as a splitdirfdstream whose directory 0 is objects/.
 * The client reads it from *@ret_from, and holds *@ret_alive, which has no
 * other use, for as long as it needs the objects: until it has closed that, no
 * garbage is collected.  The caller closes both when the client has them.
 *
 * Errors: -EMFILE CFS_VARLINK_SENDERS_MAX are at work; those of
 * cfs_stream_load(), of pipe2(2) and of pthread_create(3).
 */
int cfs_varlink_send_layer(struct cfs_varlink_senders *senders,
			   struct cfs_repo *repo,
			   const struct cfs_digest *layer, int *ret_from,
			   int *ret_alive,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
