/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The other end of a service: calls, and replies that are read as data.
 * Nothing that the service sends is trusted: lengths, values and nesting have
 * limits, and text is as foreign as that of a disk.
 */
#ifndef CFS_VARLINK_CLIENT_H
#define CFS_VARLINK_CLIENT_H

#include "base/json.h"
#include "base/json_write.h"
#include "varlink/wire.h"

/* Bytes of a reply, and values in it. */
#define CFS_VARLINK_REPLY_MAX	     (64u << 20)
#define CFS_VARLINK_REPLY_VALUES_MAX (1u << 20)

/* Initialise it with CFS_VARLINK_CLIENT_INIT. */
struct cfs_varlink_client {
	struct cfs_varlink_wire wire;
	uint64_t handle; /* of the repository that is open */
	/* Private. */
	struct cfs_json_node *nodes; /* owned */
	unsigned n_nodes;
	struct cfs_buf text; /* of a call */
	struct cfs_json_writer call;
	bool more;
};

#define CFS_VARLINK_CLIENT_INIT                                       \
	{                                                             \
		.wire = {.fd = -EBADF, .max = CFS_VARLINK_REPLY_MAX } \
	}

void cfs_varlink_client_free(struct cfs_varlink_client *client);
#define CFS_AUTOVARLINKCLIENT __attribute__((cleanup(cfs_varlink_client_free)))

/* Connects to the socket @path.  Errors: -ENAMETOOLONG; of connect(2). */
int cfs_varlink_connect(struct cfs_varlink_client *client, const char *path,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* A reply, valid until the next one is received. */
struct cfs_varlink_answer {
	struct cfs_json doc;
	const struct cfs_json_node *parameters; /* an object */
	bool continues; /* others follow; false with an error */
	bool is_error;
	char error[128]; /* its name: cut if it is longer */
};

/* Begins a call of @method.  Its parameters are written to the result, which is
 * valid until cfs_varlink_ask(). */
struct cfs_json_writer *cfs_varlink_begin_call(
	struct cfs_varlink_client *client, const char *method) CFS_NONNULL;

/* Lets the call that was begun have several replies. */
void cfs_varlink_want_more(struct cfs_varlink_client *client) CFS_NONNULL;

/*
 * Sends the call that was begun and waits for its reply, or the first one.
 * Errors: -EBADMSG the reply is none, or the service closed the connection;
 * -E2BIG, -EMSGSIZE it exceeds a limit; of sending and receiving.  An error
 * that the service answers with is a reply.
 */
int cfs_varlink_ask(struct cfs_varlink_client *client,
		    struct cfs_varlink_answer *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Waits for the next reply, after one that continues.  Errors: of
 * cfs_varlink_ask(). */
int cfs_varlink_next_answer(struct cfs_varlink_client *client,
			    struct cfs_varlink_answer *ret,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Asks, and takes an error for a failure.  Errors: of cfs_varlink_ask() and
 * cfs_varlink_answer_fail(). */
int cfs_varlink_ask_for(struct cfs_varlink_client *client,
			struct cfs_varlink_answer *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Words the error that @answer is: by its message, if it has one, which is what
 * a command of this program would have said.
 * Returns -EACCES if the service does not permit the call, -ENOENT if what it
 * names is missing, else -EREMOTEIO.
 */
int cfs_varlink_answer_fail(const struct cfs_varlink_answer *answer,
			    struct cfs_err *err) CFS_NONNULL;

/*
 * Opens a repository: @path, which is absolute; NULL: that of the system, or
 * the one that the service has for guests.  client->handle is its handle.
 * Errors: of cfs_varlink_ask_for().
 */
int cfs_varlink_open(struct cfs_varlink_client *client, const char *path,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3)));

/* Words and returns -EBADMSG: the reply lacks the member @name, or has
 * something else there. */
int cfs_varlink_wrong_member(const char *name, struct cfs_err *err) CFS_NONNULL;

#endif
