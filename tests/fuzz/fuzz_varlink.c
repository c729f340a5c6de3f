/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A client sends any bytes and descriptors: each message is refused or has one
 * reply, which is a JSON object of the wanted members and ends with a NUL, and
 * no descriptor stays open.
 *
 * The input: how many descriptors go with the first bytes, and after how many
 * bytes others do; then what is sent.  The descriptors are of a directory; one
 * alone is of the client's socket.
 */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "repo/dir.h"
#include "repo/init.h"
#include "tests/fuzz/fuzz.h"
#include "varlink/service.h"

#define SENT_MAX 65536 /* fits into the socket */

static char path[4096];

static void remove_repository(void)
{
	struct cfs_err err;

	(void)!cfs_dir_remove(AT_FDCWD, path, CFS_DIR_DEPTH_MAX, &err);
}

static void make_repository(void)
{
	const struct cfs_init_params params = {
		.meta = { .alg = CFS_ALG_SHA256, .erofs_default = 1 },
	};
	const char *tmp = getenv("TMPDIR");
	struct cfs_err err;

	if (!tmp) {
		fputs("TMPDIR is not set\n", stderr);
		exit(EXIT_FAILURE);
	}
	snprintf(path, sizeof(path), "%s/varlink-XXXXXX", tmp);
	assert(mkdtemp(path));
	assert(atexit(remove_repository) == 0);
	assert(cfs_repo_init(path, &params, &err) == CFS_INIT_CREATED);
}

/* A service for somebody who has the one repository open, and owns no other. */
static void start(struct cfs_varlink_service *service)
{
	static const struct cfs_trust nothing;
	const struct cfs_varlink_handle *handle;
	struct cfs_err err;

	service->rules.trust = &nothing;
	service->peer.uid = geteuid();
	assert(cfs_varlink_handles_open(&service->handles, path,
					CFS_ACCESS_NO_SYNC, &service->peer,
					&handle, &err) == 0);
	service->peer.uid = 4000000000;
}

static unsigned count_open(void)
{
	CFS_AUTODIR DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	assert(dir);
	while (readdir(dir))
		n++;
	return n;
}

static void send_bytes(int fd, const uint8_t *data, size_t size, unsigned n)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(255 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)data, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c = &control.header;
	CFS_AUTOFD int dir = open(path, O_PATH | O_CLOEXEC);
	int what = n == 1 ? fd : dir;

	if (n > CFS_VARLINK_FDS_MAX)
		n = CFS_VARLINK_FDS_MAX;
	if (n > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		for (unsigned i = 0; i < n; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(fd), &what,
			       sizeof(fd));
	}
	if (size > 0)
		assert(sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)size);
}

/* Does @message make directories, or read what is anywhere? */
static bool goes_elsewhere(struct cfs_bytes text)
{
	static struct cfs_json_node nodes[CFS_VARLINK_VALUES_MAX];
	CFS_AUTOREQUEST struct cfs_varlink_request request = { 0 };
	struct cfs_json doc;
	struct cfs_err err;

	return cfs_json_parse(text, nodes, CFS_VARLINK_VALUES_MAX, &doc,
			      &err) == 0 &&
	       cfs_varlink_request_read(&doc, &request, &err) == 0 &&
	       (strstr(request.method, "InitRepository") ||
		strstr(request.method, "EnsureRepository") ||
		strstr(request.method, "Pull"));
}

static void check_reply(const struct cfs_varlink_call *call)
{
	static struct cfs_json_node nodes[1u << 16];
	const struct cfs_json_node *parameters;
	struct cfs_json doc;
	struct cfs_err err;
	struct cfs_bytes text = cfs_buf_bytes(&call->text);

	assert(text.data[--text.len] == '\0');
	assert(!memchr(text.data, '\0', text.len));
	assert(cfs_json_parse(text, nodes, CFS_ARRAY_SIZE(nodes), &doc, &err) ==
	       0);
	parameters = cfs_json_get(&doc, doc.nodes, "parameters");
	assert(parameters && parameters->kind == CFS_JSON_OBJECT);
}

/* Answers one message.  Returns false if the connection would be closed. */
static bool answer(struct cfs_varlink_service *service,
		   const struct cfs_varlink_message *message)
{
	CFS_AUTOVARLINKCALL struct cfs_varlink_call call = { 0 };
	struct cfs_err err;
	int r;

	if (goes_elsewhere(message->text))
		return true;
	r = cfs_varlink_dispatch(service, message, &call, &err);
	assert(r == 0 || r == -EBADMSG || r == -E2BIG);
	if (r == 0 && call.text.len > 0)
		check_reply(&call);
	return r == 0;
}

static void serve(int fd)
{
	CFS_AUTOVARLINKSERVICE struct cfs_varlink_service service = { 0 };
	CFS_AUTOWIRE struct cfs_varlink_wire wire = CFS_VARLINK_WIRE_INIT(fd);
	struct cfs_varlink_message message;
	struct cfs_err err;
	int r;

	start(&service);
	do
		r = cfs_varlink_receive(&wire, &message, &err);
	while (r == 1 && answer(&service, &message));
	assert(r == 1 || r == 0 || r == -EBADMSG || r == -EMSGSIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned before, first;
	int pair[2];

	if (size < 2 || size > SENT_MAX)
		return 0;
	if (!path[0])
		make_repository();
	before = count_open();
	first = data[1] < size - 2 ? data[1] : (unsigned)(size - 2);
	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	send_bytes(pair[1], data + 2, first, data[0]);
	send_bytes(pair[1], data + 2 + first, size - 2 - first, data[0] % 4);
	close(pair[1]);
	serve(pair[0]);
	assert(count_open() == before);
	return 0;
}
