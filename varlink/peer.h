/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The process at the other end of a connection, and what it may do: no more
 * than it could by itself.  A service that runs as root takes on the rights of
 * the user that it works for.
 */
#ifndef CFS_VARLINK_PEER_H
#define CFS_VARLINK_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct cfs_varlink_peer {
	uid_t uid; /* when it connected */
	gid_t gid;
	/* This process can neither trust it nor take on its rights: it may ask
	 * for nothing but the description of the service. */
	bool stranger;
	/* It is neither root nor this process's user, and is served all the
	 * same, with this process's rights: for methods that are meant for
	 * guests. */
	bool guest;
};

/* Finds out who is at the other end of the socket @fd; stranger is true if that
 * is not known.  Source: SO_PEERCRED, unix(7). */
struct cfs_varlink_peer cfs_varlink_peer_get(int fd);

/*
 * Takes on the rights of @peer, for good: user, group and the groups that it
 * had when it connected to the socket @fd.  Nothing changes if it is root or
 * this process's user.  A peer whose rights cannot be had, because this process
 * is not root, becomes a stranger.
 * Errors: those of setresuid(2) and the like; the peer must get no answer then.
 */
int cfs_varlink_peer_become(struct cfs_varlink_peer *peer, int fd,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Makes @peer a guest unless it is root, this process's user or a stranger. */
void cfs_varlink_peer_welcome(struct cfs_varlink_peer *peer) CFS_NONNULL;

/*
 * May @peer work with the repository whose directory is @fd?  Root may, the
 * owner, and a guest, who can name no other repository.  Returns 1 or 0.
 * Errors: of fstat(2).
 */
int cfs_varlink_peer_may_use(const struct cfs_varlink_peer *peer, int fd,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The home directory of @peer, which the caller frees: $HOME if it is this
 * process's user, else as the user database has it.
 * Errors: -ENOENT there is none; -ENOMEM.
 */
int cfs_varlink_peer_home(const struct cfs_varlink_peer *peer, char **ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
