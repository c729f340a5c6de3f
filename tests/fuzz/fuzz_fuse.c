/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A server whose image has some bytes changed gets any requests, over a socket
 * pair: each is answered at most once, with a message as long as it says.
 *
 * The input: which image; the number of changes, and for each an offset and a
 * byte; then requests: operation, inode, length and the rest of the message.
 */
#include <assert.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "erofs/writer.h"
#include "fsverity/merkle.h"
#include "fuse/server.h"
#include "tests/fuzz/fuzz.h"
#include "tree/dump/dump.h"

/* libfuse trusts the kernel not to send less than an operation needs: what
 * follows a short message is zeros. */
#define ROOM (1u << 16)

static const char content[] = "external file with more than sixty-four bytes, "
			      "so that it is an object\n";

struct cursor {
	const uint8_t *at;
	size_t left;
};

static uint32_t take(struct cursor *c, unsigned bytes)
{
	uint32_t ret = 0;

	for (unsigned i = 0; i < bytes && c->left > 0; i++, c->left--)
		ret |= (uint32_t)*c->at++ << 8 * i;
	return ret;
}

/* A directory with the one object; -EBADF: there is no place for it. */
static int make_objects(const struct cfs_digest *digest)
{
	char path[CFS_OBJECT_PATH_MAX], parent[4096];
	const char *tmp = getenv("TMPDIR");
	int dir, fd;

	if (!tmp)
		return -EBADF;
	snprintf(parent, sizeof(parent), "%s/fuse-XXXXXX", tmp);
	if (!mkdtemp(parent))
		return -EBADF;
	dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cfs_digest_to_path(digest, path);
	path[2] = '\0';
	(void)!mkdirat(dir, path, 0755);
	path[2] = '/';
	fd = openat(dir, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert(write(fd, content, sizeof(content) - 1) == sizeof(content) - 1);
	close(fd);
	return dir;
}

static struct cfs_buf images[3];
static int objects = -EBADF;

static void make_images(void)
{
	struct cfs_err err = { 0 };
	struct cfs_buf dump = { 0 };
	struct cfs_digest digest;
	char path[CFS_OBJECT_PATH_MAX];

	assert(cfs_verity_digest_bytes(
		       CFS_ALG_SHA256,
		       (struct cfs_bytes){ (const uint8_t *)content,
					   sizeof(content) - 1 },
		       &digest, &err) == 0);
	cfs_digest_to_path(&digest, path);
	cfs_buf_adds(&dump, "/ 0 40755 3 0 0 0 1.0 - - -\n"
			    "/a 3 100644 1 0 0 0 1.0 - abc - user.x=1 "
			    "trusted.overlay.y=2 user.overlay.z=3\n");
	cfs_buf_addf(&dump, "/b %zu 100644 1 0 0 0 1.0 %s - %.2s%s\n",
		     sizeof(content) - 1, path, path, path + 3);
	cfs_buf_adds(&dump, "/c 1 120777 1 0 0 0 1.0 a - -\n"
			    "/d 0 40755 2 0 0 0 1.0 - - -\n"
			    "/d/w 0 20644 1 0 0 0 1.0 - - -\n"
			    "/d/z 0 20644 1 0 0 259 1.0 - - -\n");
	for (unsigned i = 0; i < 300; i++)
		cfs_buf_addf(&dump, "/n%03u 0 100644 1 0 0 0 1.0 - - -\n", i);
	for (unsigned v = 0; v < 3; v++) {
		struct cfs_tree *tree = NULL;

		assert(cfs_dump_read(cfs_buf_bytes(&dump), 0, &tree, &err) ==
		       0);
		assert(cfs_erofs_write(tree, v, 0, &images[v], &err) == 0);
		cfs_tree_free(tree);
	}
	cfs_buf_free(&dump);
	objects = make_objects(&digest);
}

/* Checks a reply before it goes into the socket. */
static ssize_t send_reply(int fd, struct iovec *iov, int n, void *userdata)
{
	struct fuse_out_header head;
	size_t total = 0;

	(void)userdata;
	assert(iov[0].iov_len >= sizeof(head));
	memcpy(&head, iov[0].iov_base, sizeof(head));
	for (int i = 0; i < n; i++)
		total += iov[i].iov_len;
	assert(head.len == total);
	assert(head.error <= 0 && head.error > -1000);
	return writev(fd, iov, n);
}

static ssize_t receive(int fd, void *buf, size_t len, void *userdata)
{
	(void)userdata;
	return read(fd, buf, len);
}

/* The replies that arrived. */
static unsigned count_replies(int fd)
{
	static char reply[1u << 21];
	unsigned n = 0;

	while (recv(fd, reply, sizeof(reply), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

static void request(struct fuse_session *session, int peer, uint32_t opcode,
		    uint64_t nid, const void *body, size_t len)
{
	static char message[ROOM];
	struct fuse_in_header head = {
		.len = (uint32_t)(sizeof(head) + len),
		.opcode = opcode,
		.unique = 2,
		.nodeid = nid,
	};
	struct fuse_buf buf = { .mem = message };

	memset(message, 0, sizeof(message));
	memcpy(message, &head, sizeof(head));
	if (len > 0)
		memcpy(message + sizeof(head), body, len);
	buf.size = head.len;
	fuse_session_process_buf(session, &buf);
	assert(count_replies(peer) <= 1);
}

static void begin(struct fuse_session *session, int peer)
{
	struct fuse_init_in init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = 131072,
		.flags = UINT32_MAX & ~(uint32_t)FUSE_INIT_EXT,
	};

	request(session, peer, FUSE_INIT, 0, &init, sizeof(init));
}

/* Messages that mean something only together with others, which libfuse would
 * wait for or not release: a request to be interrupted, the data that a server
 * has asked for. */
static bool is_between_others(uint32_t opcode)
{
	return opcode == FUSE_INTERRUPT || opcode == FUSE_NOTIFY_REPLY ||
	       opcode == FUSE_INIT || opcode == FUSE_DESTROY;
}

static void requests(struct fuse_session *session, int peer, struct cursor *c)
{
	while (c->left > 0) {
		uint32_t opcode = take(c, 1) % 56;
		uint64_t nid = take(c, 2);
		size_t len = take(c, 1);

		if (is_between_others(opcode))
			continue;
		if (len > c->left)
			len = c->left;
		request(session, peer, opcode, nid, c->at, len);
		c->at += len;
		c->left -= len;
	}
}

static void run(struct cfs_bytes image, enum cfs_fuse_mode mode,
		struct cursor *c)
{
	static const struct fuse_custom_io io = { .writev = send_reply,
						  .read = receive };
	static char *argv[] = { (char *)(uintptr_t) "fuzz" };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct cfs_fuse_params params = { .image = image,
					  .objects_fd = objects,
					  .mode = mode };
	struct fuse_session *session;
	struct cfs_fuse_server server;
	struct cfs_err err = { 0 };
	int ends[2];

	if (cfs_fuse_server_init(&server, &params, &err) < 0) {
		cfs_fuse_server_free(&server);
		return;
	}
	server.mode = mode;
	session = fuse_session_new(&args, &cfs_fuse_ops, sizeof(cfs_fuse_ops),
				   &server);
	fuse_opt_free_args(&args);
	assert(session);
	assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
	assert(fuse_session_custom_io(session, &io, sizeof(io), ends[0]) == 0);
	begin(session, ends[1]);
	assert(server.is_used);
	requests(session, ends[1], c);
	fuse_session_destroy(session);
	close(ends[1]);
	cfs_fuse_server_free(&server);
}

static void quiet(enum fuse_log_level level, const char *format, va_list ap)
{
	(void)level;
	(void)format;
	(void)ap;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = { data, size };
	const struct cfs_buf *base;
	unsigned choice = take(&c, 1), changes;
	uint8_t *image;

	if (images[0].len == 0) {
		fuse_set_log_func(quiet);
		make_images();
	}
	base = &images[choice % 3];
	image = malloc(base->len);
	assert(image);
	memcpy(image, base->data, base->len);
	for (changes = take(&c, 1) % 32; changes > 0; changes--) {
		size_t off = take(&c, 3) % base->len;

		image[off] = (uint8_t)take(&c, 1);
	}
	run((struct cfs_bytes){ image, base->len },
	    CFS_FUSE_PASSTHROUGH + choice / 3 % 3, &c);
	free(image);
	return 0;
}
