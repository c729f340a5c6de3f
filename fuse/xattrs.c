/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <linux/limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "fuse/server.h"

#define KEY_MAX (XATTR_NAME_MAX + 1)

static const char trusted[] = "trusted.";

static bool is_trusted(const char *key)
{
	return strncmp(key, trusted, strlen(trusted)) == 0;
}

/* Replies with @len bytes at @data as the value of an xattr or the list of their
 * names.  @size 0 asks for the length alone. */
static void reply(fuse_req_t req, const void *data, size_t len, size_t size)
{
	const struct iovec iov = { (void *)(uintptr_t)data, len };

	if (cfs_fuse_is_lost(req))
		(void)fuse_reply_err(req, EIO);
	else if (size == 0)
		(void)fuse_reply_xattr(req, len);
	else if (len > size)
		(void)fuse_reply_err(req, ERANGE);
	else
		cfs_fuse_reply_image(req, &iov, 1);
}

/* The xattrs by which overlayfs finds the contents of a file, in a mount of its
 * own for a user. */
static const char overlay[] = "user.overlay.";

/* The name of the user's xattr that overlayfs asks for as @name; NULL: the user
 * can have none of that name. */
static const char *unescape(const char *name, char plain[static KEY_MAX])
{
	size_t prefix = strlen(overlay);

	if (strncmp(name, overlay, prefix) != 0)
		return name;
	if (strncmp(name + prefix, "overlay.", strlen("overlay.")) != 0)
		return NULL;
	snprintf(plain, KEY_MAX, "%s%s", overlay,
		 name + prefix + strlen("overlay."));
	return plain;
}

/* Replies with the xattr @name of an external file, if it is one that leads to
 * its object.  Returns whether it was. */
static bool reply_overlay(fuse_req_t req, const struct cfs_erofs_stat *st,
			  const char *name, size_t size)
{
	const struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	bool metacopy = strcmp(name, "user.overlay.metacopy") == 0;
	struct cfs_erofs_backing backing;
	struct cfs_erofs_metacopy value;
	struct cfs_err err = { 0 };
	char path[1 + CFS_FUSE_PATH_MAX] = "/";

	if ((!metacopy && strcmp(name, "user.overlay.redirect") != 0) ||
	    !S_ISREG(st->mode) || st->layout != CFS_EROFS_CHUNKS)
		return false;
	if (cfs_erofs_view_backing(server->view, st, &backing, &err) < 0 ||
	    cfs_fuse_object_path(&backing, path + 1, &err) < 0) {
		(void)fuse_reply_err(req, EIO);
	} else if (metacopy) {
		size_t len = cfs_erofs_metacopy_of(&backing.digest, &value);

		reply(req, &value, backing.has_digest ? len : 0, size);
	} else {
		reply(req, path, strlen(path), size);
	}
	return true;
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
	bool for_overlay = server->mode == CFS_FUSE_OVERLAY;
	char plain[KEY_MAX];
	struct wanted wanted = { .name = name };
	struct cfs_err err = { 0 };
	struct cfs_erofs_stat st;
	int r = cfs_fuse_stat(req, ino, &st);

	if (r > 0) {
		(void)fuse_reply_err(req, r);
		return;
	}
	if (for_overlay && reply_overlay(req, &st, name, size))
		return;
	if (for_overlay)
		wanted.name = unescape(name, plain);
	if (wanted.name)
		r = cfs_erofs_view_xattrs(server->view, &st, take_value,
					  &wanted, &err);
	if (r > 0)
		reply(req, wanted.value.data, wanted.value.len, size);
	else if (cfs_fuse_is_lost(req) || r < 0)
		(void)fuse_reply_err(req, EIO);
	else
		(void)fuse_reply_err(req, ENODATA);
}

struct listing {
	bool with_trusted, for_overlay;
	struct cfs_buf names;
};

static int add_name(void *ctx, const char *key, struct cfs_bytes value,
		    struct cfs_err *err)
{
	struct listing *list = ctx;

	(void)value;
	if (is_trusted(key) && !list->with_trusted)
		return 0;
	if (list->for_overlay && strncmp(key, overlay, strlen(overlay)) == 0) {
		cfs_buf_adds(&list->names, overlay);
		key += strlen("user.");
	}
	cfs_buf_add(&list->names, key, strlen(key) + 1);
	return cfs_buf_check(&list->names, err);
}

void cfs_fuse_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	const struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	struct listing list = {
		.with_trusted = server->has_root && fuse_req_ctx(req)->uid == 0,
		.for_overlay = server->mode == CFS_FUSE_OVERLAY,
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
