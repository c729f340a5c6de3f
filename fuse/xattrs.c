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

/* Replies with @len bytes at @data as the value of an xattr or the list of
 * their names.  @size 0 asks for the length alone. */
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

/* The prefix by which overlayfs asks for a user's own xattr with such a
 * name. */
static const char escaped[] = "user.overlay.overlay.";

static bool begins_with(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Where the object of a file is.  Overlayfs asks for that three times in a row,
 * so each thread keeps it of the last file that it was asked about. */
static _Thread_local struct lead {
	unsigned server; /* its number; 0: of no file */
	uint64_t nid;
	struct cfs_erofs_metacopy metacopy;
	size_t metacopy_len;
	char redirect[1 + CFS_FUSE_PATH_MAX];
} last;

static int read_lead(const struct cfs_fuse_server *server,
		     const struct cfs_erofs_stat *st)
{
	struct cfs_erofs_backing backing;
	struct cfs_err err = { 0 };

	last.server = 0;
	if (cfs_erofs_view_backing(server->view, st, &backing, &err) < 0 ||
	    cfs_fuse_object_path(&backing, last.redirect + 1, &err) < 0)
		return EIO;
	last.redirect[0] = '/';
	last.metacopy_len =
		backing.has_digest
			? cfs_erofs_metacopy_of(&backing.digest, &last.metacopy)
			: 0;
	last.nid = st->nid;
	last.server = server->number;
	return 0;
}

/* Returns 0 with *@ret, which is NULL for a file without an object, or the
 * errno value for the reply. */
static int find_lead(fuse_req_t req, fuse_ino_t ino, const struct lead **ret)
{
	const struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	struct cfs_erofs_stat st;
	int r = 0;

	*ret = NULL;
	if (last.server != server->number ||
	    last.nid != cfs_fuse_nid(server, ino)) {
		r = cfs_fuse_stat(req, ino, &st);
		if (r > 0 || !S_ISREG(st.mode) || st.layout != CFS_EROFS_CHUNKS)
			return r;
		r = read_lead(server, &st);
	}
	if (r == 0)
		*ret = &last;
	return r;
}

/* Replies with the xattr @name if it is one that overlayfs interprets.  Returns
 * whether it is. */
static bool reply_overlay(fuse_req_t req, fuse_ino_t ino, const char *name,
			  size_t size)
{
	bool metacopy = strcmp(name, "user.overlay.metacopy") == 0;
	const struct lead *lead = NULL;
	int r = 0;

	if (!begins_with(name, overlay) || begins_with(name, escaped))
		return false;
	if (metacopy || strcmp(name, "user.overlay.redirect") == 0)
		r = find_lead(req, ino, &lead);
	if (r > 0 || cfs_fuse_is_lost(req))
		(void)fuse_reply_err(req, EIO);
	else if (!lead)
		(void)fuse_reply_err(req, ENODATA);
	else if (metacopy)
		reply(req, &lead->metacopy, lead->metacopy_len, size);
	else
		reply(req, lead->redirect, strlen(lead->redirect), size);
	return true;
}

/* Returns the name of the user's xattr that overlayfs asks for as @name. */
static const char *unescape(const char *name, char plain[static KEY_MAX])
{
	if (!begins_with(name, escaped))
		return name;
	snprintf(plain, KEY_MAX, "%s%s", overlay, name + strlen(escaped));
	return plain;
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
	int r;

	if (for_overlay && reply_overlay(req, ino, name, size))
		return;
	r = cfs_fuse_stat(req, ino, &st);
	if (r > 0) {
		(void)fuse_reply_err(req, r);
		return;
	}
	if (for_overlay)
		wanted.name = unescape(name, plain);
	r = cfs_erofs_view_xattrs(server->view, &st, take_value, &wanted, &err);
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
	if (list->for_overlay && begins_with(key, overlay)) {
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
