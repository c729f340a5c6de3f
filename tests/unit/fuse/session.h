/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A server whose kernel is the test: requests go to its handlers, and replies
 * come back through a socket pair.
 */
#ifndef CFS_TESTS_UNIT_FUSE_SESSION_H
#define CFS_TESTS_UNIT_FUSE_SESSION_H

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "erofs/writer.h"
#include "fsverity/merkle.h"
#include "fuse/server.h"
#include "tests/test.h"
#include "tests/unit/repo/repo.h"
#include "tree/dump/dump.h"

struct kernel {
	struct cfs_buf image;
	struct cfs_fuse_params params;
	struct cfs_fuse_server server;
	struct fuse_session *session;
	char objects[4096]; /* the path of the directory */
	int peer;
	char lines[4096]; /* all that was reported, one a line */
	char reply[1u << 20];
	size_t len;
};

static inline ssize_t kernel_writev(int fd, struct iovec *iov, int n,
				    void *userdata)
{
	(void)userdata;
	return writev(fd, iov, n);
}

static inline ssize_t kernel_read(int fd, void *buf, size_t len, void *userdata)
{
	(void)userdata;
	return read(fd, buf, len);
}

static inline void kernel_report(void *ctx, const char *line)
{
	struct kernel *k = ctx;
	size_t at = strlen(k->lines);

	snprintf(k->lines + at, sizeof(k->lines) - at, "%s\n", line);
}

/*
 * Sends a request.  Returns the error of the reply, 0 or negative errno; the
 * rest of the reply is at k->reply, of k->len bytes.
 */
static inline int ask(struct kernel *k, uint32_t opcode, uint64_t nid,
		      const void *body, size_t len)
{
	static char message[1u << 16];
	struct fuse_in_header head = {
		.len = (uint32_t)(sizeof(head) + len),
		.opcode = opcode,
		.unique = 2,
		.nodeid = nid,
	};
	struct fuse_buf buf = { .mem = message, .size = head.len };
	struct fuse_out_header out;
	ssize_t n;

	memset(message, 0, sizeof(message));
	memcpy(message, &head, sizeof(head));
	if (len > 0)
		memcpy(message + sizeof(head), body, len);
	fuse_session_process_buf(k->session, &buf);
	n = recv(k->peer, k->reply, sizeof(k->reply), MSG_DONTWAIT);
	CHECK(n >= (ssize_t)sizeof(out));
	memcpy(&out, k->reply, sizeof(out));
	CHECK_EQ(out.len, n);
	CHECK_EQ(out.unique, head.unique);
	k->len = (size_t)n - sizeof(out);
	memmove(k->reply, k->reply + sizeof(out), k->len);
	return out.error;
}

/* Has the server answer INIT of a kernel that can do all but @missing
 * (FUSE_*, of the first 32 flags).  Returns what it wants. */
static inline struct fuse_init_out shake_hands(struct kernel *k,
					       uint32_t missing)
{
	const struct fuse_init_in init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = 131072,
		.flags = ~missing,
		/* FUSE_PASSTHROUGH, which headers before Linux 6.9 lack */
		.flags2 = 1u << (37 - 32),
	};
	struct fuse_init_out out = { 0 };

	CHECK_EQ(ask(k, FUSE_INIT, 0, &init, sizeof(init)), 0);
	CHECK(k->len <= sizeof(out));
	memcpy(&out, k->reply, k->len);
	return out;
}

/* A session that waits for INIT. */
static inline void open_session(struct kernel *k)
{
	static const struct fuse_custom_io io = { .writev = kernel_writev,
						  .read = kernel_read };
	static char *argv[] = { (char *)(uintptr_t) "test" };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct cfs_err err = { 0 };
	int ends[2], size = 1 << 21;

	k->params.image = cfs_buf_bytes(&k->image);
	k->params.report = kernel_report;
	k->params.ctx = k;
	CHECK_EQ(cfs_fuse_server_init(&k->server, &k->params, &err), 0);
	k->session = fuse_session_new(&args, &cfs_fuse_ops,
				      sizeof(cfs_fuse_ops), &k->server);
	fuse_opt_free_args(&args);
	CHECK(k->session);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends),
		 0);
	CHECK_EQ(
		setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
		0);
	CHECK_EQ(fuse_session_custom_io(k->session, &io, sizeof(io), ends[0]),
		 0);
	k->peer = ends[1];
}

/* Adds @text to the objects.  Writes its path below them to @path. */
static inline void add_object(const struct kernel *k, const char *text,
			      char path[static CFS_OBJECT_PATH_MAX])
{
	CFS_AUTOFREE char *dir = NULL;
	struct cfs_digest digest;
	struct cfs_err err = { 0 };

	CHECK_EQ(cfs_verity_digest_bytes(
			 CFS_ALG_SHA256,
			 (struct cfs_bytes){ (const uint8_t *)text,
					     strlen(text) },
			 &digest, &err),
		 0);
	cfs_digest_to_path(&digest, path);
	CHECK(asprintf(&dir, "%s/%.2s", k->objects, path) > 0);
	(void)mkdir(dir, 0755);
	put(k->objects, path, text);
}

/* A server of the image with the files of @dump, an empty directory of objects,
 * and nothing else set.  The caller sets what it likes of k->params, and opens
 * the session. */
static inline struct kernel *new_kernel(const char *dump, unsigned version)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct kernel *k = calloc(1, sizeof(*k));
	struct cfs_err err = { 0 };

	CHECK(k);
	CHECK_EQ(cfs_dump_read((struct cfs_bytes){ (const uint8_t *)dump,
						   strlen(dump) },
			       0, &tree, &err),
		 0);
	CHECK_EQ(cfs_erofs_write(tree, version, 0, &k->image, &err), 0);
	snprintf(k->objects, sizeof(k->objects), "%s", fresh_dir());
	k->params.objects_fd = open_dir(k->objects);
	k->params.upper_fd = k->params.work_fd = -EBADF;
	k->params.mode = CFS_FUSE_PLAIN;
	return k;
}

/* new_kernel() in @mode, after INIT. */
static inline struct kernel *start_kernel(const char *dump, unsigned version,
					  enum cfs_fuse_mode mode)
{
	struct kernel *k = new_kernel(dump, version);

	k->params.mode = mode;
	open_session(k);
	(void)shake_hands(k, 0);
	k->server.mode = mode;
	return k;
}

static inline void stop_kernel(struct kernel *k)
{
	fuse_session_destroy(k->session);
	cfs_closep(&k->peer);
	cfs_fuse_server_free(&k->server);
	cfs_closep(&k->params.objects_fd);
	cfs_buf_free(&k->image);
	free(k);
}

/* The number of @name in directory @dir, or negative errno. */
static inline int64_t ask_lookup(struct kernel *k, uint64_t dir,
				 const char *name, struct fuse_entry_out *ret)
{
	int r = ask(k, FUSE_LOOKUP, dir, name, strlen(name) + 1);

	if (r < 0)
		return r;
	CHECK_EQ(k->len, sizeof(*ret));
	memcpy(ret, k->reply, sizeof(*ret));
	return (int64_t)ret->nodeid;
}

/* The number of @name in the root directory, which has it. */
static inline uint64_t number_of(struct kernel *k, const char *name)
{
	struct fuse_entry_out entry;
	int64_t number = ask_lookup(k, FUSE_ROOT_ID, name, &entry);

	CHECK(number > 0);
	return (uint64_t)number;
}

/* Reads @size bytes of file @nid from @off on. */
static inline int ask_read(struct kernel *k, uint64_t nid, uint64_t off,
			   uint32_t size)
{
	const struct fuse_read_in in = { .offset = off, .size = size };

	return ask(k, FUSE_READ, nid, &in, sizeof(in));
}

static inline int got(const struct kernel *k, const char *text)
{
	return k->len == strlen(text) && memcmp(k->reply, text, k->len) == 0;
}

#endif
