/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/listen.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "varlink/peer.h"

/* The first descriptor that is passed.  Source: SD_LISTEN_FDS_START,
 * sd_listen_fds(3). */
#define FIRST_FD 3

/* Reads the variable @name as a number; -1: there is none. */
static long number_of(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long n;

	if (!text || !*text)
		return -1;
	errno = 0;
	n = strtol(text, &end, 10);
	return errno || *end ? -1 : n;
}

static int option_of(int fd, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, option, &value, &len) < 0)
		return -1;
	return value;
}

bool cfs_varlink_is_activated(void)
{
	return number_of("LISTEN_PID") == getpid() &&
	       number_of("LISTEN_FDS") > 0;
}

int cfs_varlink_inherited(int *ret_fd, struct cfs_err *err)
{
	long n = number_of("LISTEN_FDS");

	if (!cfs_varlink_is_activated())
		return 0;
	/* They are not for programs that are started from here. */
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	if (n > 1)
		return cfs_fail(err, EINVAL,
				"the service manager passed %ld sockets; the "
				"varlink service takes one",
				n);
	if (option_of(FIRST_FD, SO_TYPE) != SOCK_STREAM)
		return cfs_fail(err, EINVAL,
				"what the service manager passed is no stream "
				"socket");
	(void)fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC);
	*ret_fd = FIRST_FD;
	return 1;
}

bool cfs_varlink_listens(int fd)
{
	return option_of(fd, SO_ACCEPTCONN) == 1;
}

/* The permissions are there from the start: connecting needs write
 * permission. */
static int bind_closed(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(0177);
	int r = bind(fd, (const struct sockaddr *)address, sizeof(*address));

	r = r < 0 ? -errno : 0;
	(void)umask(before);
	return r;
}

/* Is @address a socket that no process listens at any more? */
static bool is_left_over(const struct sockaddr_un *address)
{
	CFS_AUTOFD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	return fd >= 0 && lstat(address->sun_path, &st) == 0 &&
	       S_ISSOCK(st.st_mode) &&
	       connect(fd, (const struct sockaddr *)address, sizeof(*address)) <
		       0 &&
	       errno == ECONNREFUSED;
}

int cfs_varlink_listen(const char *path, struct cfs_err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CFS_AUTOFD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return cfs_fail_errno(err, "make a socket");
	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return cfs_fail(err, ENAMETOOLONG,
				"%s: the path of a socket has 1 to %zu bytes",
				path, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path));
	r = bind_closed(fd, &address);
	if (r == -EADDRINUSE && is_left_over(&address)) {
		(void)unlink(path);
		r = bind_closed(fd, &address);
	}
	if (r < 0)
		return cfs_fail_code(err, r, "listen at %s", path);
	if (listen(fd, SOMAXCONN) < 0)
		return cfs_fail_errno(err, "listen at %s", path);
	return cfs_steal_fd(&fd);
}

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void wake(int signal)
{
	(void)signal;
}

/* What the process does about @signal: @handler, and only while it waits. */
static void handle(int signal, void (*handler)(int), sigset_t *blocked)
{
	const struct sigaction action = { .sa_handler = handler };

	(void)sigaction(signal, &action, NULL);
	(void)sigaddset(blocked, signal);
}

/* Blocks the signals that are waited for.  *@ret: the mask to wait with. */
static void catch_signals(sigset_t *ret)
{
	sigset_t blocked;

	(void)sigemptyset(&blocked);
	handle(SIGTERM, stop, &blocked);
	handle(SIGINT, stop, &blocked);
	handle(SIGCHLD, wake, &blocked);
	(void)sigprocmask(SIG_BLOCK, &blocked, ret);
	(void)sigdelset(ret, SIGTERM);
	(void)sigdelset(ret, SIGINT);
	(void)sigdelset(ret, SIGCHLD);
}

/* In the process of a connection: the ordinary signals again, and an end with
 * the parent. */
static void become_child(pid_t parent, const sigset_t *mask)
{
	sigset_t ignored;

	(void)sigemptyset(&ignored);
	handle(SIGTERM, SIG_DFL, &ignored);
	handle(SIGINT, SIG_DFL, &ignored);
	handle(SIGCHLD, SIG_DFL, &ignored);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
}

/* Errors of a connection, and not of the socket.  Source: accept(2). */
static bool is_transient(int code)
{
	return code == EINTR || code == EAGAIN || code == ECONNABORTED;
}

/* Errors of which others than this client are the cause. */
static bool is_shortage(int code)
{
	return code == EAGAIN || code == ENOMEM || code == ENOBUFS ||
	       code == EMFILE || code == ENFILE;
}

/* A process that serves a connection, and of whom that is. */
struct child {
	pid_t pid;
	uid_t uid;
};

/* A socket that connections come from, and what serves them. */
struct door {
	int fd;
	sigset_t mask; /* of signals, for processes that do not wait here */
	struct child children[CFS_VARLINK_CONNECTIONS_MAX];
	unsigned n;
	bool waits; /* for one of them to end, which makes room */
	struct cfs_varlink_registers registers;
};

/* Collects the children that have ended. */
static void reap(struct door *door)
{
	pid_t pid;

	while (door->n > 0 && (pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		unsigned i = 0;

		while (i < door->n && door->children[i].pid != pid)
			i++;
		if (i < door->n)
			door->children[i] = door->children[--door->n];
		door->waits = false;
	}
}

static bool is_other(uid_t uid)
{
	return uid != 0 && uid != geteuid();
}

/* Can @uid have another connection? */
static bool has_place(const struct door *door, uid_t uid)
{
	unsigned own = 0, others = 0;

	if (!is_other(uid))
		return true;
	for (unsigned i = 0; i < door->n; i++) {
		own += door->children[i].uid == uid;
		others += is_other(door->children[i].uid);
	}
	return own < CFS_VARLINK_USER_CONNECTIONS_MAX &&
	       others < CFS_VARLINK_OTHERS_CONNECTIONS_MAX;
}

/* In the process of a connection: the register of its user @uid, and no
 * other. */
static void keep_register(struct door *door, uid_t uid,
			  struct cfs_varlink_register *ret)
{
	const struct cfs_varlink_register *shared =
		cfs_varlink_registers_of(&door->registers, uid);

	ret->fd = shared->fd < 0 ? -EBADF
				 : fcntl(shared->fd, F_DUPFD_CLOEXEC, 0);
	cfs_varlink_registers_free(&door->registers);
}

/* Accepts a connection.  Returns 1 in the process that serves it, with *@ret_fd
 * and *@ret_shared; 0 in this one. */
static int accept_one(struct door *door, int *ret_fd,
		      struct cfs_varlink_register *ret_shared,
		      struct cfs_err *err)
{
	CFS_AUTOFD int client = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC);
	pid_t parent = getpid(), pid;
	uid_t uid;

	if (client < 0 && is_transient(errno))
		return 0;
	if (client < 0 && is_shortage(errno) && door->n > 0) {
		door->waits = true;
		return 0;
	}
	if (client < 0)
		return cfs_fail_errno(err, "accept a connection");
	uid = cfs_varlink_peer_get(client).uid;
	if (!has_place(door, uid))
		return 0;
	/* It is made in the process that later connections come from, too. */
	(void)cfs_varlink_registers_of(&door->registers, uid);
	pid = fork();
	/* The client finds its connection closed; those of others, and later
	 * ones, are served. */
	if (pid < 0 && is_shortage(errno))
		return 0;
	if (pid < 0)
		return cfs_fail_errno(err, "start a process");
	if (pid > 0) {
		door->children[door->n++] = (struct child){ pid, uid };
		return 0;
	}
	become_child(parent, &door->mask);
	keep_register(door, uid, ret_shared);
	*ret_fd = cfs_steal_fd(&client);
	return 1;
}

int cfs_varlink_accept_all(int *fd, int *ret_fd,
			   struct cfs_varlink_register *ret_shared,
			   struct cfs_err *err)
{
	struct pollfd poll_fd = { .fd = *fd, .events = POLLIN };
	struct door door = { .fd = *fd };
	int r = 0;

	catch_signals(&door.mask);
	while (r == 0 && !stopped) {
		bool room = door.n < CFS_VARLINK_CONNECTIONS_MAX && !door.waits;
		int n = ppoll(&poll_fd, room, NULL, &door.mask);

		if (n < 0 && errno != EINTR) {
			r = cfs_fail_errno(err, "wait for connections");
			break;
		}
		reap(&door);
		if (n > 0)
			r = accept_one(&door, ret_fd, ret_shared, err);
	}
	/* Whoever is served here is not to accept others. */
	if (r > 0)
		cfs_closep(fd);
	else
		cfs_varlink_registers_free(&door.registers);
	return r;
}
