/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The user that a container's process runs as, from the account files of its
 * image.  Pure: text in, numbers out.  The files are untrusted: lines that are
 * not of their format are skipped, as the C library does, and of several
 * entries the first counts.
 *
 * Source: passwd(5), group(5); OCI image specification, config.md, "User".
 */
#ifndef CFS_OCI_RUN_ACCOUNTS_H
#define CFS_OCI_RUN_ACCOUNTS_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/vec.h"

/* Bytes of /etc/passwd and of /etc/group that are read. */
#define CFS_ACCOUNTS_FILE_MAX (1u << 20)
/* The largest user or group id; the one above means "no change" to chown(2). */
#define CFS_ACCOUNTS_ID_MAX 4294967294u
/* Source: linux/limits.h NGROUPS_MAX. */
#define CFS_ACCOUNTS_GROUPS_MAX 65536
#define CFS_ACCOUNTS_HOME_MAX	4096 /* with the NUL */

struct cfs_account {
	uint32_t uid, gid;
	CFS_VEC(uint32_t) groups; /* additional ones, ascending, without gid */
	char home[CFS_ACCOUNTS_HOME_MAX]; /* "" if passwd has no such user */
};

void cfs_account_free(struct cfs_account *account);

#define CFS_AUTOACCOUNT __attribute__((cleanup(cfs_account_free)))

/* Reads a decimal user or group id.  Returns false if @text is none, or above
 * CFS_ACCOUNTS_ID_MAX. */
bool cfs_account_id_read(struct cfs_bytes text,
			 uint32_t *ret) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Finds the account that @user means, "USER" or "USER:GROUP", where each is a
 * name or a number; "" is 0.
 *
 * A number need not be in the files.  Without GROUP the group is that of the
 * user's line in @passwd, or 0, and additional groups are those in @group that
 * list the user; with GROUP there are none.
 *
 * Errors: -ENOENT a name is not in the files, -EINVAL the text is malformed or
 * a number is too large, -EFBIG too many groups, -ENOMEM.
 */
int cfs_account_find(const char *user, struct cfs_bytes passwd,
		     struct cfs_bytes group, struct cfs_account *ret,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4, 5)));

#endif
