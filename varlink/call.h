/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A method call: what came, checked against the row of its method, and the
 * reply that is being written.
 */
#ifndef CFS_VARLINK_CALL_H
#define CFS_VARLINK_CALL_H

#include <stdbool.h>

#include "base/json.h"
#include "base/json_write.h"
#include "base/vec.h"
#include "varlink/wire.h"

/* Types of parameters; integers are never negative in these interfaces. */
enum cfs_varlink_type {
	CFS_VARLINK_BOOL,
	CFS_VARLINK_INT,
	CFS_VARLINK_STRING,
	CFS_VARLINK_STRINGS, /* []string */
	CFS_VARLINK_OBJECT,  /* the rows after it say what is in it */
	CFS_VARLINK_OBJECTS, /* []object, likewise; their members are strings,
			      * none of them optional */
	CFS_VARLINK_XATTRS,  /* an enum of the names of cfs_varlink_xattrs */
};

#define CFS_VARLINK_PARAMETERS_MAX 10

/* "AllowlistOnly" and "KeepUserXattrs", by enum cfs_xattr_filter; ends with
 * NULL.  Source: composefs-rs 0.9.4, org.composefs.Oci. */
extern const char *const cfs_varlink_xattrs[];

/* A parameter as its interface declares it. */
struct cfs_varlink_parameter {
	const char *name;
	enum cfs_varlink_type type;
	bool optional;	/* it can be missing, or null */
	const char *in; /* the parameter that it is a member of, an object or
			 * objects; NULL: none */
};

/* The value of one. */
struct cfs_varlink_value {
	bool given; /* neither missing nor null */
	bool yes;   /* CFS_VARLINK_BOOL */
	/* CFS_VARLINK_INT, up to INT64_MAX; CFS_VARLINK_XATTRS, the index of
	 * the name */
	uint64_t number;
	char *text; /* CFS_VARLINK_STRING; owned, UTF-8 */
	/* CFS_VARLINK_STRINGS; a member of CFS_VARLINK_OBJECTS, one for each of
	 * them; owned */
	CFS_VEC(char *) texts;
};

/* What a client sends: method, parameters and flags. */
struct cfs_varlink_request {
	char *method; /* owned */
	bool more, oneway, upgrade;
	const struct cfs_json_node *parameters; /* an object, or NULL */
};

void cfs_varlink_request_free(struct cfs_varlink_request *request);
#define CFS_AUTOREQUEST __attribute__((cleanup(cfs_varlink_request_free)))

/*
 * Reads a request out of the parsed message @doc, which outlives it.  Members
 * that varlink does not define are ignored.
 * Errors: -EBADMSG it is no call, -ENOMEM.
 */
int cfs_varlink_request_read(const struct cfs_json *doc,
			     struct cfs_varlink_request *ret,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

struct cfs_varlink_service;

#define CFS_VARLINK_FDS_BACK_MAX 3 /* descriptors of a reply */

/* Zero-initialise it. */
struct cfs_varlink_call {
	struct cfs_varlink_service *service; /* that answers */
	const char *interface; /* whose errors cfs_varlink_refuse() names */
	bool more;	       /* the client takes several replies */
	struct cfs_varlink_value value[CFS_VARLINK_PARAMETERS_MAX];
	int *fds; /* that came with the call, as of cfs_varlink_message */
	unsigned n_fds;
	/* The reply. */
	struct cfs_buf text;
	struct cfs_json_writer reply; /* inside the reply's parameters */
	int fds_back[CFS_VARLINK_FDS_BACK_MAX]; /* to go with it, owned */
	unsigned n_fds_back;
};

void cfs_varlink_call_free(struct cfs_varlink_call *call);
#define CFS_AUTOVARLINKCALL __attribute__((cleanup(cfs_varlink_call_free)))

/*
 * Fills in @call->value by @rows (which end with a NULL name, NULL: none), in
 * their order.
 * Returns NULL, or the name of the first parameter that is missing or of
 * another type.  @ret_no_memory is set if it is neither, but memory ran out.
 */
const char *cfs_varlink_parameters(const struct cfs_json *doc,
				   const struct cfs_json_node *object,
				   const struct cfs_varlink_parameter *rows,
				   struct cfs_varlink_call *call,
				   bool *ret_no_memory) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4, 5)));

/* Lets the descriptor @fd, which is taken over, go with the reply. */
void cfs_varlink_add_fd(struct cfs_varlink_call *call, int fd) CFS_NONNULL;

/* Drops the reply, and closes what would have gone with it. */
void cfs_varlink_discard(struct cfs_varlink_call *call) CFS_NONNULL;

/* Begins the reply to @call: its parameters are written to @call->reply. */
void cfs_varlink_reply(struct cfs_varlink_call *call) CFS_NONNULL;

/*
 * Begins an error as the reply, in place of what was written: its parameters
 * are written to @call->reply.  @error: a name of @call->interface, or one with
 * its interface in front.
 */
void cfs_varlink_refuse(struct cfs_varlink_call *call,
			const char *error) CFS_NONNULL;

/* Begins the error @error with the one parameter @name.  Returns 0, for a
 * method to return. */
int cfs_varlink_refuse_text(struct cfs_varlink_call *call, const char *error,
			    const char *name, const char *text) CFS_NONNULL;

/*
 * Completes the reply, with its NUL, in @call->text.
 * Errors: -ENOMEM; -EINVAL a method wrote no JSON.
 */
int cfs_varlink_reply_finish(struct cfs_varlink_call *call,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Completes it as a reply that others follow.
 * Errors: those of cfs_varlink_reply_finish().
 */
int cfs_varlink_reply_continue(struct cfs_varlink_call *call,
			       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#define CFS_VARLINK_INVALID_PARAMETER "org.varlink.service.InvalidParameter"
#define CFS_VARLINK_PERMISSION_DENIED "org.varlink.service.PermissionDenied"

#endif
