/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/keyring.h"

#include <keyutils.h>
#include <string.h>

#define RING	 ".fs-verity"
#define REQUIRE	 "/proc/sys/fs/verity/require_signatures"
#define DESC_MAX 512 /* bytes of a key's description we care for */

/* What remains of a locked ring: the possessor may search (which is how the
 * kernel verifies) and its owner may see that it is there. */
#define LOCKED ((key_perm_t)(KEY_POS_SEARCH | KEY_USR_VIEW))

struct ring_info {
	uid_t uid;
	key_perm_t perm;
	bool named; /* a keyring, and called .fs-verity */
};

/* Source: keyctl_describe(3): "type;uid;gid;perm;description". */
static int describe(key_serial_t key, struct ring_info *ret)
{
	char text[DESC_MAX] = "";
	unsigned uid, perm;
	int pos = 0;

	if (keyctl_describe(key, text, sizeof(text) - 1) < 0)
		return -errno;
	if (sscanf(text, "keyring;%u;%*u;%x;%n", &uid, &perm, &pos) != 2 ||
	    pos == 0) {
		*ret = (struct ring_info){ 0 };
		return 0;
	}
	*ret = (struct ring_info){ uid, perm, !strcmp(text + pos, RING) };
	return 0;
}

/* There is none to be seen: why? */
static int not_found(struct cfs_err *err)
{
	if (access("/proc/self", F_OK) < 0)
		return cfs_fail(err, ENOENT,
				"find the " RING " keyring: /proc is not "
				"mounted");
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
	struct ring_info info;
	int r;

	if (ring < 0)
		return not_found(err);
	r = describe(ring, &info);
	if (r < 0)
		return cfs_fail(err, -r, "describe the " RING " keyring: %s",
				strerror(-r));
	/* What others own is not the kernel's, whatever it is called. */
	if (!info.named || info.uid != 0)
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
	/* An empty description lets the kernel name the key by its subject. */
	key_serial_t key =
		add_key("asymmetric", "", cert->der.data, cert->der.len, ring);

	if (key < 0) {
		int code = errno;

		return cfs_fail(err, code, "add the certificate of %s: %s",
				cert->file, add_meaning(code));
	}
	*ret = key;
	return 0;
}

int cfs_keyring_count(cfs_key ring, struct cfs_err *err)
{
	char none;
	long bytes = keyctl_read(ring, &none, 0);

	if (bytes < 0)
		return cfs_fail_errno(err, "read the " RING " keyring");
	return (int)((size_t)bytes / sizeof(key_serial_t));
}

int cfs_keyring_lock(cfs_key ring, struct cfs_err *err)
{
	struct ring_info info;
	int r = describe(ring, &info);

	if (r == 0 && info.perm == LOCKED)
		return 0;
	/* EEXIST: a restriction is there already, and cannot be undone. */
	if (keyctl_restrict_keyring(ring, NULL, NULL) < 0 && errno != EEXIST)
		return cfs_fail_errno(err, "lock the " RING
					   " keyring against new keys");
	if (keyctl_setperm(ring, LOCKED) < 0)
		return cfs_fail_errno(err, "lock the " RING
					   " keyring against removals");
	return 0;
}
