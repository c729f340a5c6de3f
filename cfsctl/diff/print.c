/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Entries that differ, in words or as JSON. */
#include <string.h>
#include <sys/sysmacros.h>

#include "cfsctl/diff/diff.h"

/* Hex digits of a digest that tell it from others, for people. */
#define DIGEST_SHOWN 16

/* The place that a field's value is taken from. */
struct value {
	const struct cfs_tree *tree;
	const struct cfs_node *inode;
	const struct cfs_node *link; /* the inode's earlier name, or NULL */
	enum cfs_diff_length length;
};

static const char *type_of(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
		return "character device";
	case S_IFBLK:
		return "block device";
	case S_IFIFO:
		return "fifo";
	default:
		return "socket";
	}
}

static void add_path(struct cfs_buf *out, const struct cfs_node *node)
{
	CFS_AUTOBUF struct cfs_buf path = { 0 };

	cfs_node_path(node, &path);
	out->failed |= path.failed;
	if (!path.failed)
		cmd_diff_escape(out, path.data, path.len);
}

static void add_digest(struct cfs_buf *out, const struct cfs_digest *digest,
		       enum cfs_diff_length length)
{
	char hex[CFS_DIGEST_HEX_MAX];
	bool whole = length == CFS_DIFF_WHOLE;

	cfs_digest_to_hex(digest, hex);
	cfs_buf_addf(out, "%s:%.*s%s", cfs_alg_name(digest->alg),
		     whole ? CFS_DIGEST_HEX_MAX : DIGEST_SHOWN, hex,
		     whole ? "" : "...");
}

static void add_type(struct cfs_buf *out, const struct value *v)
{
	cfs_buf_adds(out, type_of(v->inode->mode));
}

static void add_mode(struct cfs_buf *out, const struct value *v)
{
	cfs_buf_addf(out, "%04o", v->inode->mode & 07777);
}

static uint64_t uid_of(const struct value *v)
{
	return v->inode->uid;
}

static uint64_t gid_of(const struct value *v)
{
	return v->inode->gid;
}

static uint64_t size_of(const struct value *v)
{
	return v->inode->size;
}

static uint64_t nlink_of(const struct value *v)
{
	return v->inode->nlink;
}

static void add_rdev(struct cfs_buf *out, const struct value *v)
{
	cfs_buf_addf(out, "%u:%u", major(v->inode->rdev),
		     minor(v->inode->rdev));
}

/* All nine digits, or none: .5 would read as half a second. */
static void add_mtime(struct cfs_buf *out, const struct value *v)
{
	cfs_buf_addf(out, "%lld", (long long)v->inode->mtime_sec);
	if (v->inode->mtime_nsec)
		cfs_buf_addf(out, ".%09u", v->inode->mtime_nsec);
	else
		cfs_buf_adds(out, ".0");
}

static void add_file_digest(struct cfs_buf *out, const struct value *v)
{
	struct cfs_digest digest;

	if (cfs_node_digest(v->tree, v->inode, &digest))
		add_digest(out, &digest, v->length);
	else
		cfs_buf_adds(out, "none");
}

static void add_content(struct cfs_buf *out, const struct value *v)
{
	if (cfs_node_is_external(v->inode))
		add_file_digest(out, v);
	else if (v->inode->size == 0)
		cfs_buf_adds(out, "empty");
	else
		cmd_diff_bytes(out, cfs_node_bytes(v->inode), v->length);
}

static void add_storage(struct cfs_buf *out, const struct value *v)
{
	cfs_buf_adds(out, cfs_node_is_external(v->inode) ? "external"
							 : "in the image");
}

static void add_backing(struct cfs_buf *out, const struct value *v)
{
	char room[CFS_OBJECT_PATH_MAX];
	const char *path = cfs_node_backing(v->tree, v->inode, room);

	if (path)
		cmd_diff_escape(out, path, strlen(path));
	else
		cfs_buf_adds(out, "none");
}

static void add_target(struct cfs_buf *out, const struct value *v)
{
	cmd_diff_escape(out, v->inode->file.data, (size_t)v->inode->size);
}

static void add_hardlink(struct cfs_buf *out, const struct value *v)
{
	if (v->link)
		add_path(out, v->link);
	else
		cfs_buf_adds(out, "none");
}

/* Xattrs have a shape of their own. */
static const struct {
	/* One of them. */
	void (*add)(struct cfs_buf *out, const struct value *v);
	uint64_t (*number)(const struct value *v);
} formats[CFS_DIFF_FIELDS] = {
	[CFS_DIFF_TYPE] = { add_type },
	[CFS_DIFF_MODE] = { add_mode },
	[CFS_DIFF_UID] = { .number = uid_of },
	[CFS_DIFF_GID] = { .number = gid_of },
	[CFS_DIFF_RDEV] = { add_rdev },
	[CFS_DIFF_MTIME] = { add_mtime },
	[CFS_DIFF_SIZE] = { .number = size_of },
	[CFS_DIFF_CONTENT] = { add_content },
	[CFS_DIFF_STORAGE] = { add_storage },
	[CFS_DIFF_DIGEST] = { add_file_digest },
	[CFS_DIFF_BACKING] = { add_backing },
	[CFS_DIFF_TARGET] = { add_target },
	[CFS_DIFF_NLINK] = { .number = nlink_of },
	[CFS_DIFF_HARDLINK] = { add_hardlink },
};

static const struct cfs_node *inode_of(const struct cfs_node *node)
{
	return node->flags & CFS_NODE_LINK ? node->link : node;
}

static void values(const struct cfs_diff_print *p, const struct cfs_diff *diff,
		   struct value ret[2])
{
	ret[0] = (struct value){ p->side[0].tree, inode_of(diff->a),
				 diff->link_a, p->length };
	ret[1] = (struct value){ p->side[1].tree, inode_of(diff->b),
				 diff->link_b, p->length };
}

static struct cfs_diff_xattrs xattrs_of(const struct cfs_diff_print *p,
					const struct cfs_diff *diff)
{
	return (struct cfs_diff_xattrs){ .a = inode_of(diff->a)->xattrs,
					 .b = inode_of(diff->b)->xattrs,
					 .ignore = p->ignore };
}

static struct cfs_bytes value_of(const struct cfs_xattr *x)
{
	return (struct cfs_bytes){ x->value, x->value_len };
}

static bool has(const struct cfs_diff *diff, enum cfs_diff_field field)
{
	return diff->fields >> field & 1;
}

static void words_xattr(struct cfs_diff_print *p, const struct cfs_xattr *a,
			const struct cfs_xattr *b)
{
	const struct cfs_xattr *x = a ? a : b;

	cfs_buf_adds(&p->out, "xattr ");
	cmd_diff_escape(&p->out, x->key, x->key_len);
	if (a && b) {
		cfs_buf_addc(&p->out, ' ');
		cmd_diff_value(&p->out, a->key, value_of(a), p->length);
		cfs_buf_adds(&p->out, " -> ");
		cmd_diff_value(&p->out, b->key, value_of(b), p->length);
		return;
	}
	cfs_buf_adds(&p->out, a ? " only in A (" : " only in B (");
	cmd_diff_value(&p->out, x->key, value_of(x), p->length);
	cfs_buf_addc(&p->out, ')');
}

static void words_below(struct cfs_diff_print *p, const struct cfs_diff *diff,
			const char *comma)
{
	uint64_t n = diff->below_a + diff->below_b;

	if (n > 0)
		cfs_buf_addf(&p->out, "%s%llu entr%s below it only in %c",
			     comma, (unsigned long long)n, cmd_diff_ies(n),
			     diff->below_a ? 'A' : 'B');
}

static void words_value(struct cfs_buf *out, unsigned field,
			const struct value *v)
{
	if (formats[field].number)
		cfs_buf_addf(out, "%llu",
			     (unsigned long long)formats[field].number(v));
	else
		formats[field].add(out, v);
}

static void words_changed(struct cfs_diff_print *p, const struct cfs_diff *diff)
{
	struct cfs_diff_xattrs it = xattrs_of(p, diff);
	const struct cfs_xattr *a, *b;
	const char *comma = "";
	struct value v[2];

	values(p, diff, v);
	for (unsigned i = 0; i < CFS_DIFF_XATTRS; i++) {
		if (!has(diff, i))
			continue;
		cfs_buf_addf(&p->out, "%s%s ", comma, cfs_diff_field_name(i));
		words_value(&p->out, i, &v[0]);
		cfs_buf_adds(&p->out, " -> ");
		words_value(&p->out, i, &v[1]);
		comma = ", ";
	}
	while (has(diff, CFS_DIFF_XATTRS) &&
	       cfs_diff_xattrs_next(&it, &a, &b)) {
		cfs_buf_adds(&p->out, comma);
		words_xattr(p, a, b);
		comma = ", ";
	}
	words_below(p, diff, comma);
}

static void words_only(struct cfs_diff_print *p, const struct cfs_diff *diff)
{
	const struct cfs_node *node = diff->a ? diff->a : diff->b;
	unsigned long long below = diff->below_a + diff->below_b;

	cfs_buf_addf(&p->out, "only in %c (", diff->a ? 'A' : 'B');
	if (node->flags & CFS_NODE_LINK) {
		cfs_buf_adds(&p->out, "hard link of ");
		add_path(&p->out, node->link);
	} else {
		cfs_buf_adds(&p->out, type_of(node->mode));
	}
	if (below > 0)
		cfs_buf_addf(&p->out, ", %llu entr%s below", below,
			     cmd_diff_ies(below));
	else if (S_ISREG(node->mode) && !(node->flags & CFS_NODE_LINK))
		cfs_buf_addf(&p->out, ", %llu byte%s",
			     (unsigned long long)node->size,
			     cmd_diff_s(node->size));
	cfs_buf_addc(&p->out, ')');
}

static void words_entry(struct cfs_diff_print *p, const struct cfs_diff *diff)
{
	add_path(&p->out, diff->a ? diff->a : diff->b);
	cfs_buf_adds(&p->out, ": ");
	if (diff->a && diff->b)
		words_changed(p, diff);
	else
		words_only(p, diff);
	cfs_buf_addc(&p->out, '\n');
}

static void json_path(struct cfs_json_writer *w, const char *name,
		      const struct cfs_node *node)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	add_path(&text, node);
	cfs_json_write_buf(w, name, &text);
}

static void json_xattr(struct cfs_json_writer *w, const char *name,
		       const struct cfs_xattr *x)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	if (!x) {
		cfs_json_write_null(w, name);
		return;
	}
	cmd_diff_value(&text, x->key, value_of(x), CFS_DIFF_WHOLE);
	cfs_json_write_object(w, name, CFS_JSON_ONE_LINE);
	cfs_json_write_buf(w, "text", &text);
	cfs_json_write_hex(w, "hex", value_of(x));
	cfs_json_write_end(w);
}

static void json_xattrs(struct cfs_diff_print *p, const struct cfs_diff *diff)
{
	struct cfs_json_writer *w = &p->writer;
	struct cfs_diff_xattrs it = xattrs_of(p, diff);
	const struct cfs_xattr *a, *b;

	cfs_json_write_array(w, "xattrs", CFS_JSON_ONE_LINE);
	while (has(diff, CFS_DIFF_XATTRS) &&
	       cfs_diff_xattrs_next(&it, &a, &b)) {
		CFS_AUTOBUF struct cfs_buf key = { 0 };
		const struct cfs_xattr *x = a ? a : b;

		cmd_diff_escape(&key, x->key, x->key_len);
		cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
		cfs_json_write_buf(w, "key", &key);
		json_xattr(w, "a", a);
		json_xattr(w, "b", b);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}

static void json_value(struct cfs_json_writer *w, const char *name,
		       unsigned field, const struct value *v)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	if (formats[field].number) {
		cfs_json_write_u64(w, name, formats[field].number(v));
		return;
	}
	if (field == CFS_DIFF_HARDLINK && !v->link) {
		cfs_json_write_null(w, name);
		return;
	}
	formats[field].add(&text, v);
	cfs_json_write_buf(w, name, &text);
}

static void json_changed(struct cfs_diff_print *p, const struct cfs_diff *diff)
{
	struct cfs_json_writer *w = &p->writer;
	struct value v[2];

	values(p, diff, v);
	cfs_json_write_object(w, "fields", CFS_JSON_ONE_LINE);
	for (unsigned i = 0; i < CFS_DIFF_XATTRS; i++) {
		if (!has(diff, i))
			continue;
		cfs_json_write_object(w, cfs_diff_field_name(i),
				      CFS_JSON_ONE_LINE);
		json_value(w, "a", i, &v[0]);
		json_value(w, "b", i, &v[1]);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
	json_xattrs(p, diff);
}

static void json_only(struct cfs_diff_print *p, const struct cfs_node *node)
{
	cfs_json_write_text(&p->writer, "type", type_of(node->mode));
	cfs_json_write_u64(&p->writer, "size", inode_of(node)->size);
	if (node->flags & CFS_NODE_LINK)
		json_path(&p->writer, "hardlink", node->link);
}

static void json_entry(struct cfs_diff_print *p, const struct cfs_diff *diff)
{
	const struct cfs_node *node = diff->a ? diff->a : diff->b;
	struct cfs_json_writer *w = &p->writer;
	bool both = diff->a && diff->b;

	cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
	json_path(w, "path", node);
	cfs_json_write_text(w, "status",
			    both      ? "changed"
			    : diff->a ? "only-in-a"
				      : "only-in-b");
	if (both)
		json_changed(p, diff);
	else
		json_only(p, node);
	cfs_json_write_u64(w, "below_a", diff->below_a);
	cfs_json_write_u64(w, "below_b", diff->below_b);
	cfs_json_write_end(w);
}

/* Does an xattr of the entry differ that is no SELinux label? */
static bool has_other_xattrs(const struct cfs_diff_print *p,
			     const struct cfs_diff *diff)
{
	struct cfs_diff_xattrs it = xattrs_of(p, diff);
	const struct cfs_xattr *a, *b;

	while (has(diff, CFS_DIFF_XATTRS) && cfs_diff_xattrs_next(&it, &a, &b))
		if (strcmp((a ? a : b)->key, "security.selinux") != 0)
			return true;
	return false;
}

/* Is @node one of the directories that --bootable empties, or below one? */
static bool is_emptied(const struct cfs_node *node)
{
	while (node->parent && node->parent->parent)
		node = node->parent;
	return node->parent && (strcmp(node->name, "boot") == 0 ||
				strcmp(node->name, "sysroot") == 0);
}

/* Can --bootable on one side only be the reason of this difference? */
static bool is_of_boot(const struct cfs_diff *diff, bool other_xattrs)
{
	const uint32_t labels = UINT32_C(1) << CFS_DIFF_XATTRS;
	const uint32_t time = UINT32_C(1) << CFS_DIFF_MTIME;

	if (!diff->a || !diff->b)
		return is_emptied(diff->a ? diff->a : diff->b);
	if (other_xattrs)
		return false;
	return !(diff->fields & ~labels) ||
	       (is_emptied(diff->a) && !(diff->fields & ~(labels | time)));
}

/* Collects what cfsctl/diff/sum.c derives its hint from. */
static void remember(struct cfs_diff_print *p, const struct cfs_diff *diff)
{
	bool other_xattrs = false;

	p->n++;
	if (diff->a && diff->b) {
		*(diff->a->parent ? &p->others : &p->root) |= diff->fields;
		other_xattrs = has_other_xattrs(p, diff);
	}
	p->other_xattrs |= other_xattrs;
	if (!is_of_boot(diff, other_xattrs))
		p->more_than_boot = true;
	else if (is_emptied(diff->a ? diff->a : diff->b))
		p->emptied = true;
}

int cmd_diff_put(struct cfs_diff_print *p, struct cfs_err *err)
{
	if (cfs_buf_check(&p->out, err) < 0)
		return -err->code;
	fwrite(p->out.data, 1, p->out.len, stdout);
	p->out.len = 0;
	return 0;
}

int cmd_diff_entry(void *print, const struct cfs_diff *diff,
		   struct cfs_err *err)
{
	struct cfs_diff_print *p = print;

	if (p->json)
		json_entry(p, diff);
	else
		words_entry(p, diff);
	remember(p, diff);
	return cmd_diff_put(p, err);
}
