/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A skopeo for tests: the test program itself, which $TMPDIR/bin/skopeo is a
 * link to.  It serves the layout $FAKE_LAYOUT, every tag of which is a file
 * $FAKE_LAYOUT/tags/TAG, and misbehaves as $FAKE says.
 */
#ifndef CFS_TESTS_FAKE_SKOPEO_H
#define CFS_TESTS_FAKE_SKOPEO_H

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/unit/oci/origin/layout.h"

static inline bool fakes(const char *what)
{
	const char *fake = getenv("FAKE");

	return fake && strcmp(fake, what) == 0;
}

/* Sends @reply, with @n times the descriptor @fd. */
static inline void fake_send(const char *reply, int fd, size_t n)
{
	char control[CMSG_SPACE(4 * sizeof(int))] = "";
	struct iovec data = { (void *)(uintptr_t)reply, strlen(reply) };
	struct msghdr msg = { .msg_iov = &data, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (n > 0) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		for (size_t i = 0; i < n; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &fd,
			       sizeof(int));
	}
	(void)sendmsg(3, &msg, MSG_NOSIGNAL);
}

static inline void fake_error(const char *words)
{
	fake_send(text("{\"success\":false,\"value\":null,\"pipeid\":0,"
		       "\"error\":\"%s\"}",
		       words),
		  -1, 0);
}

/* Writes the blob to a pipe, by a process of its own. */
static inline pid_t fake_blob(const char *path, int *ret_write)
{
	CFS_AUTOBUF struct cfs_buf blob = { 0 };
	struct cfs_err e;
	int ends[2];
	pid_t pid;

	if (cfs_read_file(AT_FDCWD, path, 1 << 24, &blob, &e) != 1) {
		fake_error("no such blob");
		return -1;
	}
	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		if (fakes("short"))
			blob.len /= 2;
		_exit(cfs_write_full(ends[1], blob.data, blob.len) < 0);
	}
	fake_send(text("{\"success\":true,\"value\":%zu,\"pipeid\":7,"
		       "\"error\":\"\"}",
		       blob.len),
		  ends[0],
		  fakes("no-pipe")     ? 0
		  : fakes("two-pipes") ? 2
				       : 1);
	close(ends[0]);
	*ret_write = ends[1];
	return pid;
}

static inline void fake_serve(void)
{
	static char request[1 << 16];
	int pipe_end = -1;
	pid_t pid = -1;
	ssize_t n;

	while ((n = recv(3, request, sizeof(request) - 1, 0)) > 0) {
		char *hex = strstr(request, "sha256:");

		request[n] = '\0';
		if (fakes("garbage")) {
			fake_send("<html>", -1, 0);
		} else if (fakes("ends")) {
			fputs("time=\"x\" level=fatal msg=\"it \\\"broke\\\"\"\n",
			      stderr);
			exit(1);
		} else if (strstr(request, "Initialize")) {
			fake_send(fakes("version") ? "{\"success\":true,"
						     "\"value\":\"1.0.0\"}"
						   : "{\"success\":true,"
						     "\"value\":\"0.2.3\"}",
				  -1, 0);
		} else if (strstr(request, "OpenImage")) {
			if (fakes("policy"))
				fake_error("rejected by policy");
			else
				fake_send("{\"success\":true,\"value\":1}", -1,
					  0);
		} else if (strstr(request, "GetBlob") && hex) {
			pid = fake_blob(text("%s/blobs/sha256/%.64s",
					     getenv("FAKE_LAYOUT"), hex + 7),
					&pipe_end);
		} else if (strstr(request, "FinishPipe") && pid > 0) {
			(void)waitpid(pid, NULL, 0);
			close(pipe_end);
			if (fakes("short"))
				fake_error("expected more bytes");
			else if (fakes("dies"))
				exit(1);
			else
				fake_send("{\"success\":true}", -1, 0);
		} else {
			fake_error("what?");
		}
	}
}

/* skopeo inspect --raw ... docker://NAME:TAG or @DIGEST */
static inline void fake_inspect(const char *reference)
{
	const char *dir = getenv("FAKE_LAYOUT");
	const char *at = strstr(reference, "@sha256:");
	const char *tag = strrchr(reference, ':');
	CFS_AUTOBUF struct cfs_buf content = { 0 };
	struct cfs_err e;
	int r;

	tag = tag && !strchr(tag, '/') ? tag + 1 : "latest";
	r = cfs_read_file(AT_FDCWD,
			  at ? text("%s/blobs/sha256/%s", dir, at + 8)
			     : text("%s/tags/%s", dir, tag),
			  1 << 24, &content, &e);
	if (r != 1) {
		fputs("level=debug msg=\"no\"\n"
		      "time=\"x\" level=fatal msg=\"manifest unknown\"\n",
		      stderr);
		exit(1);
	}
	exit(cfs_write_full(1, content.data, content.len) < 0);
}

static void fake_main(int argc, char **argv)
{
	FILE *calls;

	if (argc < 2 || strcmp(argv[0], "skopeo") != 0)
		return;
	calls = fopen(text("%s/calls", getenv("FAKE_LAYOUT")), "a");
	for (int i = 1; i < argc; i++)
		fprintf(calls, "%s%c", argv[i], i + 1 < argc ? ' ' : '\n');
	fclose(calls);
	if (strcmp(argv[1], "experimental-image-proxy") == 0)
		fake_serve();
	else if (strcmp(argv[1], "inspect") == 0)
		fake_inspect(argv[argc - 1]);
	else if (strcmp(argv[1], "list-tags") == 0 && fakes("no-list"))
		exit(1);
	else if (strcmp(argv[1], "list-tags") == 0)
		puts("{\"Tags\":[\"one\",\"two\"]}");
	exit(0);
}

/* Runs before the tests do.  Not as a constructor: with -flto, gcc calls those
 * without arguments. */
__attribute__((section(".init_array"),
	       used)) static void (*fake_start)(int, char **) = fake_main;

/* A layout that is served; $FAKE is @fake. */
static inline char *fake_layout(const char *name, const char *fake)
{
	char *dir = new_layout(name);
	char *bin = text("%s/bin", getenv("TMPDIR"));

	if (mkdir(bin, 0755) == 0)
		CHECK_EQ(symlink(keep(realpath("/proc/self/exe", NULL)),
				 text("%s/skopeo", bin)),
			 0);
	CHECK_EQ(mkdir(text("%s/tags", dir), 0755), 0);
	CHECK_EQ(setenv("PATH", text("%s:/usr/bin:/bin", bin), 1), 0);
	CHECK_EQ(setenv("FAKE_LAYOUT", dir, 1), 0);
	CHECK_EQ(setenv("FAKE", fake, 1), 0);
	return dir;
}

/* How often skopeo was called with a line that begins with @start. */
static inline unsigned fake_calls(const char *dir, const char *start)
{
	FILE *calls = fopen(text("%s/calls", dir), "r");
	char line[4096];
	unsigned n = 0;

	while (calls && fgets(line, sizeof(line), calls))
		n += strncmp(line, start, strlen(start)) == 0;
	if (calls)
		fclose(calls);
	return n;
}

#endif
