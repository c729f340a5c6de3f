/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/proxy.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "base/json.h"

#define PROTOCOL "0.2."
/* Bytes of a message; source: proxy.go, maxMsgSize is half of it. */
#define MESSAGE_MAX (64u << 10)
#define NODES_MAX   64
#define WORDS_MAX   4096
/* A number that JSON of the other side can hold. */
#define NUMBER_MAX (UINT64_C(1) << 53)
/* The size of a pipe, in bytes: large enough for both sides to work at once. */
#define PIPE_SIZE (1 << 20)

struct cfs_skopeo_proxy {
	struct cfs_skopeo_proxy *next;
	struct cfs_skopeo_pool *pool;
	struct cfs_child child;
	int sock;
	char *image;	   /* owned; what is open, or NULL */
	uint64_t image_id; /* the process' own number for it */
	bool is_busy;	   /* sends a blob; under the pool's lock */
	bool is_sending;   /* the answer after the last byte is due */
	int failed;	   /* negative errno; it is of no more use */
	char message[MESSAGE_MAX];
};

struct cfs_skopeo_pool {
	const struct cfs_skopeo_options *options;
	pthread_mutex_t lock;
	struct cfs_skopeo_proxy *all; /* owned */
};

struct reply {
	struct cfs_json json;
	struct cfs_json_node nodes[NODES_MAX];
	const struct cfs_json_node *value;
	uint64_t pipe;
	int fd; /* owned */
};

int cfs_skopeo_pool_new(const struct cfs_skopeo_options *options,
			struct cfs_skopeo_pool **ret, struct cfs_err *err)
{
	struct cfs_skopeo_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return cfs_no_memory(err);
	pool->options = options;
	(void)pthread_mutex_init(&pool->lock, NULL);
	*ret = pool;
	return 0;
}

/* A process ends when its socket is closed. */
static void proxy_free(struct cfs_skopeo_proxy *p)
{
	cfs_closep(&p->sock);
	cfs_child_end(&p->child);
	free(p->image);
	free(p);
}

void cfs_skopeo_pool_free(struct cfs_skopeo_pool *pool)
{
	struct cfs_skopeo_proxy *p, *next;

	if (!pool)
		return;
	/* All are told to end before one is waited for. */
	for (p = pool->all; p; p = p->next)
		cfs_closep(&p->sock);
	for (p = pool->all; p; p = next) {
		next = p->next;
		proxy_free(p);
	}
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool);
}

/* The process broke the protocol: it is not used again. */
static int broken(struct cfs_skopeo_proxy *p, const char *why,
		  struct cfs_err *err)
{
	p->failed = -EPROTO;
	cfs_closep(&p->sock);
	cfs_child_end(&p->child);
	return cfs_fail(err, EPROTO, "skopeo experimental-image-proxy: %s",
			why);
}

/* The process has ended.  What it said on its standard error tells why. */
static int gone(struct cfs_skopeo_proxy *p, struct cfs_err *err)
{
	int r = p->child.pid > 0 ? cfs_skopeo_wait(&p->child, err) : 0;

	cfs_closep(&p->sock);
	p->failed = -EIO;
	return r < 0 ? r
		     : cfs_fail(err, EIO,
				"skopeo experimental-image-proxy ended early");
}

static int ask(struct cfs_skopeo_proxy *p, const struct cfs_buf *request,
	       struct cfs_err *err)
{
	ssize_t n;
	int r = cfs_buf_check(request, err);

	if (r < 0)
		return r;
	do
		n = send(p->sock, request->data, request->len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	return errno == EPIPE || errno == ECONNRESET
		       ? gone(p, err)
		       : broken(p, strerror(errno), err);
}

/* Returns the descriptor that came with @msg, or -EBADF.  There is to be one at
 * most: of more, all but the last are closed. */
static int take_fd(struct msghdr *msg)
{
	int fd = -EBADF;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			cfs_closep(&fd);
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			       sizeof(int));
		}
	}
	return fd;
}

static ssize_t receive(struct cfs_skopeo_proxy *p, int *ret_fd)
{
	union {
		char room[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec data = { p->message, sizeof(p->message) };
	struct msghdr msg = { .msg_iov = &data,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n;

	do
		n = recvmsg(p->sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*ret_fd = take_fd(&msg);
	return msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? -EMSGSIZE : n;
}

static int parse(struct cfs_skopeo_proxy *p, size_t len, struct reply *reply,
		 struct cfs_err *err)
{
	const struct cfs_bytes text = { (const uint8_t *)p->message, len };
	const struct cfs_json *json = &reply->json;
	const struct cfs_json_node *root, *success;
	char words[WORDS_MAX];

	if (cfs_json_parse(text, reply->nodes, NODES_MAX, &reply->json, err) <
	    0)
		return broken(p, "an answer is not JSON", err);
	root = &json->nodes[0];
	success = cfs_json_get(json, root, "success");
	reply->value = cfs_json_get(json, root, "value");
	if (!cfs_json_u64(cfs_json_get(json, root, "pipeid"), &reply->pipe))
		reply->pipe = 0;
	if (success && success->kind == CFS_JSON_TRUE)
		return 0;
	if (!cfs_json_string(cfs_json_get(json, root, "error"), words,
			     sizeof(words)))
		strcpy(words, "it fails without saying why");
	return cfs_fail(err, EIO, "skopeo: %s", words);
}

/* Waits for an answer; a descriptor in it belongs to the caller, also if this
 * fails. */
static int hear(struct cfs_skopeo_proxy *p, struct reply *reply,
		struct cfs_err *err)
{
	ssize_t n;

	reply->fd = -EBADF;
	n = receive(p, &reply->fd);
	if (n == 0 || n == -ECONNRESET)
		return gone(p, err);
	if (n < 0)
		return broken(p, strerror((int)-n), err);
	return parse(p, (size_t)n, reply, err);
}

static int call(struct cfs_skopeo_proxy *p, const struct cfs_buf *request,
		struct reply *reply, struct cfs_err *err)
{
	int r = ask(p, request, err);

	reply->fd = -EBADF;
	return r < 0 ? r : hear(p, reply, err);
}

/* A call that brings no descriptor. */
static int call_plain(struct cfs_skopeo_proxy *p, const struct cfs_buf *request,
		      struct reply *reply, struct cfs_err *err)
{
	int r = call(p, request, reply, err);

	cfs_closep(&reply->fd);
	return r;
}

static int initialize(struct cfs_skopeo_proxy *p, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf request = { 0 };
	struct reply reply;
	char version[32];
	int r;

	cfs_buf_adds(&request, "{\"method\":\"Initialize\",\"args\":[]}");
	r = call_plain(p, &request, &reply, err);
	if (r < 0)
		return r;
	if (!cfs_json_string(reply.value, version, sizeof(version)) ||
	    strncmp(version, PROTOCOL, strlen(PROTOCOL)) != 0)
		return broken(p, "its protocol is not one of 0.2", err);
	return 0;
}

static int start(struct cfs_skopeo_proxy *p, struct cfs_err *err)
{
	static const char *const command[] = { "experimental-image-proxy",
					       "--sockfd", "3", NULL };
	struct cfs_skopeo_args args;
	CFS_AUTOFD int theirs = -EBADF;
	int ends[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return cfs_fail_errno(err, "make a pair of sockets");
	p->sock = ends[0];
	theirs = ends[1];
	cfs_skopeo_args_make(command, p->pool->options, NULL, &args);
	r = cfs_skopeo_start(&args, -EBADF, theirs, &p->child, err);
	cfs_closep(&theirs);
	return r < 0 ? r : initialize(p, err);
}

static int open_image(struct cfs_skopeo_proxy *p, const char *image,
		      struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf request = { 0 };
	struct reply reply;
	int r;

	if (p->image && strcmp(p->image, image) == 0)
		return 0;
	free(p->image);
	p->image = NULL;
	cfs_buf_adds(&request, "{\"method\":\"OpenImage\",\"args\":[");
	cfs_json_add_string(&request, image);
	cfs_buf_adds(&request, "]}");
	r = call_plain(p, &request, &reply, err);
	if (r < 0)
		return r;
	if (!cfs_json_u64(reply.value, &p->image_id))
		return broken(p, "an image without a number", err);
	p->image = strdup(image);
	return p->image ? 0 : cfs_no_memory(err);
}

static int ask_finish(struct cfs_skopeo_proxy *p, uint64_t pipe,
		      struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf request = { 0 };

	cfs_buf_addf(&request, "{\"method\":\"FinishPipe\",\"args\":[%llu]}",
		     (unsigned long long)pipe);
	return ask(p, &request, err);
}

/* Begins to send the blob @id; *@ret_size is the size that the answer has, if
 * any. */
static int get_blob(struct cfs_skopeo_proxy *p, const struct cfs_oci_id *id,
		    uint64_t size, int *ret_fd, uint64_t *ret_size,
		    struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf request = { 0 };
	CFS_AUTOFD int fd = -EBADF;
	struct reply reply;
	int r;

	if (size > NUMBER_MAX)
		return cfs_fail(err, EFBIG,
				"a blob of %llu bytes is not supported",
				(unsigned long long)size);
	cfs_buf_addf(&request,
		     "{\"method\":\"GetBlob\",\"args\":[%llu,\"%s\",%llu]}",
		     (unsigned long long)p->image_id, id->text,
		     (unsigned long long)size);
	r = call(p, &request, &reply, err);
	fd = reply.fd;
	if (r < 0)
		return r;
	if (fd < 0)
		return broken(p, "a blob without a pipe", err);
	if (!cfs_json_u64(reply.value, ret_size))
		*ret_size = CFS_OCI_SIZE_ANY;
	/* Only this makes it close the pipe after the last byte. */
	r = ask_finish(p, reply.pipe, err);
	if (r < 0)
		return r;
	p->is_sending = true;
	*ret_fd = cfs_steal_fd(&fd);
	return 0;
}

/* Finds the size of a blob of which nothing is known: it is asked for, and not
 * taken. */
static int ask_size(struct cfs_skopeo_proxy *p, const struct cfs_oci_id *id,
		    uint64_t *ret, struct cfs_err *err)
{
	struct cfs_err ignored;
	struct reply reply;
	int fd = -EBADF, r = get_blob(p, id, 0, &fd, ret, err);

	if (r < 0)
		return r;
	cfs_closep(&fd);
	p->is_sending = false;
	r = hear(p, &reply, &ignored);
	cfs_closep(&reply.fd);
	if (r < 0 && p->failed < 0) {
		*err = ignored;
		return r;
	}
	if (*ret == CFS_OCI_SIZE_ANY)
		return cfs_fail(err, EIO,
				"skopeo does not know the size of "
				"blob %s",
				id->text);
	return 0;
}

static int open_blob(struct cfs_skopeo_proxy *p, const char *image,
		     const struct cfs_oci_id *id, uint64_t size,
		     struct cfs_oci_blob *ret, struct cfs_err *err)
{
	uint64_t told;
	int fd, r = 0;

	if (p->sock < 0)
		r = start(p, err);
	if (r < 0)
		p->failed = r;
	if (r == 0)
		r = open_image(p, image, err);
	if (r == 0 && size == CFS_OCI_SIZE_ANY)
		r = ask_size(p, id, &size, err);
	if (r == 0)
		r = get_blob(p, id, size, &fd, &told, err);
	if (r < 0)
		return r;
	/* A pipe that stays smaller is slower, and no more than that. */
	(void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
	*ret = (struct cfs_oci_blob){ .fd = fd, .end = size, .proxy = p };
	return 0;
}

/* Takes a process that has nothing to do, or the place of a new one. */
static struct cfs_skopeo_proxy *take_proxy(struct cfs_skopeo_pool *pool)
{
	struct cfs_skopeo_proxy *p;

	(void)pthread_mutex_lock(&pool->lock);
	for (p = pool->all; p && (p->is_busy || p->failed < 0); p = p->next)
		;
	if (!p)
		p = calloc(1, sizeof(*p));
	if (p && !p->pool) {
		p->pool = pool;
		p->sock = -EBADF;
		p->child = (struct cfs_child)CFS_CHILD_INIT;
		p->next = pool->all;
		pool->all = p;
	}
	if (p)
		p->is_busy = true;
	(void)pthread_mutex_unlock(&pool->lock);
	return p;
}

int cfs_skopeo_pool_blob(struct cfs_skopeo_pool *pool, const char *image,
			 const struct cfs_oci_id *id, uint64_t size,
			 struct cfs_oci_blob *ret, struct cfs_err *err)
{
	struct cfs_skopeo_proxy *p = take_proxy(pool);
	int r;

	if (!p)
		return cfs_no_memory(err);
	r = open_blob(p, image, id, size, ret, err);
	if (r < 0)
		cfs_skopeo_proxy_done(p);
	return r;
}

int cfs_skopeo_proxy_end(struct cfs_skopeo_proxy *p, struct cfs_err *err)
{
	struct reply reply;
	int r;

	if (!p->is_sending)
		return p->failed < 0 ? cfs_fail(err, -p->failed,
						"skopeo failed before")
				     : 0;
	p->is_sending = false;
	r = hear(p, &reply, err);
	cfs_closep(&reply.fd);
	/* Reading once more has to fail as well, and not to find the end. */
	if (r < 0)
		p->failed = r;
	return r;
}

void cfs_skopeo_proxy_done(struct cfs_skopeo_proxy *p)
{
	struct cfs_skopeo_pool *pool = p->pool;

	/* It may hang in a download that nobody wants: it is not waited for. */
	if (p->is_sending && p->failed == 0)
		p->failed = -ECANCELED;
	if (p->failed < 0)
		cfs_closep(&p->sock);
	(void)pthread_mutex_lock(&pool->lock);
	p->is_busy = false;
	(void)pthread_mutex_unlock(&pool->lock);
}
