/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The kernel's .fs-verity keyring: the certificates by which it checks the
 * builtin signatures of verity files.  It has no fixed serial number and no
 * possessor: it is found by type and name among the keys root can see.
 *
 * Source: Documentation/filesystems/fsverity.rst, "Built-in signature
 * verification"; keyrings(7), proc(5) on /proc/keys.
 */
#ifndef CFS_KEYS_KEYRING_H
#define CFS_KEYS_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "keys/pem.h"

/* Serial number of a key or keyring (key_serial_t). */
typedef int32_t cfs_key;

/*
 * Finds the ring.  Returns 1 with *@ret, or 0 when this kernel has none
 * (CONFIG_FS_VERITY_BUILTIN_SIGNATURES is off).
 * Errors: -EACCES not root in the initial user namespace, -ENOENT /proc is
 * not mounted, ...
 */
int cfs_keyring_find(cfs_key *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Adds one X.509 certificate (DER).  *@ret is the new key.
 * Errors, each worded with its meaning: -EPERM the ring is locked, -EBADMSG no
 * certificate, -ENOPKG and -ENOENT key type this kernel lacks, -EINVAL key
 * size, -EACCES.
 */
int cfs_keyring_add(cfs_key ring, const struct cfs_cert *cert, cfs_key *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* How many keys the ring holds (it must be readable). */
int cfs_keyring_count(cfs_key ring,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Freezes the ring until the next boot: no key can be added any more
 * (KEYCTL_RESTRICT_KEYRING), and nobody can clear it or take one out
 * (KEYCTL_SETPERM).  Verification goes on working.
 * Locking a locked ring succeeds.
 */
int cfs_keyring_lock(cfs_key ring,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
