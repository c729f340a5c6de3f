/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "base/buf.h"
#include "fuse/server.h"

static const char trusted[] = "trusted.";

static bool is_trusted(const char *key)
{
	return strncmp(key, trusted, strlen(trusted)) == 0;
}

/* Replies with @len bytes at @data as the value of an xattr or the list of their
 * names.  @size 0 asks for the length alone. */
static void reply(fuse_req_t req, const void *data, size_t len, size_t size)
{
	if (size == 0)
		(void)fuse_reply_xattr(req, len);
	else if (len > size)
		(void)fuse_reply_err(req, ERANGE);
	else
		(void)fuse_reply_buf(req, data, len);
}

struct wanted {
	const char *name;
	struct cfs_bytes value;
};

static int take_value(void *ctx, const char *key, struct cfs_bytes value,
		      struct cfs_err *err)
{
	struct wanted *wanted = ctx;

	(void)err;
	if (strcmp(key, wanted->name) != 0)
		return 0;
	wanted->value = value;
	return 1;
}

void cfs_fuse_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name,
		       size_t size)
{
	const struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	struct wanted wanted = { .name = name };
	struct cfs_err err = { 0 };
	struct cfs_erofs_stat st;
	int r = cfs_fuse_stat(req, ino, &st);

	if (r > 0) {
		(void)fuse_reply_err(req, r);
		return;
	}
	r = cfs_erofs_view_xattrs(server->view, &st, take_value, &wanted, &err);
	if (r > 0)
		reply(req, wanted.value.data, wanted.value.len, size);
	else
		(void)fuse_reply_err(req, r < 0 ? EIO : ENODATA);
}

struct listing {
	bool with_trusted;
	struct cfs_buf names;
};

static int add_name(void *ctx, const char *key, struct cfs_bytes value,
		    struct cfs_err *err)
{
	struct listing *list = ctx;

	(void)value;
	if (is_trusted(key) && !list->with_trusted)
		return 0;
	cfs_buf_add(&list->names, key, strlen(key) + 1);
	return cfs_buf_check(&list->names, err);
}

void cfs_fuse_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	const struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	struct listing list = {
		.with_trusted = server->has_root && fuse_req_ctx(req)->uid == 0,
	};
	struct cfs_err err = { 0 };
	struct cfs_erofs_stat st;
	int r = cfs_fuse_stat(req, ino, &st);

	if (r == 0 &&
	    cfs_erofs_view_xattrs(server->view, &st, add_name, &list, &err) < 0)
		r = err.code == ENOMEM ? ENOMEM : EIO;
	if (r > 0)
		(void)fuse_reply_err(req, r);
	else
		reply(req, list.names.data, list.names.len, size);
	cfs_buf_free(&list.names);
}
