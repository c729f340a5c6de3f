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

/* Longest description of a key that is read; longer ones are left out. */
#define CFS_KEY_TEXT_MAX 512

struct cfs_key_info {
	uint32_t uid;
	uint32_t perm; /* KEY_* of keyutils.h */
	char type[32]; /* "keyring", "asymmetric" */
	char name[CFS_KEY_TEXT_MAX];
};

/* Describes @key.  Errors: of keyctl_describe(3), -EINVAL the kernel's answer
 * has another form. */
int cfs_key_describe(cfs_key key, struct cfs_key_info *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Adds one X.509 certificate (DER) with the description @cert->name.  Left to
 * itself the kernel would name the key after its subject, and a renewed
 * certificate would then displace the one it renews.
 * *@ret is the new key.
 * Errors, each worded with its meaning: -EPERM the ring is locked, -EBADMSG no
 * certificate, -ENOPKG and -ENOENT key type this kernel lacks, -EINVAL key
 * size, -EACCES.
 */
int cfs_keyring_add(cfs_key ring, const struct cfs_cert *cert, cfs_key *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Called for each key of a ring with its description.  A result other than 0
 * ends the walk and is its result. */
typedef int cfs_key_fn(cfs_key key, const char *name, void *arg,
		       struct cfs_err *err);

/*
 * Calls @fn for each key that @ring holds (it must be readable).
 * Errors: -EACCES a locked ring cannot be read, ...
 */
int cfs_keyring_each(cfs_key ring, cfs_key_fn *fn, void *arg,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 4)));

/*
 * Freezes the ring until the next boot: no key can be added any more
 * (KEYCTL_RESTRICT_KEYRING), and nobody can clear it or take one out
 * (KEYCTL_SETPERM).  Verification goes on working.
 * Locking a locked ring succeeds.
 */
int cfs_keyring_lock(cfs_key ring,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
