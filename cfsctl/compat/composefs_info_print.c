/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lines of composefs-info, byte for byte those of the C program. */
#include <string.h>

#include "cfsctl/compat/composefs_info.h"
#include "tree/dump/dump.h"

static bool passes(const struct cfs_info_image *image,
		   const struct cfs_node *node)
{
	if (!node->parent || node->parent->parent || image->filters == 0)
		return true;
	for (unsigned i = 0; i < image->filters; i++)
		if (strcmp(image->filter[i], node->name) == 0)
			return true;
	return false;
}

struct cfs_node *cmd_info_walk(const struct cfs_info_image *image,
			       struct cfs_node *at)
{
	struct cfs_node *root = image->tree->root;

	at = cfs_node_walk(root, at);
	/* Only in / is anything left out, with all that is below it. */
	while (at && !passes(image, at))
		at = at->next;
	return at;
}

/* The first name that was printed of @node's inode: itself, or another. */
static struct cfs_node *first_name(struct cfs_info_image *image,
				   struct cfs_node *node)
{
	struct cfs_node **first = &image->first[cfs_node_inode(node)->seq];

	if (!*first)
		*first = node;
	return *first;
}

static void add_path(struct cfs_buf *out, const struct cfs_node *node,
		     unsigned how)
{
	CFS_AUTOBUF struct cfs_buf path = { 0 };

	cfs_node_path(node, &path);
	if (path.failed)
		out->failed = true;
	else
		cfs_dump_escape(out, cfs_buf_bytes(&path), how);
}

static struct cfs_bytes text_bytes(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

void cmd_info_ls(struct cfs_info_image *image, struct cfs_node *node,
		 struct cfs_buf *out)
{
	const struct cfs_node *inode = cfs_node_inode(node);
	char object[CFS_OBJECT_PATH_MAX];
	const char *backing;

	add_path(out, node, CFS_DUMP_KEEP_SPACES);
	if (first_name(image, node) != node) {
		/* Only the first name says what it is. */
	} else if (S_ISDIR(inode->mode)) {
		cfs_buf_adds(out, "/\t");
	} else if (S_ISLNK(inode->mode)) {
		cfs_buf_adds(out, "\t-> ");
		cfs_dump_escape(out, text_bytes(inode->file.data), 0);
	} else if (S_ISREG(inode->mode)) {
		backing = cfs_node_backing(image->tree, inode, object);
		if (backing) {
			cfs_buf_adds(out, "\t@ ");
			cfs_dump_escape(out, text_bytes(backing), 0);
		}
	}
	cfs_buf_addc(out, '\n');
}

static void add_payload(const struct cfs_info_image *image,
			const struct cfs_node *inode,
			const struct cfs_node *first,
			const struct cfs_node *name, struct cfs_buf *out)
{
	char object[CFS_OBJECT_PATH_MAX];
	const char *text = NULL;

	if (first != name) {
		cfs_buf_addc(out, ' ');
		add_path(out, first, 0);
		return;
	}
	if (S_ISLNK(inode->mode))
		text = inode->file.data;
	else if (S_ISREG(inode->mode))
		text = cfs_node_backing(image->tree, inode, object);
	cfs_dump_optional(out, text, text ? strlen(text) : 0);
}

static void add_content(const struct cfs_info_image *image,
			const struct cfs_node *inode, struct cfs_buf *out)
{
	bool content = S_ISREG(inode->mode) && inode->flags & CFS_NODE_INLINE &&
		       inode->size > 0;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest digest;

	cfs_dump_optional(out, content ? inode->file.data : NULL,
			  (size_t)inode->size);
	if (S_ISREG(inode->mode) &&
	    cfs_node_digest(image->tree, inode, &digest)) {
		cfs_digest_to_hex(&digest, hex);
		cfs_dump_optional(out, hex, strlen(hex));
	} else {
		cfs_dump_optional(out, NULL, 0);
	}
}

/*
 * The C program drops these whatever they are about, and prints the "opaque"
 * ones although the writer adds them again.
 */
static bool is_mark(const struct cfs_info_image *image,
		    const struct cfs_node *inode, const char *key)
{
	if (image->version > 1)
		return false;
	return strcmp(key, "trusted.overlay.whiteouts") == 0 ||
	       strcmp(key, "user.overlay.whiteout") == 0 ||
	       strcmp(key, "user.overlay.whiteouts") == 0 ||
	       (cfs_node_is_whiteout(inode) &&
		strcmp(key, "trusted.overlay.whiteout") == 0);
}

static void add_xattrs(const struct cfs_info_image *image,
		       const struct cfs_node *inode,
		       const struct cfs_erofs_detail *detail,
		       struct cfs_buf *out)
{
	for (uint32_t i = 0; i < detail->n; i++) {
		const struct cfs_xattr *x = detail->xattrs[i];

		if (is_mark(image, inode, x->key))
			continue;
		cfs_buf_addc(out, ' ');
		cfs_dump_escape(out, text_bytes(x->key),
				CFS_DUMP_ESCAPE_EQUALS);
		cfs_buf_addc(out, '=');
		cfs_dump_escape(out,
				(struct cfs_bytes){ x->value, x->value_len },
				CFS_DUMP_ESCAPE_EQUALS);
	}
}

void cmd_info_dump(struct cfs_info_image *image, struct cfs_node *node,
		   struct cfs_buf *out)
{
	const struct cfs_node *inode = cfs_node_inode(node);
	const struct cfs_node *first = first_name(image, node);
	const struct cfs_erofs_detail *detail = image->details[inode->seq];
	uint64_t size = S_ISDIR(inode->mode) ? detail->size : inode->size;

	add_path(out, node, 0);
	cfs_buf_addf(out, " %llu %s%o %u %u %u %u %lld.%u",
		     (unsigned long long)size, first == node ? "" : "@",
		     inode->mode, inode->nlink, inode->uid, inode->gid,
		     inode->rdev, (long long)inode->mtime_sec,
		     inode->mtime_nsec);
	add_payload(image, inode, first, node, out);
	add_content(image, inode, out);
	add_xattrs(image, inode, detail, out);
	cfs_buf_addc(out, '\n');
}
