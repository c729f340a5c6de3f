/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/peer.h"

#include <sys/wait.h>

#include "tests/unit/repo/repo.h"
#include "tests/unit/varlink/pair.h"

static struct cfs_err err;

TEST(the_other_end_of_a_connection_is_who_made_it)
{
	struct cfs_varlink_peer peer;
	int pair[2];

	make_pair(pair);
	peer = cfs_varlink_peer_get(pair[0]);
	CHECK_EQ(peer.uid, geteuid());
	CHECK_EQ(peer.gid, getegid());
	CHECK(!peer.stranger);
	close(pair[0]);
	close(pair[1]);
}

TEST(a_socket_without_another_end_has_a_stranger)
{
	CFS_AUTOFD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(cfs_varlink_peer_get(fd).stranger);
	CHECK(cfs_varlink_peer_get(-EBADF).stranger);
}

TEST(root_and_the_owner_may_use_a_repository)
{
	struct cfs_varlink_peer peer = { .uid = 0 };
	CFS_AUTOFD int fd = open_dir(fresh_dir());

	CHECK_EQ(cfs_varlink_peer_may_use(&peer, fd, &err), 1);
	peer.uid = geteuid();
	CHECK_EQ(cfs_varlink_peer_may_use(&peer, fd, &err), 1);
	peer.uid = geteuid() + 1;
	CHECK_EQ(cfs_varlink_peer_may_use(&peer, fd, &err), 0);
	peer = (struct cfs_varlink_peer){ .uid = geteuid(), .stranger = true };
	CHECK_EQ(cfs_varlink_peer_may_use(&peer, fd, &err), 0);
}

TEST(a_peer_with_the_same_rights_changes_nothing)
{
	struct cfs_varlink_peer peer = { .uid = geteuid(), .gid = 12345 };

	CHECK_EQ(cfs_varlink_peer_become(&peer, -EBADF, &err), 0);
	CHECK(!peer.stranger);
	CHECK_EQ(getegid() == 12345, 0);
}

/* In a process of its own, as another user of no groups if this is root. */
static int as_another(void)
{
	struct cfs_varlink_peer peer = { .uid = 65534, .gid = 65533 };
	int pair[2];

	make_pair(pair);
	CHECK_EQ(setenv("HOME", "/root", 1), 0);
	CHECK_EQ(cfs_varlink_peer_become(&peer, pair[0], &err), 0);
	if (peer.stranger)
		return 2;
	return geteuid() == 65534 && getuid() == 65534 && getegid() == 65533 &&
			       setresuid(0, 0, 0) < 0 && !getenv("HOME")
		       ? 0
		       : 1;
}

TEST(another_user_s_rights_are_taken_on_for_good_or_it_is_a_stranger)
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (pid == 0)
		_exit(as_another());
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), geteuid() == 0 ? 0 : 2);
}

TEST(the_home_directory_is_that_of_the_peer)
{
	const struct cfs_varlink_peer self = { .uid = getuid() };
	const struct cfs_varlink_peer none = { .uid = 4000000000 };
	CFS_AUTOFREE char *home = NULL;
	char *untouched = NULL;

	CHECK_EQ(setenv("HOME", "/home/mine", 1), 0);
	CHECK_EQ(cfs_varlink_peer_home(&self, &home, &err), 0);
	CHECK_STR(home, "/home/mine");
	CHECK_EQ(cfs_varlink_peer_home(&none, &untouched, &err), -ENOENT);
	CHECK(!untouched);
}

TEST(others_than_root_and_this_user_can_be_guests)
{
	struct cfs_varlink_peer root_peer = { .uid = 0 };
	struct cfs_varlink_peer self = { .uid = geteuid() };
	struct cfs_varlink_peer other = { .uid = geteuid() + 1 };
	struct cfs_varlink_peer unknown = { .uid = (uid_t)-1,
					    .stranger = true };
	CFS_AUTOFD int dir = open("/", O_PATH | O_CLOEXEC);
	struct cfs_err e;

	cfs_varlink_peer_welcome(&root_peer);
	cfs_varlink_peer_welcome(&self);
	cfs_varlink_peer_welcome(&other);
	cfs_varlink_peer_welcome(&unknown);
	CHECK(!root_peer.guest && !self.guest && !unknown.guest);
	CHECK(other.guest);
	CHECK_EQ(cfs_varlink_peer_may_use(&other, dir, &e), 1);
	CHECK_EQ(cfs_varlink_peer_may_use(&unknown, dir, &e), 0);
}
