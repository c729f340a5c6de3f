/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/listen.h"

#include <signal.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/unit/repo/repo.h"
#include "tests/unit/varlink/pair.h"

static struct cfs_err err;

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	CHECK_EQ(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Sockets have short paths: they are named from the test's own folder. */
static void enter_folder(void)
{
	CHECK_EQ(chdir(fresh_dir()), 0);
}

TEST(a_socket_is_closed_to_other_users)
{
	CFS_AUTOFD int fd = -EBADF;
	struct stat st;

	enter_folder();
	fd = cfs_varlink_listen("s", &err);
	CHECK(fd >= 0);
	CHECK_EQ(stat("s", &st), 0);
	CHECK_EQ(st.st_mode, S_IFSOCK | 0600);
	CHECK(cfs_varlink_listens(fd));
	close(connect_to("s"));
}

TEST(a_socket_that_another_process_listens_at_is_in_use)
{
	CFS_AUTOFD int fd = -EBADF;

	enter_folder();
	fd = cfs_varlink_listen("s", &err);
	CHECK_EQ(cfs_varlink_listen("s", &err), -EADDRINUSE);
	close(connect_to("s"));
}

TEST(a_socket_that_was_left_is_replaced_and_nothing_else)
{
	CFS_AUTOFD int fd = -EBADF;

	enter_folder();
	close(cfs_varlink_listen("s", &err));
	fd = cfs_varlink_listen("s", &err);
	CHECK(fd >= 0);
	put(".", "file", "text");
	CHECK_EQ(cfs_varlink_listen("file", &err), -EADDRINUSE);
	CHECK(holds(".", "file", "text"));
	CHECK_EQ(symlink("s", "link"), 0);
	CHECK_EQ(cfs_varlink_listen("link", &err), -EADDRINUSE);
}

TEST(a_path_that_no_socket_can_have_is_refused)
{
	char path[200];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CHECK_EQ(cfs_varlink_listen(path, &err), -ENAMETOOLONG);
	CHECK_EQ(cfs_varlink_listen("", &err), -ENAMETOOLONG);
}

TEST(a_connected_socket_does_not_listen)
{
	int pair[2];

	make_pair(pair);
	CHECK(!cfs_varlink_listens(pair[0]));
	CHECK(!cfs_varlink_listens(-EBADF));
	close(pair[0]);
	close(pair[1]);
}

/* What is found in a process with descriptor 3 and @fds of them announced. */
static int inherit(const char *pid, const char *fds, int kind)
{
	int status, fd = -EBADF;
	bool activated;
	pid_t child;
	char self[24];

	fflush(stdout);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		snprintf(self, sizeof(self), "%ld", (long)getpid());
		close(3);
		if (dup2(socket(AF_UNIX, kind, 0), 3) != 3)
			_exit(99);
		setenv("LISTEN_PID", pid ? pid : self, 1);
		setenv("LISTEN_FDS", fds, 1);
		activated = cfs_varlink_is_activated();
		status = cfs_varlink_inherited(&fd, &err);
		if (activated != (status != 0) || cfs_varlink_is_activated())
			_exit(97);
		if (status > 0 && (fd != 3 || getenv("LISTEN_FDS") ||
				   !(fcntl(3, F_GETFD) & FD_CLOEXEC)))
			_exit(98);
		_exit(status < 0 ? 2 : status);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST(one_stream_socket_of_the_service_manager_is_taken)
{
	CHECK_EQ(inherit(NULL, "1", SOCK_STREAM), 1);
	CHECK_EQ(inherit("1", "1", SOCK_STREAM), 0);
	CHECK_EQ(inherit("", "1", SOCK_STREAM), 0);
	CHECK_EQ(inherit(NULL, "", SOCK_STREAM), 0);
	CHECK_EQ(inherit(NULL, "0", SOCK_STREAM), 0);
	CHECK_EQ(inherit(NULL, "1x", SOCK_STREAM), 0);
	CHECK_EQ(inherit(NULL, "2", SOCK_STREAM), 2);
	CHECK_EQ(inherit(NULL, "1", SOCK_DGRAM), 2);
}

/* Sent first by the process of a connection. */
struct greeting {
	pid_t pid;
	uint64_t handle; /* that it registered */
};

/* Serves connections: each greets and waits for the client's end. */
static int serve_all(int fd)
{
	static const struct cfs_varlink_place place = { .path = "/a" };
	struct cfs_varlink_register shared = CFS_VARLINK_REGISTER_NONE;
	struct greeting greeting = { 0 };
	int client = -EBADF;
	int r = cfs_varlink_accept_all(&fd, &client, &shared, &err);
	char c;

	if (r != 1)
		return r < 0;
	if (fd != -EBADF)
		return 1;
	greeting.pid = getpid();
	if (cfs_varlink_register_add(&shared, &place, &greeting.handle, &err) <
	    0)
		return 1;
	if (write(client, &greeting, sizeof(greeting)) != sizeof(greeting))
		return 1;
	while (read(client, &c, 1) > 0)
		;
	return 0;
}

static struct greeting greeting_of(int client)
{
	struct greeting greeting;

	CHECK_EQ(read(client, &greeting, sizeof(greeting)), sizeof(greeting));
	return greeting;
}

TEST(each_connection_has_a_process_that_ends_with_the_listening_one)
{
	struct greeting first, second;
	int status, fd, a, b;
	pid_t pid;
	char c;

	enter_folder();
	fd = cfs_varlink_listen("s", &err);
	CHECK(fd >= 0);
	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		_exit(serve_all(fd));
	close(fd);
	a = connect_to("s");
	b = connect_to("s");
	first = greeting_of(a);
	second = greeting_of(b);
	CHECK(first.pid != second.pid);
	/* Both are of one user. */
	CHECK_EQ(first.handle + second.handle, 1 + 2);
	CHECK_EQ(kill(pid, SIGTERM), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 0);
	/* Both ends are closed now. */
	CHECK_EQ(read(a, &c, 1), 0);
	CHECK_EQ(read(b, &c, 1), 0);
	close(a);
	close(b);
}
