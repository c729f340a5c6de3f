/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The repositories that a client has open, which end with its connection.  The
 * process that accepted it may know of handles that other connections of the
 * same user were given (varlink/register.h): their repositories are opened when
 * the client names them.
 *
 * An open repository is not locked, so that a client that does nothing keeps no
 * garbage collection waiting; a method locks it while it works.
 */
#ifndef CFS_VARLINK_HANDLES_H
#define CFS_VARLINK_HANDLES_H

#include "ops/access.h"
#include "varlink/peer.h"
#include "varlink/register.h"

/* Repositories that a connection has open at a time. */
#define CFS_VARLINK_HANDLES_MAX 64

struct cfs_varlink_handle {
	uint64_t id; /* what the client calls it; 0: not in use */
	struct cfs_repo repo;
	struct cfs_access access; /* as it was opened */
	char *path;		  /* of access; owned */
};

/* Zero-initialise it. */
struct cfs_varlink_handles {
	struct cfs_varlink_handle v[CFS_VARLINK_HANDLES_MAX];
	/* The id that was given out last, where no register has it; none is
	 * used twice. */
	uint64_t last;
	/* Handles of the user's other connections; borrowed; NULL: none. */
	const struct cfs_varlink_register *shared;
};

/* Closes all of them. */
void cfs_varlink_handles_free(struct cfs_varlink_handles *handles);

/*
 * Opens the repository @path, with @flags (CFS_ACCESS_*), for @peer.  *@ret is
 * valid until it is closed.
 * Errors: those of cfs_access_read(), -EACCES among them; -EACCES also if it is
 * not the peer's (cfs_varlink_peer_may_use()); -EMFILE CFS_VARLINK_HANDLES_MAX
 * are open.
 */
int cfs_varlink_handles_open(struct cfs_varlink_handles *handles,
			     const char *path, unsigned flags,
			     const struct cfs_varlink_peer *peer,
			     const struct cfs_varlink_handle **ret,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Finds the repository that is called @id, and opens it, as
 * cfs_varlink_handles_open() does, if another connection was given that handle.
 * Returns 1 with *@ret, or 0: there is none, or another directory is at its
 * path now.  Errors: those of cfs_varlink_handles_open().
 */
int cfs_varlink_handles_find(struct cfs_varlink_handles *handles, uint64_t id,
			     unsigned flags,
			     const struct cfs_varlink_peer *peer,
			     const struct cfs_varlink_handle **ret,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Closes the repository that is called @id, also for connections that have not
 * opened it yet.  Returns false if none is called @id. */
bool cfs_varlink_handles_close(struct cfs_varlink_handles *handles,
			       uint64_t id) CFS_MUST_CHECK CFS_NONNULL;

#endif
