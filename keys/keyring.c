/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/keyring.h"

#include <keyutils.h>
#include <string.h>

#define RING	".fs-verity"
#define REQUIRE "/proc/sys/fs/verity/require_signatures"

/* What remains of a locked ring: the possessor may search (which is how the
 * kernel verifies) and its owner may see that it is there. */
#define LOCKED ((key_perm_t)(KEY_POS_SEARCH | KEY_USR_VIEW))

/* Source: keyctl_describe(3): "type;uid;gid;perm;description". */
int cfs_key_describe(cfs_key key, struct cfs_key_info *ret, struct cfs_err *err)
{
	char text[CFS_KEY_TEXT_MAX] = "";
	struct cfs_key_info info;
	int pos = 0;

	if (keyctl_describe(key, text, sizeof(text) - 1) < 0)
		return cfs_fail_errno(err, "describe key %d", key);
	if (sscanf(text, "%31[^;];%u;%*u;%x;%n", info.type, &info.uid,
		   &info.perm, &pos) != 3 ||
	    pos == 0)
		return cfs_fail(err, EINVAL,
				"describe key %d: the kernel says '%s'", key,
				text);
	memcpy(info.name, text + pos, sizeof(text) - (size_t)pos);
	*ret = info;
	return 0;
}

/* Why is no ring to be seen?  Returns 0 if this kernel has none. */
static int not_found(struct cfs_err *err)
{
	if (access("/proc/self", F_OK) < 0)
		return cfs_fail(err, ENOENT,
				"find the " RING " keyring: /proc is not "
				"mounted");
	/* Kernels that have the ring have this setting as well. */
	if (access(REQUIRE, F_OK) < 0)
		return 0;
	return cfs_fail(err, EACCES, "find the " RING " keyring: %s",
			geteuid() ? "permission denied, be root"
				  : "it is hidden from here, be root outside "
				    "of any container or user namespace");
}

int cfs_keyring_find(cfs_key *ret, struct cfs_err *err)
{
	key_serial_t ring = find_key_by_type_and_desc("keyring", RING, 0);
	struct cfs_key_info info;

	/* A ring of another owner is not the kernel's, whatever its name is. */
	if (ring < 0 || cfs_key_describe(ring, &info, err) < 0 ||
	    info.uid != 0 || strcmp(info.type, "keyring") != 0 ||
	    strcmp(info.name, RING) != 0)
		return not_found(err);
	*ret = ring;
	return 1;
}

static const char *add_meaning(int code)
{
	switch (code) {
	case EPERM:
		return "the keyring is locked until the next boot";
	case EACCES:
		return "permission denied: only root outside of any user "
		       "namespace may add to it, and nobody once it is locked";
	case EBADMSG:
		return "the kernel cannot read it as an X.509 certificate";
	case ENOPKG:
	case ENOENT:
		return "this kernel does not have the key's algorithm (RSA is "
		       "in all of them, ECDSA since Linux 6.12 in Debian)";
	case EINVAL:
		return "the kernel does not take a key of this size (RSA: "
		       "2048, 3072 or 4096 bits)";
	case ENODEV:
	case ENOSYS:
		return "this kernel has no asymmetric keys "
		       "(CONFIG_ASYMMETRIC_KEY_TYPE)";
	case EDQUOT:
		return "the key quota of this user is used up";
	default:
		return strerror(code);
	}
}

int cfs_keyring_add(cfs_key ring, const struct cfs_cert *cert, cfs_key *ret,
		    struct cfs_err *err)
{
	key_serial_t key = add_key("asymmetric", cert->name, cert->der.data,
				   cert->der.len, ring);

	if (key < 0) {
		int code = errno;

		return cfs_fail(err, code, "add the certificate of %s: %s",
				cert->file, add_meaning(code));
	}
	*ret = key;
	return 0;
}

int cfs_keyring_each(cfs_key ring, cfs_key_fn *fn, void *arg,
		     struct cfs_err *err)
{
	CFS_AUTOFREE void *list = NULL;
	long bytes = keyctl_read_alloc(ring, &list);
	const key_serial_t *keys = list;
	struct cfs_key_info info;

	if (bytes < 0)
		return cfs_fail_errno(err, "read the " RING " keyring");
	for (size_t i = 0; i < (size_t)bytes / sizeof(*keys); i++) {
		int r = cfs_key_describe(keys[i], &info, err);

		if (r == 0)
			r = fn(keys[i], info.name, arg, err);
		if (r != 0)
			return r;
	}
	return 0;
}

int cfs_keyring_lock(cfs_key ring, struct cfs_err *err)
{
	struct cfs_key_info info;

	/* The calls below are refused for a locked ring. */
	if (cfs_key_describe(ring, &info, err) == 0 && info.perm == LOCKED)
		return 0;
	/* This comes first: it needs a permission that is taken away next.
	 * EEXIST: there is a restriction already, and it cannot be undone. */
	if (keyctl_restrict_keyring(ring, NULL, NULL) < 0 && errno != EEXIST)
		return cfs_fail_errno(err, "lock the " RING
					   " keyring against new keys");
	if (keyctl_setperm(ring, LOCKED) < 0)
		return cfs_fail_errno(err, "lock the " RING
					   " keyring against removals");
	return 0;
}
