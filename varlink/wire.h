/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Messages of varlink over a stream socket: a JSON object each, ended by a NUL
 * byte, and descriptors that travel with its bytes (SCM_RIGHTS).
 *
 * Source: https://varlink.org/Method-Call; unix(7).
 */
#ifndef CFS_VARLINK_WIRE_H
#define CFS_VARLINK_WIRE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"

/* Bytes of a message that is received, without its NUL.  A reply may be
 * longer: it holds what the repository holds. */
#define CFS_VARLINK_MESSAGE_MAX (4u << 20)
/* Descriptors of a message that is received.  Source: SCM_MAX_FD in
 * include/net/scm.h, the kernel's limit for one sendmsg(2). */
#define CFS_VARLINK_FDS_MAX 253
/* Objects and arrays inside one another, and values, in a message. */
#define CFS_VARLINK_DEPTH_MAX  CFS_JSON_DEPTH_MAX
#define CFS_VARLINK_VALUES_MAX (1u << 14)

/* A connection's bytes.  Initialise it with CFS_VARLINK_WIRE_INIT(fd). */
struct cfs_varlink_wire {
	int fd;		   /* the socket; closed by cfs_varlink_wire_free() */
	size_t max;	   /* bytes of a message; 0: CFS_VARLINK_MESSAGE_MAX */
	struct cfs_buf in; /* received, from the current message on */
	size_t message;	   /* bytes of the current message with its NUL */
	unsigned n_fds, n_message_fds; /* all; those of the current message */
	int fds[CFS_VARLINK_FDS_MAX];
	size_t fd_at[CFS_VARLINK_FDS_MAX]; /* byte of @in that came with each */
};

#define CFS_VARLINK_WIRE_INIT(socket) \
	{                             \
		.fd = (socket)        \
	}

/* Closes the socket and every descriptor that was received and not taken. */
void cfs_varlink_wire_free(struct cfs_varlink_wire *wire);
#define CFS_AUTOWIRE __attribute__((cleanup(cfs_varlink_wire_free)))

/* A message, valid until the next one is received. */
struct cfs_varlink_message {
	struct cfs_bytes text; /* without its NUL; any bytes */
	/* Descriptors, close-on-exec, which are closed when the next message is
	 * received.  To keep one, take it with cfs_steal_fd(). */
	int *fds;
	unsigned n_fds;
};

/*
 * Waits for the next message.  Descriptors belong to the message that has the
 * last byte they were received with, which is certain if the peer sends no
 * further message before it has the reply.  Sockets are refused: with the other
 * end of its own connection this process would never see it closed.
 *
 * Returns 1 with *@ret, or 0 if the peer closed the connection between two
 * messages.
 * Errors: -EMSGSIZE more bytes than the maximum or
 * CFS_VARLINK_FDS_MAX descriptors; -EMFILE this process can have no more
 * descriptors; -EBADMSG the connection ended inside a message, or a descriptor
 * is a socket; -ENOMEM; those of recvmsg(2).  The connection is of no use after
 * any of them.
 */
int cfs_varlink_receive(struct cfs_varlink_wire *wire,
			struct cfs_varlink_message *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Sends the message @text, which has its NUL, and with its first bytes the @n
 * descriptors @fds, CFS_VARLINK_FDS_MAX at most.
 * Errors: -EPIPE or -ECONNRESET the peer is gone; others of sendmsg(2).
 */
int cfs_varlink_send(const struct cfs_varlink_wire *wire, struct cfs_bytes text,
		     const int *fds, unsigned n,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 5)));

#endif
