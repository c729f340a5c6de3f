/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/call.h"

#include <assert.h>
#include <string.h>

#include "base/json_copy.h"

void cfs_varlink_request_free(struct cfs_varlink_request *request)
{
	cfs_freep(&request->method);
}

void cfs_varlink_discard(struct cfs_varlink_call *call)
{
	call->text.len = 0;
	while (call->n_fds_back > 0)
		cfs_closep(&call->fds_back[--call->n_fds_back]);
}

void cfs_varlink_add_fd(struct cfs_varlink_call *call, int fd)
{
	assert(call->n_fds_back < CFS_VARLINK_FDS_BACK_MAX);
	call->fds_back[call->n_fds_back++] = fd;
}

void cfs_varlink_call_free(struct cfs_varlink_call *call)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(call->value); i++) {
		struct cfs_varlink_value *value = &call->value[i];

		for (size_t k = 0; k < value->texts.n; k++)
			free(value->texts.v[k]);
		cfs_vec_free(&value->texts);
		cfs_freep(&value->text);
	}
	cfs_varlink_discard(call);
	cfs_buf_free(&call->text);
}

static bool is_bool(const struct cfs_json_node *node)
{
	return node->kind == CFS_JSON_TRUE || node->kind == CFS_JSON_FALSE;
}

/* Reads the flag @name of a request.  False: it is none. */
static bool read_flag(const struct cfs_json *doc, const char *name, bool *ret)
{
	const struct cfs_json_node *node = cfs_json_get(doc, doc->nodes, name);

	if (!node || node->kind == CFS_JSON_NULL)
		return true;
	*ret = node->kind == CFS_JSON_TRUE;
	return is_bool(node);
}

int cfs_varlink_request_read(const struct cfs_json *doc,
			     struct cfs_varlink_request *ret,
			     struct cfs_err *err)
{
	const struct cfs_json_node *root = doc->nodes;
	const struct cfs_json_node *method = cfs_json_get(doc, root, "method");
	const struct cfs_json_node *parameters =
		cfs_json_get(doc, root, "parameters");
	struct cfs_varlink_request request = { 0 };

	if (parameters && parameters->kind == CFS_JSON_NULL)
		parameters = NULL;
	if (!method || method->kind != CFS_JSON_STRING ||
	    (parameters && parameters->kind != CFS_JSON_OBJECT) ||
	    !read_flag(doc, "more", &request.more) ||
	    !read_flag(doc, "oneway", &request.oneway) ||
	    !read_flag(doc, "upgrade", &request.upgrade))
		return cfs_fail(err, EBADMSG, "a message is no method call");
	request.method = cfs_json_copy(method);
	if (!request.method)
		return cfs_no_memory(err);
	request.parameters = parameters;
	*ret = request;
	return 0;
}

/* Outcomes of reading a value. */
enum outcome {
	READ,
	MISTAKEN,
	NO_MEMORY
};

/* Reads @node, which is a string unless the client is mistaken, into the texts
 * of @ret. */
static enum outcome add_string(const struct cfs_json_node *node,
			       struct cfs_varlink_value *ret)
{
	char *text;

	if (!node || node->kind != CFS_JSON_STRING)
		return MISTAKEN;
	text = cfs_json_copy(node);
	if (text && cfs_vec_add(&ret->texts, text))
		return READ;
	free(text);
	return NO_MEMORY;
}

static enum outcome read_strings(const struct cfs_json *doc,
				 const struct cfs_json_node *node,
				 struct cfs_varlink_value *ret)
{
	const struct cfs_json_node *item;

	if (node->kind != CFS_JSON_ARRAY)
		return MISTAKEN;
	for (item = cfs_json_first(doc, node); item;
	     item = cfs_json_next(doc, node, item)) {
		enum outcome outcome = add_string(item, ret);

		if (outcome != READ)
			return outcome;
	}
	return READ;
}

const char *const cfs_varlink_xattrs[] = { "AllowlistOnly", "KeepUserXattrs",
					   NULL };

static enum outcome read_name(const struct cfs_json_node *node,
			      const char *const *names, uint64_t *ret)
{
	for (uint64_t i = 0; names[i]; i++) {
		if (!cfs_json_is(node, names[i]))
			continue;
		*ret = i;
		return READ;
	}
	return MISTAKEN;
}

static enum outcome read_string(const struct cfs_json_node *node, char **ret)
{
	if (node->kind != CFS_JSON_STRING)
		return MISTAKEN;
	*ret = cfs_json_copy(node);
	return *ret ? READ : NO_MEMORY;
}

static enum outcome read_value(const struct cfs_json *doc,
			       const struct cfs_json_node *node,
			       enum cfs_varlink_type type,
			       struct cfs_varlink_value *ret)
{
	ret->given = true;
	switch (type) {
	case CFS_VARLINK_BOOL:
		ret->yes = node->kind == CFS_JSON_TRUE;
		return is_bool(node) ? READ : MISTAKEN;
	case CFS_VARLINK_INT:
		return cfs_json_u64(node, &ret->number) &&
				       ret->number <= INT64_MAX
			       ? READ
			       : MISTAKEN;
	case CFS_VARLINK_STRING:
		return read_string(node, &ret->text);
	case CFS_VARLINK_STRINGS:
		return read_strings(doc, node, ret);
	case CFS_VARLINK_XATTRS:
		return read_name(node, cfs_varlink_xattrs, &ret->number);
	case CFS_VARLINK_OBJECTS:
		return node->kind == CFS_JSON_ARRAY ? READ : MISTAKEN;
	default:
		return node->kind == CFS_JSON_OBJECT ? READ : MISTAKEN;
	}
}

/* Reads the member @name of each of the objects in @array. */
static enum outcome read_members(const struct cfs_json *doc,
				 const struct cfs_json_node *array,
				 const char *name,
				 struct cfs_varlink_value *ret)
{
	const struct cfs_json_node *item;

	ret->given = true;
	for (item = cfs_json_first(doc, array); item;
	     item = cfs_json_next(doc, array, item)) {
		enum outcome outcome =
			add_string(cfs_json_get(doc, item, name), ret);

		if (outcome != READ)
			return outcome;
	}
	return READ;
}

static enum outcome read_parameter(const struct cfs_json *doc,
				   const struct cfs_json_node *object,
				   const struct cfs_varlink_parameter *row,
				   struct cfs_varlink_value *ret)
{
	const struct cfs_json_node *in =
		row->in ? cfs_json_get(doc, object, row->in) : object;
	const struct cfs_json_node *node;

	/* That the array is one was checked before. */
	if (in && in->kind == CFS_JSON_ARRAY)
		return read_members(doc, in, row->name, ret);
	node = cfs_json_get(doc, in, row->name);
	if ((!node || node->kind == CFS_JSON_NULL) && row->optional)
		return READ;
	return node ? read_value(doc, node, row->type, ret) : MISTAKEN;
}

const char *cfs_varlink_parameters(const struct cfs_json *doc,
				   const struct cfs_json_node *object,
				   const struct cfs_varlink_parameter *rows,
				   struct cfs_varlink_call *call,
				   bool *ret_no_memory)
{
	const struct cfs_varlink_parameter *row = rows;

	for (size_t i = 0; row && row->name; i++, row++) {
		enum outcome outcome =
			read_parameter(doc, object, row, &call->value[i]);

		*ret_no_memory = outcome == NO_MEMORY;
		if (outcome != READ)
			return row->name;
	}
	return NULL;
}

/* Ends the reply, whose parameters are written, with its NUL. */
static int end(struct cfs_varlink_call *call, struct cfs_err *err)
{
	int r;

	cfs_json_write_end(&call->reply);
	r = cfs_json_write_finish(&call->reply, err);
	if (r < 0)
		return r;
	/* In place of the line's end. */
	call->text.data[call->text.len - 1] = '\0';
	return 0;
}

/* Begins the reply's text anew. */
static void begin(struct cfs_varlink_call *call)
{
	cfs_varlink_discard(call);
	call->reply = (struct cfs_json_writer){ .buf = &call->text };
	cfs_json_write_object(&call->reply, NULL, CFS_JSON_ONE_LINE);
}

void cfs_varlink_reply(struct cfs_varlink_call *call)
{
	begin(call);
	cfs_json_write_object(&call->reply, "parameters", CFS_JSON_ONE_LINE);
}

static void write_error(struct cfs_varlink_call *call, const char *error)
{
	CFS_AUTOBUF struct cfs_buf name = { 0 };

	if (!strchr(error, '.'))
		cfs_buf_addf(&name, "%s.", call->interface);
	cfs_buf_adds(&name, error);
	cfs_json_write_buf(&call->reply, "error", &name);
}

void cfs_varlink_refuse(struct cfs_varlink_call *call, const char *error)
{
	begin(call);
	write_error(call, error);
	cfs_json_write_object(&call->reply, "parameters", CFS_JSON_ONE_LINE);
}

int cfs_varlink_refuse_text(struct cfs_varlink_call *call, const char *error,
			    const char *name, const char *text)
{
	cfs_varlink_refuse(call, error);
	cfs_json_write_text(&call->reply, name, text);
	return 0;
}

int cfs_varlink_reply_finish(struct cfs_varlink_call *call, struct cfs_err *err)
{
	cfs_json_write_end(&call->reply);
	return end(call, err);
}

int cfs_varlink_reply_continue(struct cfs_varlink_call *call,
			       struct cfs_err *err)
{
	cfs_json_write_end(&call->reply);
	cfs_json_write_bool(&call->reply, "continues", true);
	return end(call, err);
}
