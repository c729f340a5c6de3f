/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "erofs/read_tree.h"

int cfs_erofs_bad(struct cfs_err *err)
{
	if (err->code != ENOMEM)
		err->code = EBADMSG;
	return -err->code;
}

static void fill(struct cfs_node *node, const struct cfs_erofs_stat *st)
{
	node->mode = st->mode;
	node->nlink = st->nlink;
	node->uid = st->uid;
	node->gid = st->gid;
	node->mtime_sec = st->mtime_sec;
	node->mtime_nsec = st->mtime_nsec;
}

/* Sets *@ret to the data of an inode, joined from blocks and tail. */
static int gather(struct cfs_erofs_reading *rd, const struct cfs_erofs_stat *st,
		  size_t max, struct cfs_bytes *ret, struct cfs_err *err)
{
	/* Checked before it is copied: it may be as large as the image. */
	if (st->size > max)
		return cfs_fail(err, EBADMSG,
				"%llu bytes in the image; the maximum is %zu",
				(unsigned long long)st->size, max);
	rd->content.len = 0;
	cfs_buf_add(&rd->content, st->blocks.data, st->blocks.len);
	cfs_buf_add(&rd->content, st->tail.data, st->tail.len);
	*ret = cfs_buf_bytes(&rd->content);
	return cfs_buf_check(&rd->content, err);
}

int cfs_erofs_metacopy_parse(struct cfs_bytes value, struct cfs_digest *ret,
			     struct cfs_err *err)
{
	struct cfs_erofs_metacopy metacopy = { 0 };
	struct cfs_digest digest = { 0 };

	/* An empty value, which the caller has handled, is a metacopy without a
	 * digest.  For any other malformed one overlayfs fails. */
	if (value.len < 4 || value.len > sizeof(metacopy))
		return cfs_fail(err, EBADMSG,
				"trusted.overlay.metacopy is %zu bytes",
				value.len);
	memcpy(&metacopy, value.data, value.len);
	/* overlayfs refuses unknown versions and flags, too. */
	digest.alg = metacopy.digest_algo;
	if (metacopy.version || metacopy.flags || metacopy.len != value.len ||
	    (digest.alg != CFS_ALG_SHA256 && digest.alg != CFS_ALG_SHA512) ||
	    value.len != 4 + cfs_alg_size(digest.alg))
		return cfs_fail(err, EBADMSG,
				"trusted.overlay.metacopy is malformed");
	memcpy(digest.bytes, metacopy.digest, value.len - 4);
	*ret = digest;
	return 0;
}

int cfs_erofs_redirect_parse(struct cfs_bytes value, struct cfs_bytes *ret,
			     struct cfs_err *err)
{
	struct cfs_bytes path = value, rest;
	size_t len;

	if (path.len < 2 || path.data[0] != '/')
		return cfs_fail(err, EBADMSG,
				"trusted.overlay.redirect is not a path");
	path = (struct cfs_bytes){ path.data + 1, path.len - 1 };
	for (rest = path; rest.len > 0;) {
		const uint8_t *slash = memchr(rest.data, '/', rest.len);

		len = slash ? (size_t)(slash - rest.data) : rest.len;
		/* It could lead out of the directory of objects. */
		if (len == 2 && rest.data[0] == '.' && rest.data[1] == '.')
			return cfs_fail(err, EBADMSG,
					"trusted.overlay.redirect contains ..");
		len += slash != NULL;
		rest = (struct cfs_bytes){ rest.data + len, rest.len - len };
	}
	*ret = path;
	return 0;
}

/* Checks that the chunk index has nothing but holes, whose address has all bits
 * set. With any other address, a mount of the image without overlayfs would
 * show a part of the image in the file. */
static int check_chunks(struct cfs_erofs_reading *rd,
			const struct cfs_erofs_stat *st, struct cfs_err *err)
{
	bool needs_digest = rd->image.rules->index_needs_digest;

	if (needs_digest && rd->attrs.metacopy.len == 0)
		return 0;
	if (needs_digest && st->tail.len == 0)
		return cfs_fail(err, EBADMSG,
				"chunk index is beyond the end of the image");
	for (size_t i = 0; i < st->tail.len; i++) {
		if (st->tail.data[i] != 0xff)
			return cfs_fail(err, EBADMSG,
					"chunk index refers to data in the "
					"image");
	}
	return needs_digest ? cfs_erofs_chunks_take(&rd->image, st, err) : 0;
}

static int read_external(struct cfs_erofs_reading *rd,
			 const struct cfs_erofs_stat *st, struct cfs_node *node,
			 struct cfs_err *err)
{
	struct cfs_bytes path = { 0 };
	struct cfs_digest digest;
	bool has_digest = rd->attrs.metacopy.len > 0;

	/* Without metacopy the file would be one of zeros, which the writer
	 * never makes. */
	if (!rd->attrs.has_metacopy)
		return cfs_fail(err, EBADMSG,
				"chunk index without trusted.overlay.metacopy");
	if (check_chunks(rd, st, err) < 0)
		return -err->code;
	if (has_digest &&
	    cfs_erofs_metacopy_parse(rd->attrs.metacopy, &digest, err) < 0)
		return -err->code;
	if (rd->attrs.has_redirect &&
	    cfs_erofs_redirect_parse(rd->attrs.redirect, &path, err) < 0)
		return -err->code;
	if (cfs_node_set_backing(rd->tree, node, st->size, path,
				 has_digest ? &digest : NULL, err) < 0)
		return cfs_erofs_bad(err);
	return 0;
}

/* Returns whether @node is a whiteout of the tree, written as an empty file
 * with marks. */
static bool is_escaped_whiteout(const struct cfs_erofs_reading *rd,
				const struct cfs_erofs_stat *st,
				const struct cfs_node *node)
{
	return rd->image.rules->escapes_whiteouts && S_ISREG(st->mode) &&
	       st->size == 0 &&
	       cfs_xattrs_get(node->xattrs, "trusted.overlay.whiteout");
}

/* Removes from @node the @n xattrs with these keys and values. */
static int drop_xattrs(struct cfs_erofs_reading *rd, struct cfs_node *node,
		       const char *const *keys, const char *const *values,
		       size_t n, struct cfs_err *err)
{
	const struct cfs_xattrs *list = node->xattrs;

	rd->attrs.list.n = 0;
	for (size_t i = 0; list && i < list->n; i++) {
		const struct cfs_xattr *x = list->v[i];
		bool drop = false;

		for (size_t k = 0; k < n && !drop; k++)
			drop = strcmp(x->key, keys[k]) == 0 &&
			       x->value_len == strlen(values[k]) &&
			       memcmp(x->value, values[k], x->value_len) == 0;
		if (drop)
			continue;
		(void)cfs_vec_add(&rd->attrs.list, x);
	}
	if (cfs_vec_check(&rd->attrs.list, err) < 0)
		return -err->code;
	return cfs_xattrs_add(&rd->tree->xattrs, rd->attrs.list.v,
			      rd->attrs.list.n, &node->xattrs, err);
}

static int make_whiteout(struct cfs_erofs_reading *rd, struct cfs_node *node,
			 struct cfs_err *err)
{
	static const char *const keys[] = { "trusted.overlay.whiteout",
					    "user.overlay.whiteout" };
	static const char *const values[] = { "", "" };

	/* The writer made a regular file of it, since a whiteout proper would
	 * hide files of the layers below instead of being one. */
	rd->whiteouts = true;
	node->mode = (node->mode & 07777) | S_IFCHR;
	return drop_xattrs(rd, node, keys, values, CFS_ARRAY_SIZE(keys), err);
}

/* Only what the writer set, with the values that it sets: others are the
 * user's. */
static int unmark(struct cfs_erofs_reading *rd, struct cfs_node *dir,
		  struct cfs_err *err)
{
	static const char *const keys[] = { "trusted.overlay.whiteouts",
					    "user.overlay.whiteouts",
					    "trusted.overlay.opaque",
					    "user.overlay.opaque" };
	static const char *const values[] = { "", "", "x", "x" };

	return drop_xattrs(
		rd, dir, keys, values,
		rd->image.rules->marks_opaque ? CFS_ARRAY_SIZE(keys) : 2, err);
}

int cfs_erofs_unmark(struct cfs_erofs_reading *rd, struct cfs_err *err)
{
	struct cfs_node *n = rd->whiteouts ? rd->tree->root : NULL;
	int r = 0;

	for (; n && r == 0; n = cfs_node_walk(rd->tree->root, n)) {
		if (cfs_node_holds_whiteout(n))
			r = unmark(rd, n, err);
	}
	return r;
}

static int read_regular(struct cfs_erofs_reading *rd,
			const struct cfs_erofs_stat *st, struct cfs_node *node,
			struct cfs_err *err)
{
	struct cfs_bytes content;

	if (st->layout == CFS_EROFS_CHUNKS)
		return read_external(rd, st, node, err);
	/* overlayfs would show other contents than those in the image. */
	if (rd->attrs.has_metacopy || rd->attrs.has_redirect)
		return cfs_fail(err, EBADMSG,
				"trusted.overlay.metacopy or redirect on a "
				"file with contents");
	if (!rd->image.rules->escapes_whiteouts &&
	    cfs_xattrs_get(node->xattrs, "trusted.overlay.whiteout"))
		return cfs_fail(err, EBADMSG, "escaped whiteout in version %u",
				rd->image.rules->version);
	if (is_escaped_whiteout(rd, st, node))
		return make_whiteout(rd, node, err);
	if (gather(rd, st, rd->image.rules->inline_max, &content, err) < 0)
		return -err->code;
	if (cfs_node_set_content(rd->tree, node, content, err) < 0)
		return cfs_erofs_bad(err);
	return 0;
}

/* Refuses a symbolic link that is not within a block, as kernels before 6.12
 * do. */
static int check_symlink(const struct cfs_erofs_reading *rd,
			 const struct cfs_erofs_stat *st, struct cfs_err *err)
{
	const uint8_t *start = rd->image.bytes.data + st->nid * CFS_EROFS_SLOT;

	if (rd->image.rules->symlinks_in_block && st->tail.len > 0 &&
	    st->nid * CFS_EROFS_SLOT % CFS_EROFS_BLOCK +
			    (size_t)(st->tail.data + st->tail.len - start) >
		    CFS_EROFS_BLOCK)
		return cfs_fail(err, EBADMSG,
				"symlink crosses the end of a block");
	return 0;
}

static int read_symlink(struct cfs_erofs_reading *rd,
			const struct cfs_erofs_stat *st, struct cfs_node *node,
			struct cfs_err *err)
{
	struct cfs_bytes target;

	if (gather(rd, st, rd->image.rules->target_max, &target, err) < 0 ||
	    check_symlink(rd, st, err) < 0)
		return -err->code;
	if (cfs_node_set_target(rd->tree, node, target, err) < 0)
		return cfs_erofs_bad(err);
	return 0;
}

/* Collects the detail of the current inode, before its xattrs are sorted and
 * marks are removed. */
static int note_detail(struct cfs_erofs_reading *rd,
		       const struct cfs_erofs_stat *st, struct cfs_err *err)
{
	const struct cfs_xattr *const *list = rd->attrs.list.v;
	size_t shared = rd->attrs.shared, n = rd->attrs.list.n;
	struct cfs_erofs_detail *detail;

	detail = cfs_arena_alloc(&rd->tree->arena,
				 sizeof(*detail) + n * sizeof(*list));
	if (!detail)
		return cfs_no_memory(err);
	detail->nid = st->nid;
	detail->size = st->size;
	detail->n = (uint32_t)n;
	/* Its own come before those in the table. */
	for (size_t i = 0; i < n; i++)
		detail->xattrs[i] = list[(i + shared) % n];
	rd->detail = detail;
	return 0;
}

int cfs_erofs_node_read(struct cfs_erofs_reading *rd,
			const struct cfs_erofs_stat *st, struct cfs_node *node,
			struct cfs_err *err)
{
	fill(node, st);
	if (cfs_erofs_attrs_parse(&rd->image, st, rd->tree, &rd->memo,
				  &rd->attrs, err) < 0)
		return -err->code;
	/* Only the root may hide what lower layers have: another directory
	 * would lose files that the image does not mention. */
	if (rd->attrs.opaque && (node->parent || !rd->image.rules->stubs))
		return cfs_fail(err, EBADMSG,
				"xattr trusted.overlay.opaque is not allowed "
				"here");
	if (rd->details && note_detail(rd, st, err) < 0)
		return -err->code;
	if (cfs_xattrs_add(&rd->tree->xattrs, rd->attrs.list.v,
			   rd->attrs.list.n, &node->xattrs, err) < 0)
		return cfs_erofs_bad(err);
	if (S_ISREG(st->mode))
		return read_regular(rd, st, node, err);
	/* A redirect of a directory would merge it with another one. */
	if (rd->attrs.has_metacopy || rd->attrs.has_redirect)
		return cfs_fail(err, EBADMSG,
				"trusted.overlay.metacopy or redirect on "
				"something other than a regular file");
	if (S_ISLNK(st->mode))
		return read_symlink(rd, st, node, err);
	if (S_ISCHR(st->mode) || S_ISBLK(st->mode))
		node->rdev = st->u;
	return 0;
}
