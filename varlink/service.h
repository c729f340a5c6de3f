/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A service: interfaces with their methods, as rows, and what a connection has
 * of its own.  A method is written down in its row and in the description of
 * its interface, which a test compares.
 */
#ifndef CFS_VARLINK_SERVICE_H
#define CFS_VARLINK_SERVICE_H

#include <stdatomic.h>

#include "ops/trust.h"
#include "varlink/call.h"
#include "varlink/handles.h"
#include "varlink/sender.h"

struct cfs_varlink_service;

struct cfs_varlink_method {
	const char *name;
	/* End with a NULL name; NULL: none. */
	const struct cfs_varlink_parameter *parameters;
	/*
	 * Answers with cfs_varlink_reply() or cfs_varlink_refuse() and returns
	 * 0.  A negative errno with @err filled in becomes InternalError, or
	 * PermissionDenied if it is -EACCES.
	 */
	int (*run)(struct cfs_varlink_service *service,
		   struct cfs_varlink_call *call, struct cfs_err *err);
	/* Or: its first parameter is a handle, and the repository is locked
	 * for reading meanwhile. */
	int (*run_on)(const struct cfs_varlink_handle *handle,
		      struct cfs_varlink_call *call, struct cfs_err *err);
	/* Or: likewise, with the repository open for writing. */
	int (*run_in)(const struct cfs_varlink_handle *handle,
		      struct cfs_store *store, struct cfs_varlink_call *call,
		      struct cfs_err *err);
	/* It may take long, and the process may end at any moment of it: it
	 * ends with its client. */
	bool ends_with_client;
	/* Guests (varlink/peer.h) may call it: it names neither files nor other
	 * repositories, and makes nothing that their signatures do not
	 * allow. */
	bool for_guests;
};

struct cfs_varlink_interface {
	const char *name;
	const char *description; /* what GetInterfaceDescription returns */
	const struct cfs_varlink_method *methods; /* end with a NULL name */
};

/* Every interface has the error InternalError(message), and
 * InvalidHandle(handle) if a method takes a handle; but for
 * org.varlink.service, whose methods do not fail. */
extern const struct cfs_varlink_interface cfs_varlink_org_varlink_service;
extern const struct cfs_varlink_interface cfs_varlink_org_composefs_repository;
extern const struct cfs_varlink_interface cfs_varlink_org_composefs_oci;

/* What the service demands of everything that it does. */
struct cfs_varlink_rules {
	unsigned flags; /* CFS_ACCESS_*, for each repository */
	/* Signatures that OCI images need; borrowed. */
	const struct cfs_trust *trust;
	/* The one repository of clients that are neither root nor this
	 * process's user, an absolute path, borrowed: they are served with this
	 * process's rights.  NULL: they get their own, or nothing. */
	const char *guests;
	/* Boot partitions, by their directories, that boot from the repository
	 * @boot_repo: what they can boot is kept in it by every collection.
	 * Borrowed. */
	const char *boot_repo;
	const char *const *boot;
	unsigned n_boot;
};

/* What a connection has.  Zero-initialise all but peer, rules and send. */
struct cfs_varlink_service {
	struct cfs_varlink_peer peer;
	struct cfs_varlink_rules rules;
	/* Sends @text, with its NUL, to the client; may be NULL. */
	int (*send)(void *arg, struct cfs_bytes text, struct cfs_err *err);
	void *send_arg;
	struct cfs_varlink_handles handles;
	struct cfs_varlink_senders senders;
	struct cfs_json_node *nodes; /* room for a message; owned */
	/* Set while a method runs that ends with its client. */
	_Atomic bool may_end;
	/* The client was lost; checked when may_end is set. */
	_Atomic bool client_gone;
};

/* Waits for the senders (varlink/sender.h): every descriptor of theirs that is
 * not the client's has to be closed before. */
void cfs_varlink_service_free(struct cfs_varlink_service *service);
#define CFS_AUTOVARLINKSERVICE \
	__attribute__((cleanup(cfs_varlink_service_free)))

/* The interfaces of the service; end with NULL. */
extern const struct cfs_varlink_interface *const cfs_varlink_interfaces[];

/*
 * Answers the call in @message.  The reply with its NUL is in @call->text, and
 * @call->fds_back go with it; the text is empty if the client wants none.
 * @call is empty before.
 * Errors: -EBADMSG the message is no call, after which nothing that follows it
 * can be trusted; -E2BIG it has more than CFS_VARLINK_VALUES_MAX values;
 * -ECANCELED the client is gone; -ENOMEM.
 */
int cfs_varlink_dispatch(struct cfs_varlink_service *service,
			 const struct cfs_varlink_message *message,
			 struct cfs_varlink_call *call,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Sends the reply of @call that was begun, and which others follow.  Only for a
 * call with @call->more, of a service that has a client to send it to;
 * otherwise nothing is sent.
 * Errors: those of cfs_varlink_reply_continue() and of sending.
 */
int cfs_varlink_send_more(struct cfs_varlink_call *call,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
