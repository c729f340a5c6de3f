/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/view.h"

#include <string.h>

#include "erofs/prefix.h"
#include "erofs/read_image.h"

struct cfs_erofs_view {
	struct cfs_erofs_image image;
	bool has_acls;
};

/* A version without the flag says nothing about it: there may be some. */
static bool may_have_acls(const struct cfs_erofs_image *image)
{
	struct cfs_erofs_header header;

	memcpy(&header, image->bytes.data, sizeof(header));
	return !image->rules->acl_flag ||
	       cfs_get32(header.flags) & CFS_EROFS_HEADER_HAS_ACL;
}

int cfs_erofs_view_new(struct cfs_bytes image, struct cfs_erofs_view **ret,
		       struct cfs_err *err)
{
	CFS_AUTO(cfs_erofs_view_free) struct cfs_erofs_view *view = NULL;
	struct cfs_erofs_stat root;

	view = calloc(1, sizeof(*view));
	if (!view)
		return cfs_no_memory(err);
	/* The root at once: without it there is nothing to be seen. */
	if (cfs_erofs_image_open_shared(&view->image, image, err) < 0 ||
	    cfs_erofs_view_stat(view, view->image.root_nid, &root, err) < 0)
		return cfs_ctx(err, "image");
	if (!S_ISDIR(root.mode))
		return cfs_fail(err, EBADMSG, "image: / is not a directory");
	view->has_acls = may_have_acls(&view->image);
	*ret = cfs_steal_ptr(&view);
	return 0;
}

void cfs_erofs_view_free(struct cfs_erofs_view *view)
{
	free(view);
}

uint64_t cfs_erofs_view_root(const struct cfs_erofs_view *view)
{
	return view->image.root_nid;
}

uint64_t cfs_erofs_view_inodes(const struct cfs_erofs_view *view)
{
	return view->image.inos;
}

bool cfs_erofs_view_has_acls(const struct cfs_erofs_view *view)
{
	return view->has_acls;
}

int cfs_erofs_view_stat(const struct cfs_erofs_view *view, uint64_t nid,
			struct cfs_erofs_stat *ret, struct cfs_err *err)
{
	/* A copy, since reading an inode changes an image that is not
	 * shared. */
	struct cfs_erofs_image image = view->image;

	return cfs_erofs_inode_read(&image, nid, ret, err);
}

/* For overlayfs a name that is not there: one of the stubs that hide the
 * directories of objects, or one that hides what is in another layer. */
static bool is_whiteout(const struct cfs_erofs_stat *st)
{
	return S_ISCHR(st->mode) && st->u == 0;
}

/* Reads the inode of @entry.  Returns 1, or 0 for a whiteout. */
static int read_entry(const struct cfs_erofs_view *view,
		      const struct cfs_erofs_entry_read *entry,
		      struct cfs_erofs_stat *ret, struct cfs_err *err)
{
	struct cfs_erofs_stat st;

	if (cfs_erofs_view_stat(view, entry->nid, &st, err) < 0)
		return -err->code;
	/* readdir(3) would say one thing and stat(2) another. */
	if (entry->file_type != cfs_erofs_file_type(st.mode))
		return cfs_fail(err, EBADMSG,
				"wrong file type in the directory entry");
	if (is_whiteout(&st))
		return 0;
	*ret = st;
	return 1;
}

int cfs_erofs_view_find(const struct cfs_erofs_view *view,
			const struct cfs_erofs_stat *dir, struct cfs_bytes name,
			struct cfs_erofs_stat *ret, struct cfs_err *err)
{
	struct cfs_erofs_entry_read entry;
	int r;

	if (!S_ISDIR(dir->mode))
		return cfs_fail(err, ENOTDIR, "not a directory");
	r = cfs_erofs_dir_find(dir, name, &entry, err);
	return r <= 0 ? r : read_entry(view, &entry, ret, err);
}

int cfs_erofs_view_list(const struct cfs_erofs_view *view,
			const struct cfs_erofs_stat *dir, uint64_t pos,
			cfs_erofs_entry_fn *found, void *ctx,
			struct cfs_err *err)
{
	struct cfs_erofs_dir_read it;
	struct cfs_erofs_entry_read disk;
	struct cfs_erofs_entry entry;
	int r;

	if (!S_ISDIR(dir->mode))
		return cfs_fail(err, ENOTDIR, "not a directory");
	cfs_erofs_dir_open(&it, dir);
	r = cfs_erofs_dir_seek(&it, pos, err);
	while (r == 0) {
		r = cfs_erofs_dir_read(&it, &disk, err);
		if (r <= 0)
			return r;
		r = read_entry(view, &disk, &entry.st, err);
		if (r <= 0)
			continue;
		entry.name = disk.name;
		entry.next = cfs_erofs_dir_tell(&it);
		r = found(ctx, &entry, err);
	}
	return r;
}

struct shown {
	cfs_erofs_view_xattr_fn *found;
	void *ctx;
};

static int show(void *ctx, const char *key, bool of_user,
		struct cfs_bytes value, struct cfs_err *err)
{
	const struct shown *shown = ctx;

	return of_user ? shown->found(shown->ctx, key, value, err) : 0;
}

int cfs_erofs_view_xattrs(const struct cfs_erofs_view *view,
			  const struct cfs_erofs_stat *st,
			  cfs_erofs_view_xattr_fn *found, void *ctx,
			  struct cfs_err *err)
{
	struct shown shown = { found, ctx };

	return cfs_erofs_attrs_each(&view->image, st, show, &shown, err);
}

/* Collects the xattrs that the writer added for overlayfs. One of the same name
 * that the user had set is escaped in the image, and is an ordinary xattr. */
static int note_backing(void *ctx, const char *key, bool of_user,
			struct cfs_bytes value, struct cfs_err *err)
{
	struct cfs_erofs_backing *backing = ctx;

	if (of_user)
		return 0;
	if (strcmp(key, CFS_OVERLAY_PREFIX "redirect") == 0)
		return cfs_erofs_redirect_parse(value, &backing->path, err);
	/* An empty one: the digest of the file was not recorded. */
	if (strcmp(key, CFS_OVERLAY_PREFIX "metacopy") != 0 || value.len == 0)
		return 0;
	backing->has_digest = true;
	return cfs_erofs_metacopy_parse(value, &backing->digest, err);
}

int cfs_erofs_view_backing(const struct cfs_erofs_view *view,
			   const struct cfs_erofs_stat *st,
			   struct cfs_erofs_backing *ret, struct cfs_err *err)
{
	struct cfs_erofs_backing backing = { 0 };

	if (!S_ISREG(st->mode) || st->layout != CFS_EROFS_CHUNKS)
		return cfs_fail(err, EINVAL, "its contents are in the image");
	if (cfs_erofs_attrs_each(&view->image, st, note_backing, &backing,
				 err) < 0)
		return -err->code;
	*ret = backing;
	return 0;
}

size_t cfs_erofs_metacopy_of(const struct cfs_digest *digest,
			     struct cfs_erofs_metacopy *ret)
{
	size_t len = cfs_alg_size(digest->alg);

	*ret = (struct cfs_erofs_metacopy){
		.len = (uint8_t)(4 + len),
		.digest_algo = (uint8_t)digest->alg,
	};
	memcpy(ret->digest, digest->bytes, len);
	return ret->len;
}
