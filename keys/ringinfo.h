/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A look at the .fs-verity keyring, for people.
 *
 * Source: keyctl_describe(3), proc(5) on /proc/keys.
 */
#ifndef CFS_KEYS_RINGINFO_H
#define CFS_KEYS_RINGINFO_H

#include <stdbool.h>

#include "base/err.h"
#include "keys/keyring.h"

struct cfs_ring_info {
	bool locked;   /* nobody may write to it, as after cfs_keyring_lock() */
	bool readable; /* cfs_keyring_each() works */
	int keys;      /* how many it holds, or -1 when that cannot be told */
	int required;  /* sysctl fs.verity.require_signatures, or -1 */
};

/* Returns the number of keys in the ring, which must be readable. */
int cfs_keyring_count(cfs_key ring,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

int cfs_ring_inspect(cfs_key ring, struct cfs_ring_info *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
