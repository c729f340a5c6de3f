/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/peer.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/auto.h"

/* Source: asm-generic/socket.h since Linux 4.13; sys/socket.h of every libc
 * that has it. */
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

/* Groups of a process.  Source: NGROUPS_MAX in linux/limits.h. */
#define GROUPS_MAX 65536

struct cfs_varlink_peer cfs_varlink_peer_get(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	/* Process 0 and user -1: nobody has connected to this socket. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 ||
	    len != sizeof(cred) || cred.uid == (uid_t)-1)
		return (struct cfs_varlink_peer){ .uid = (uid_t)-1,
						  .gid = (gid_t)-1,
						  .stranger = true };
	return (struct cfs_varlink_peer){ .uid = cred.uid, .gid = cred.gid };
}

static int take_groups(int fd, struct cfs_err *err)
{
	CFS_AUTOFREE gid_t *groups = malloc(GROUPS_MAX * sizeof(*groups));
	socklen_t len = GROUPS_MAX * sizeof(*groups);

	if (!groups)
		return cfs_no_memory(err);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0) {
		/* An older kernel: with fewer rights than it has. */
		if (errno != ENOPROTOOPT)
			return cfs_fail_errno(err,
					      "find the groups of the client");
		len = 0;
	}
	if (setgroups(len / sizeof(*groups), groups) < 0)
		return cfs_fail_errno(err, "take on the groups of the client");
	return 0;
}

int cfs_varlink_peer_become(struct cfs_varlink_peer *peer, int fd,
			    struct cfs_err *err)
{
	uid_t self = geteuid();
	int r, signal = 0;

	if (peer->stranger || peer->uid == 0 || peer->uid == self)
		return 0;
	if (self != 0) {
		peer->stranger = true;
		return 0;
	}
	r = take_groups(fd, err);
	if (r < 0)
		return r;
	(void)prctl(PR_GET_PDEATHSIG, &signal);
	if (setresgid(peer->gid, peer->gid, peer->gid) < 0 ||
	    setresuid(peer->uid, peer->uid, peer->uid) < 0)
		return cfs_fail_errno(err, "take on the rights of user %lu",
				      (unsigned long)peer->uid);
	/* The kernel forgets it with the old rights. */
	(void)prctl(PR_SET_PDEATHSIG, signal);
	/* It is root's. */
	(void)unsetenv("HOME");
	return 0;
}

void cfs_varlink_peer_welcome(struct cfs_varlink_peer *peer)
{
	peer->guest = !peer->stranger && peer->uid != 0 &&
		      peer->uid != geteuid();
}

int cfs_varlink_peer_may_use(const struct cfs_varlink_peer *peer, int fd,
			     struct cfs_err *err)
{
	struct stat st;

	if (peer->stranger)
		return 0;
	if (fstat(fd, &st) < 0)
		return cfs_fail_errno(err, "fstat the repository");
	return peer->uid == 0 || peer->guest || peer->uid == st.st_uid;
}

int cfs_varlink_peer_home(const struct cfs_varlink_peer *peer, char **ret,
			  struct cfs_err *err)
{
	const char *home = peer->uid == getuid() ? getenv("HOME") : NULL;
	const struct passwd *entry;
	char *copy;

	if (!home || !*home) {
		entry = getpwuid(peer->uid);
		home = entry ? entry->pw_dir : NULL;
	}
	if (!home || !*home)
		return cfs_fail(err, ENOENT, "user %lu has no home directory",
				(unsigned long)peer->uid);
	copy = strdup(home);
	if (!copy)
		return cfs_no_memory(err);
	*ret = copy;
	return 0;
}
