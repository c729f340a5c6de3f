/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/service.h"

#include <string.h>

#include "base/json_many.h"

const struct cfs_varlink_interface *const cfs_varlink_interfaces[] = {
	&cfs_varlink_org_varlink_service,
	&cfs_varlink_org_composefs_repository,
	&cfs_varlink_org_composefs_oci,
	NULL,
};

void cfs_varlink_service_free(struct cfs_varlink_service *service)
{
	cfs_varlink_senders_wait(&service->senders);
	cfs_varlink_handles_free(&service->handles);
	cfs_freep(&service->nodes);
}

/* The interface that @method, "INTERFACE.NAME", begins with; or NULL. */
static const struct cfs_varlink_interface *interface_of(const char *method)
{
	const char *dot = strrchr(method, '.');
	size_t len = dot ? (size_t)(dot - method) : 0;

	for (size_t i = 0; cfs_varlink_interfaces[i]; i++) {
		const char *name = cfs_varlink_interfaces[i]->name;

		if (strlen(name) == len && memcmp(name, method, len) == 0)
			return cfs_varlink_interfaces[i];
	}
	return NULL;
}

static const struct cfs_varlink_method *method_of(
	const struct cfs_varlink_interface *interface, const char *method)
{
	const char *name = strrchr(method, '.') + 1;
	const struct cfs_varlink_method *row = interface->methods;

	while (row->name && strcmp(row->name, name) != 0)
		row++;
	return row->name ? row : NULL;
}

/* Runs a method that writes to a repository. */
static int run_in(const struct cfs_varlink_handle *handle,
		  const struct cfs_varlink_method *method,
		  struct cfs_varlink_call *call, struct cfs_err *err)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	int r = cfs_access_write_opened(&handle->access, &handle->repo, &store,
					err);

	return r < 0 ? r : method->run_in(handle, &store, call, err);
}

/* Runs a method that takes a handle. */
static int run_on(struct cfs_varlink_service *service,
		  const struct cfs_varlink_method *method,
		  struct cfs_varlink_call *call, struct cfs_err *err)
{
	uint64_t id = call->value[0].number;
	const struct cfs_varlink_handle *handle;
	int r = cfs_varlink_handles_find(&service->handles, id,
					 service->rules.flags, &service->peer,
					 &handle, err);

	if (r < 0)
		return r;
	if (r == 0) {
		cfs_varlink_refuse(call, "InvalidHandle");
		cfs_json_write_u64(&call->reply, "handle", id);
		return 0;
	}
	if (method->run_in)
		return run_in(handle, method, call, err);
	r = cfs_repo_lock(&handle->repo, CFS_LOCK_SHARED, NULL, err);
	if (r >= 0)
		r = method->run_on(handle, call, err);
	cfs_repo_unlock(&handle->repo);
	return r;
}

static int run(struct cfs_varlink_service *service,
	       const struct cfs_varlink_method *method,
	       struct cfs_varlink_call *call, struct cfs_err *err)
{
	int r;

	service->may_end = method->ends_with_client;
	if (method->ends_with_client && service->client_gone)
		return -ECANCELED;
	r = method->run ? method->run(service, call, err)
			: run_on(service, method, call, err);
	service->may_end = false;
	if (r == -EACCES)
		cfs_varlink_refuse(call, CFS_VARLINK_PERMISSION_DENIED);
	else if (r < 0)
		cfs_varlink_refuse_text(call, "InternalError", "message",
					err->msg);
	return 0;
}

/* Answers a call of @row, or says which parameter is wrong. */
static int answer(struct cfs_varlink_service *service,
		  const struct cfs_json *doc,
		  const struct cfs_varlink_request *request,
		  const struct cfs_varlink_method *row,
		  struct cfs_varlink_call *call, struct cfs_err *err)
{
	bool no_memory = false;
	const char *wrong = cfs_varlink_parameters(
		doc, request->parameters, row->parameters, call, &no_memory);

	if (no_memory)
		return cfs_no_memory(err);
	if (wrong)
		return cfs_varlink_refuse_text(call,
					       CFS_VARLINK_INVALID_PARAMETER,
					       "parameter", wrong);
	return run(service, row, call, err);
}

static int dispatch(struct cfs_varlink_service *service,
		    const struct cfs_json *doc,
		    const struct cfs_varlink_request *request,
		    struct cfs_varlink_call *call, struct cfs_err *err)
{
	const struct cfs_varlink_interface *interface =
		interface_of(request->method);
	const struct cfs_varlink_method *row =
		interface ? method_of(interface, request->method) : NULL;

	if (!row)
		return cfs_varlink_refuse_text(
			call, "org.varlink.service.MethodNotFound", "method",
			request->method);
	call->service = service;
	call->interface = interface->name;
	/* Who wants no reply gets none before the last one either. */
	call->more = request->more && !request->oneway;
	if ((service->peer.stranger ||
	     (service->peer.guest && !row->for_guests)) &&
	    interface != &cfs_varlink_org_varlink_service) {
		cfs_varlink_refuse(call, CFS_VARLINK_PERMISSION_DENIED);
		return 0;
	}
	/* No method hands the connection over to another protocol. */
	if (request->upgrade)
		return cfs_varlink_refuse_text(
			call, "org.varlink.service.MethodNotImplemented",
			"method", request->method);
	return answer(service, doc, request, row, call, err);
}

static int parse(struct cfs_varlink_service *service, struct cfs_bytes text,
		 struct cfs_json *ret, struct cfs_err *err)
{
	int r;

	if (!service->nodes)
		service->nodes =
			calloc(CFS_VARLINK_VALUES_MAX, sizeof(*service->nodes));
	if (!service->nodes)
		return cfs_no_memory(err);
	r = cfs_json_parse_many(text, service->nodes, CFS_VARLINK_VALUES_MAX,
				ret, err);
	if (r == -EINVAL)
		err->code = EBADMSG;
	return r < 0 ? cfs_ctx(err, "a message") : 0;
}

int cfs_varlink_dispatch(struct cfs_varlink_service *service,
			 const struct cfs_varlink_message *message,
			 struct cfs_varlink_call *call, struct cfs_err *err)
{
	CFS_AUTOREQUEST struct cfs_varlink_request request = { 0 };
	struct cfs_json doc;
	int r = parse(service, message->text, &doc, err);

	if (r == 0)
		r = cfs_varlink_request_read(&doc, &request, err);
	if (r < 0)
		return r;
	call->fds = message->fds;
	call->n_fds = message->n_fds;
	r = dispatch(service, &doc, &request, call, err);
	if (r == 0)
		r = cfs_varlink_reply_finish(call, err);
	if (r == 0 && request.oneway)
		cfs_varlink_discard(call);
	return r;
}

int cfs_varlink_send_more(struct cfs_varlink_call *call, struct cfs_err *err)
{
	const struct cfs_varlink_service *service = call->service;
	int r = cfs_varlink_reply_continue(call, err);

	if (r < 0 || !call->more || !service->send)
		return r;
	return service->send(service->send_arg, cfs_buf_bytes(&call->text),
			     err);
}
