/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/client.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/json_many.h"

/* Values that there is room for at first. */
#define NODES 1024

void cfs_varlink_client_free(struct cfs_varlink_client *client)
{
	cfs_varlink_wire_free(&client->wire);
	cfs_buf_free(&client->text);
	free(client->nodes);
	client->nodes = NULL;
}

int cfs_varlink_connect(struct cfs_varlink_client *client, const char *path,
			struct cfs_err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return cfs_fail(err, ENAMETOOLONG,
				"the path of socket %s is longer than the "
				"maximum of %zu bytes",
				path, sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	client->wire.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->wire.fd < 0 ||
	    connect(client->wire.fd, (const struct sockaddr *)&address,
		    sizeof(address)) < 0)
		return cfs_fail_errno(err, "connect to %s", path);
	return 0;
}

struct cfs_json_writer *cfs_varlink_begin_call(
	struct cfs_varlink_client *client, const char *method)
{
	struct cfs_json_writer *w = &client->call;

	client->text.len = 0;
	client->more = false;
	*w = (struct cfs_json_writer){ .buf = &client->text };
	cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_text(w, "method", method);
	cfs_json_write_object(w, "parameters", CFS_JSON_ONE_LINE);
	return w;
}

void cfs_varlink_want_more(struct cfs_varlink_client *client)
{
	client->more = true;
}

static int send_call(struct cfs_varlink_client *client, struct cfs_err *err)
{
	struct cfs_json_writer *w = &client->call;
	int r;

	cfs_json_write_end(w);
	if (client->more)
		cfs_json_write_bool(w, "more", true);
	cfs_json_write_end(w);
	r = cfs_json_write_finish(w, err);
	if (r < 0)
		return r;
	/* In place of the line's end. */
	client->text.data[client->text.len - 1] = '\0';
	return cfs_varlink_send(&client->wire, cfs_buf_bytes(&client->text),
				NULL, 0, err);
}

/* Makes room for more values.  Returns false at the maximum. */
static bool grow(struct cfs_varlink_client *client)
{
	unsigned n = client->n_nodes ? 4 * client->n_nodes : NODES;

	if (n > CFS_VARLINK_REPLY_VALUES_MAX)
		return false;
	free(client->nodes);
	client->nodes = calloc(n, sizeof(*client->nodes));
	client->n_nodes = client->nodes ? n : 0;
	return client->nodes;
}

static int parse(struct cfs_varlink_client *client, struct cfs_bytes text,
		 struct cfs_json *ret, struct cfs_err *err)
{
	int r = -E2BIG;

	if (!client->nodes && !grow(client))
		return cfs_no_memory(err);
	while ((r = cfs_json_parse_many(text, client->nodes, client->n_nodes,
					ret, err)) == -E2BIG &&
	       grow(client))
		;
	if (!client->nodes)
		return cfs_no_memory(err);
	if (r == -EINVAL)
		err->code = EBADMSG;
	return r < 0 ? cfs_ctx(err, "the reply of the service") : 0;
}

static int no_reply(struct cfs_err *err)
{
	return cfs_fail(err, EBADMSG,
			"the service sent something that is no reply");
}

static int read_answer(struct cfs_varlink_answer *ret, struct cfs_err *err)
{
	const struct cfs_json *doc = &ret->doc;
	const struct cfs_json_node *root = doc->nodes;
	const struct cfs_json_node *error = cfs_json_get(doc, root, "error");
	const struct cfs_json_node *more = cfs_json_get(doc, root, "continues");

	ret->parameters = cfs_json_get(doc, root, "parameters");
	if (root->kind != CFS_JSON_OBJECT ||
	    (ret->parameters && ret->parameters->kind != CFS_JSON_OBJECT &&
	     ret->parameters->kind != CFS_JSON_NULL))
		return no_reply(err);
	ret->is_error = error && error->kind != CFS_JSON_NULL;
	ret->continues = more && more->kind == CFS_JSON_TRUE && !ret->is_error;
	if (ret->is_error &&
	    !cfs_json_string(error, ret->error, sizeof(ret->error)))
		return no_reply(err);
	return 0;
}

int cfs_varlink_next_answer(struct cfs_varlink_client *client,
			    struct cfs_varlink_answer *ret, struct cfs_err *err)
{
	struct cfs_varlink_message message;
	struct cfs_varlink_answer answer = { 0 };
	int r = cfs_varlink_receive(&client->wire, &message, err);

	if (r == 0 || r == -ECONNRESET)
		return cfs_fail(err, EBADMSG,
				"the service closed the connection");
	if (r > 0)
		r = parse(client, message.text, &answer.doc, err);
	if (r == 0)
		r = read_answer(&answer, err);
	if (r == 0)
		*ret = answer;
	return r;
}

int cfs_varlink_ask(struct cfs_varlink_client *client,
		    struct cfs_varlink_answer *ret, struct cfs_err *err)
{
	int r = send_call(client, err);

	if (r == -EPIPE)
		return cfs_fail(err, EBADMSG,
				"the service closed the connection");
	return r < 0 ? r : cfs_varlink_next_answer(client, ret, err);
}

int cfs_varlink_ask_for(struct cfs_varlink_client *client,
			struct cfs_varlink_answer *ret, struct cfs_err *err)
{
	int r = cfs_varlink_ask(client, ret, err);

	return r == 0 && ret->is_error ? cfs_varlink_answer_fail(ret, err) : r;
}

/* Errors that have no message, with the member that says what they are
 * about. */
static const struct {
	const char *error, *member;
	int code;
	const char *before, *after;
} wordings[] = {
	{ "org.composefs.Oci.NoSuchImage", "image", ENOENT,
	  "the repository of the service has no OCI image ", "" },
	{ "org.composefs.Oci.SignatureRequired", "image", EREMOTEIO,
	  "the service demands a signature of ", ", and there is none" },
	{ "org.composefs.Repository.NoSuchRef", "reference", ENOENT,
	  "the repository of the service has no ", "" },
	{ "org.varlink.service.MethodNotFound", "method", EREMOTEIO,
	  "the service does not know the method ", "" },
	{ "org.varlink.service.InvalidParameter", "parameter", EREMOTEIO,
	  "the service does not take the parameter ", "" },
};

/* A member of the error's parameters, cut if it is long; false: none. */
static bool member_of(const struct cfs_varlink_answer *answer, const char *name,
		      char text[static 900])
{
	const struct cfs_json_node *node =
		cfs_json_get(&answer->doc, answer->parameters, name);

	return node && cfs_json_string(node, text, 900);
}

int cfs_varlink_answer_fail(const struct cfs_varlink_answer *answer,
			    struct cfs_err *err)
{
	char text[900];

	if (strcmp(answer->error, "org.varlink.service.PermissionDenied") == 0)
		return cfs_fail(err, EACCES,
				"the service does not permit this to you");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(wordings); i++)
		if (strcmp(answer->error, wordings[i].error) == 0 &&
		    member_of(answer, wordings[i].member, text))
			return cfs_fail(err, wordings[i].code, "%s%s%s",
					wordings[i].before, text,
					wordings[i].after);
	if (member_of(answer, "message", text))
		return cfs_fail(err, EREMOTEIO, "%s", text);
	return cfs_fail(err, EREMOTEIO, "the service answered with %s",
			answer->error);
}

int cfs_varlink_open(struct cfs_varlink_client *client, const char *path,
		     struct cfs_err *err)
{
	struct cfs_varlink_answer answer;
	struct cfs_json_writer *w = cfs_varlink_begin_call(
		client, "org.composefs.Repository.OpenRepository");
	int r;

	if (path)
		cfs_json_write_text(w, "path", path);
	else
		cfs_json_write_bool(w, "system", true);
	r = cfs_varlink_ask_for(client, &answer, err);
	if (r == 0 && !cfs_json_u64(cfs_json_get(&answer.doc, answer.parameters,
						 "handle"),
				    &client->handle))
		r = cfs_varlink_wrong_member("handle", err);
	return r;
}

int cfs_varlink_wrong_member(const char *name, struct cfs_err *err)
{
	return cfs_fail(err, EBADMSG,
			"the reply of the service has no %s, or another kind "
			"of it",
			name);
}
