/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Handles that outlive the connection they were given out on: clients that
 * connect anew for each call, as varlinkctl(1) does, use one on many.
 *
 * A service that listens keeps a register for each user: which repository every
 * handle stands for.  The processes that serve connections of that user share
 * it, and no others have it.  It grants nothing: a process that finds a handle
 * in it opens the repository by its path, with the rights of its own client,
 * and compares the directory.
 */
#ifndef CFS_VARLINK_REGISTER_H
#define CFS_VARLINK_REGISTER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Handles that a register knows; another takes the place of the oldest. */
#define CFS_VARLINK_REGISTER_MAX 256

/* Registers of a service; that of another user takes the place of the
 * oldest. */
#define CFS_VARLINK_USERS_MAX 16

/* The repository that a handle stands for. */
struct cfs_varlink_place {
	uint64_t dev, ino;   /* of its directory */
	char path[PATH_MAX]; /* absolute */
};

/* What the processes of a user's connections share; fd -EBADF: nothing. */
struct cfs_varlink_register {
	int fd;
};

#define CFS_VARLINK_REGISTER_NONE \
	{                         \
		.fd = -EBADF      \
	}

void cfs_varlink_register_free(struct cfs_varlink_register *shared);
#define CFS_AUTOREGISTER __attribute__((cleanup(cfs_varlink_register_free)))

/*
 * Gives @place a handle, *@ret_id, which no other of this register has had.
 * Errors: -ENOSPC or -ENOMEM there is no memory for it.
 */
int cfs_varlink_register_add(const struct cfs_varlink_register *shared,
			     const struct cfs_varlink_place *place,
			     uint64_t *ret_id,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns whether @id is registered, with its place in *@ret. */
bool cfs_varlink_register_find(const struct cfs_varlink_register *shared,
			       uint64_t id, struct cfs_varlink_place *ret)
	CFS_MUST_CHECK CFS_NONNULL;

/* Returns whether @id was registered; it is not any more. */
bool cfs_varlink_register_remove(const struct cfs_varlink_register *shared,
				 uint64_t id) CFS_MUST_CHECK CFS_NONNULL;

/* The registers of a service that listens.  Zero-initialise it. */
struct cfs_varlink_registers {
	struct {
		uid_t uid;
		struct cfs_varlink_register shared;
	} v[CFS_VARLINK_USERS_MAX];
	unsigned n; /* that have been made, ever */
};

/* Closes all of them. */
void cfs_varlink_registers_free(struct cfs_varlink_registers *registers);

/*
 * Returns the register of the user @uid, which is made if it is missing; valid
 * until the next call.  Its fd is negative if there is no memory for one.
 */
const struct cfs_varlink_register *cfs_varlink_registers_of(
	struct cfs_varlink_registers *registers, uid_t uid) CFS_NONNULL;

#endif
