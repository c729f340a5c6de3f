/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "base/io.h"
#include "tree/dump.h"
#include "tree/dump_entry.h"

#define READ_STEP (256 * 1024)

/* A hardlink whose target is looked for when all lines are read. */
struct pending {
	struct cfs_node *node;
	const char *target;
	uint64_t line;
};

struct reader {
	struct cfs_tree *tree;
	bool lenient;
	bool started;
	uint64_t line;
	struct cfs_node *last;	  /* of the last line */
	struct cfs_buf last_path; /* its path */
	struct cfs_buf path;	  /* unescaped */
	struct cfs_buf links;	  /* struct pending */
	struct cfs_dump_entry entry;
};

static void reader_free(struct reader *rd)
{
	cfs_tree_free(rd->tree);
	cfs_buf_free(&rd->last_path);
	cfs_buf_free(&rd->path);
	cfs_buf_free(&rd->links);
	cfs_dump_entry_free(&rd->entry);
}

static int reader_init(struct reader *rd, unsigned flags, struct cfs_err *err)
{
	int r = cfs_tree_new(&rd->tree, err);

	if (r < 0)
		return r;
	rd->lenient = flags & CFS_DUMP_LENIENT;
	return cfs_dump_entry_init(&rd->entry, rd->tree, rd->lenient, err);
}

static int parse_mode(const struct reader *rd, struct cfs_bytes field,
		      uint32_t *ret_mode, bool *ret_link, struct cfs_err *err)
{
	bool link = field.len > 0 && field.data[0] == '@';
	uint64_t mode;
	int r;

	if (link)
		field = (struct cfs_bytes){ field.data + 1, field.len - 1 };
	r = cfs_dump_number(field, 8, UINT32_MAX, rd->lenient, "mode", &mode,
			    err);
	if (r < 0)
		return r;
	if (!rd->lenient && mode > 0177777)
		return cfs_fail(err, EINVAL, "mode %o has unknown bits",
				(unsigned)mode);
	*ret_mode = (uint32_t)mode & 0177777;
	*ret_link = link;
	return 0;
}

/*
 * The directory @dir (path without its last name) is mostly the last line's
 * own, one of those above it, or the last line itself.
 */
static struct cfs_node *near_directory(const struct reader *rd,
				       struct cfs_bytes dir)
{
	struct cfs_bytes last = cfs_buf_bytes(&rd->last_path);
	struct cfs_node *node = rd->last;

	if (dir.len > last.len ||
	    (dir.len > 0 && memcmp(dir.data, last.data, dir.len) != 0) ||
	    (dir.len < last.len && last.data[dir.len] != '/'))
		return NULL;
	for (size_t i = dir.len; i < last.len && node; i++) {
		if (last.data[i] == '/')
			node = node->parent;
	}
	return node;
}

static int find_directory(struct reader *rd, struct cfs_bytes dir,
			  struct cfs_node **ret, struct cfs_err *err)
{
	struct cfs_node *node = near_directory(rd, dir);
	struct cfs_bytes name;

	if (!node)
		node = rd->tree->root;
	else
		dir.len = 0;
	while (dir.len > 0) {
		int r;

		(void)cfs_dump_take(&dir, '/', &name);
		if (name.len == 0)
			continue;
		if (!S_ISDIR(node->mode))
			break;
		r = cfs_node_find(rd->tree, node, name, &node, err);
		if (r < 0)
			return r;
		if (r == 0)
			return cfs_fail(err, ENOENT,
					"no line before it makes its "
					"directory");
	}
	if (!S_ISDIR(node->mode))
		return cfs_fail(err, ENOTDIR,
				"what it is in is not a directory");
	*ret = node;
	return 0;
}

/* Names are long, so this is faster than memmem. */
static bool has_empty_name(struct cfs_bytes path)
{
	const uint8_t *at = path.data, *end = at + path.len;

	while (at < end && (at = memchr(at, '/', (size_t)(end - at)))) {
		at++;
		if (at < end && *at == '/')
			return true;
	}
	return false;
}

/* Only "/a/b": then the text of a path tells its directory. */
static int check_slashes(struct cfs_bytes path, struct cfs_err *err)
{
	if (path.data[0] != '/')
		return cfs_fail(err, EINVAL, "path does not start with /");
	if (has_empty_name(path))
		return cfs_fail(err, EINVAL, "path with an empty name");
	return 0;
}

/* Brings what mkcomposefs takes into the form "/a/b". */
static int normalise_path(struct reader *rd, struct cfs_bytes *path)
{
	struct cfs_buf clean = { 0 };
	struct cfs_bytes rest = *path, name;
	bool more = true;

	while (more) {
		more = cfs_dump_take(&rest, '/', &name);
		if (name.len > 0 || !more) {
			cfs_buf_addc(&clean, '/');
			cfs_buf_add(&clean, name.data, name.len);
		}
	}
	cfs_buf_free(&rd->path);
	rd->path = clean;
	*path = cfs_buf_bytes(&clean);
	return clean.failed ? -ENOMEM : 0;
}

static int parse_path(struct reader *rd, struct cfs_bytes field,
		      struct cfs_bytes *ret, struct cfs_err *err)
{
	struct cfs_bytes path = field;
	int r = 0;

	if (!rd->entry.plain)
		r = cfs_dump_unescape(field, &rd->path, &path, err);
	if (r < 0)
		return r;
	if (path.len == 0)
		return cfs_fail(err, EINVAL, "empty path");
	if (rd->lenient && !(path.len == 1 && path.data[0] == '/') &&
	    (path.data[0] != '/' || has_empty_name(path))) {
		if (normalise_path(rd, &path) < 0)
			return cfs_fail(err, ENOMEM, "out of memory");
	}
	if (!rd->lenient) {
		r = check_slashes(path, err);
		if (r < 0)
			return r;
	}
	*ret = path;
	return 0;
}

/* Makes the node of @path, or gives the root for the first line. */
static int add_node(struct reader *rd, struct cfs_bytes path, uint32_t mode,
		    struct cfs_node **ret, struct cfs_err *err)
{
	bool is_root = path.len == 1;
	struct cfs_bytes dir = path, name;
	struct cfs_node *parent = NULL;
	size_t slash;
	int r;

	if (is_root != !rd->started)
		return cfs_fail(err, EINVAL,
				is_root ? "a second root"
					: "the first line is not that of /");
	if (is_root) {
		if (!S_ISDIR(mode))
			return cfs_fail(err, EINVAL, "root is no directory");
		rd->started = true;
		rd->tree->root->mode = mode;
		*ret = rd->tree->root;
		return 0;
	}
	slash = (size_t)((const uint8_t *)memrchr(path.data, '/', path.len) -
			 path.data);
	dir.len = slash;
	name = (struct cfs_bytes){ path.data + slash + 1,
				   path.len - slash - 1 };
	r = find_directory(rd, dir, &parent, err);
	if (r < 0)
		return r;
	return cfs_node_add(rd->tree, parent, name, mode, ret, err);
}

static int add_link(struct reader *rd, struct cfs_node *node,
		    struct cfs_bytes payload, struct cfs_err *err)
{
	struct pending link = { .node = node, .line = rd->line };
	struct cfs_bytes target = { NULL, 0 };
	int r;

	if (S_ISDIR(node->mode))
		return cfs_fail(err, EINVAL,
				"a directory cannot be hardlinked");
	if (payload.len != 1 || payload.data[0] != '-') {
		r = cfs_dump_unescape(payload, &rd->entry.text, &target, err);
		if (r < 0)
			return r;
	}
	if (target.len == 0)
		return cfs_fail(err, EINVAL, "hardlink without a target");
	if (memchr(target.data, '\0', target.len))
		return cfs_fail(err, EINVAL, "NUL in a hardlink target");
	if (!rd->lenient) {
		r = check_slashes(target, err);
		if (r < 0)
			return r;
	}
	link.target = cfs_arena_dup(&rd->tree->arena, target.data, target.len);
	if (!link.target)
		return cfs_fail(err, ENOMEM, "out of memory");
	cfs_buf_add(&rd->links, &link, sizeof(link));
	return cfs_buf_check(&rd->links, err);
}

static int remember(struct reader *rd, struct cfs_bytes path,
		    struct cfs_node *node, struct cfs_err *err)
{
	rd->last = node;
	rd->last_path.len = 0;
	if (path.len > 1)
		cfs_buf_add(&rd->last_path, path.data, path.len);
	return cfs_buf_check(&rd->last_path, err);
}

static int parse_line(struct reader *rd, struct cfs_bytes line,
		      struct cfs_err *err)
{
	struct cfs_bytes f[CFS_DUMP_COLUMNS], path = { 0 };
	unsigned n = cfs_dump_split(line, f);
	struct cfs_node *node = NULL;
	uint32_t mode = 0;
	bool link = false;
	int r;

	if (line.len > 0 && memchr(line.data, '\0', line.len))
		return cfs_fail(err, EINVAL, "embedded NUL character");
	rd->entry.plain = line.len == 0 || !memchr(line.data, '\\', line.len);
	r = parse_path(rd, f[CFS_DUMP_PATH], &path, err);
	if (r < 0)
		return r;
	if (n < CFS_DUMP_XATTRS && !rd->lenient)
		return cfs_fail(err, EINVAL, "%u fields, %d are needed", n,
				CFS_DUMP_XATTRS);
	r = parse_mode(rd, f[CFS_DUMP_MODE], &mode, &link, err);
	if (r < 0)
		return r;
	r = add_node(rd, path, mode, &node, err);
	if (r < 0)
		return r;
	/* What path is made of may be used again from here on. */
	r = remember(rd, path, node, err);
	if (r < 0)
		return r;
	return link ? add_link(rd, node, f[CFS_DUMP_PAYLOAD], err)
		    : cfs_dump_entry_parse(&rd->entry, f, node, err);
}

static int read_line(struct reader *rd, struct cfs_bytes line,
		     struct cfs_err *err)
{
	rd->line++;
	if (line.len > CFS_DUMP_LINE_MAX)
		cfs_fail(err, E2BIG, "over %u bytes long", CFS_DUMP_LINE_MAX);
	else if (parse_line(rd, line, err) == 0)
		return 0;
	return cfs_ctx(err, "dumpfile line %llu", (unsigned long long)rd->line);
}

/* What stands behind the last newline. */
static int read_rest(struct reader *rd, struct cfs_bytes rest,
		     struct cfs_err *err)
{
	if (rest.len == 0)
		return 0;
	if (!rd->lenient) {
		cfs_fail(err, EINVAL, "no newline at the end");
		return cfs_ctx(err, "dumpfile line %llu",
			       (unsigned long long)rd->line + 1);
	}
	return read_line(rd, rest, err);
}

static int resolve(struct reader *rd, const struct pending *link,
		   struct cfs_err *err)
{
	struct cfs_node *target;
	int r = cfs_tree_lookup(rd->tree, link->target, &target, err);

	if (r < 0)
		return r;
	if (r == 0)
		return cfs_fail(err, ENOENT, "there is no hardlink target");
	if (target == link->node)
		return cfs_fail(err, EINVAL, "a hardlink to itself");
	if (S_ISDIR(target->mode))
		return cfs_fail(err, EINVAL, "a hardlink to a directory");
	if (!rd->lenient && target->seq > link->node->seq)
		return cfs_fail(err, EINVAL,
				"the hardlink's target stands behind it");
	if (!rd->lenient && target->flags & CFS_NODE_LINK)
		return cfs_fail(err, EINVAL,
				"the hardlink's target is a hardlink");
	if (cfs_node_is_whiteout(target))
		return cfs_fail(err, EINVAL, "a hardlink to a whiteout");
	cfs_node_set_link(link->node, target);
	return 0;
}

/* Follows links of links, and shortens the way for those that come after. */
static int shorten(struct cfs_node *node, struct cfs_err *err)
{
	struct cfs_node *end = node, *next;
	int r = 0;

	for (; end->flags & CFS_NODE_LINK && r == 0; end = end->link) {
		if (end->flags & CFS_NODE_SEEN)
			r = cfs_fail(err, ELOOP, "hardlinks form a circle");
		end->flags |= CFS_NODE_SEEN;
	}
	for (; node->flags & CFS_NODE_SEEN; node = next) {
		next = node->link;
		node->flags &= (uint8_t)~CFS_NODE_SEEN;
		node->link = end;
		node->mode = end->mode;
	}
	if (r == 0 && cfs_node_is_whiteout(end))
		r = cfs_fail(err, EINVAL, "a hardlink to a whiteout");
	return r;
}

/* All are flagged before any is resolved: a target may be a link itself. */
static int resolve_links(struct reader *rd, struct cfs_err *err)
{
	const struct pending *links = (const struct pending *)rd->links.data;
	size_t n = rd->links.len / sizeof(*links);
	int r = 0;

	for (size_t i = 0; i < n; i++)
		links[i].node->flags |= CFS_NODE_LINK;
	for (size_t i = 0; i < 2 * n && r == 0; i++) {
		const struct pending *link = &links[i % n];

		r = i < n ? resolve(rd, link, err) : shorten(link->node, err);
		if (r < 0)
			cfs_ctx(err, "dumpfile line %llu: %s",
				(unsigned long long)link->line, link->target);
	}
	return r;
}

static int reader_finish(struct reader *rd, struct cfs_tree **ret,
			 struct cfs_err *err)
{
	int r;

	if (!rd->started)
		return cfs_fail(err, EINVAL, "the dumpfile has no lines");
	r = resolve_links(rd, err);
	if (r < 0)
		return r;
	/* It is wanted no more, and large. */
	cfs_table_free(&rd->tree->index);
	r = rd->lenient ? cfs_tree_sort(rd->tree, err)
			: cfs_tree_finish(rd->tree, err);
	if (r < 0)
		return cfs_ctx(err, "dumpfile");
	*ret = cfs_steal_ptr(&rd->tree);
	return 0;
}

/* Reads the whole lines of @text.  Returns the bytes that are left. */
static int64_t read_lines(struct reader *rd, struct cfs_bytes text,
			  struct cfs_err *err)
{
	struct cfs_bytes rest = text, line;

	while (cfs_dump_take(&rest, '\n', &line)) {
		int r = read_line(rd, line, err);

		if (r < 0)
			return r;
		text = rest;
	}
	return (int64_t)text.len;
}

int cfs_dump_read(struct cfs_bytes text, unsigned flags, struct cfs_tree **ret,
		  struct cfs_err *err)
{
	__attribute__((cleanup(reader_free))) struct reader rd = { 0 };
	int64_t left;
	int r = reader_init(&rd, flags, err);

	if (r < 0)
		return r;
	left = read_lines(&rd, text, err);
	if (left < 0)
		return (int)left;
	r = read_rest(
		&rd,
		(struct cfs_bytes){ text.data + text.len - left, (size_t)left },
		err);
	return r < 0 ? r : reader_finish(&rd, ret, err);
}

/* Reads more text behind what is in @buf, and the lines that are whole then.
 * Returns 0 at the end of the file. */
static int read_step(struct reader *rd, int fd, struct cfs_buf *buf,
		     struct cfs_err *err)
{
	int64_t left;
	ssize_t n;

	if (buf->len > CFS_DUMP_LINE_MAX)
		return cfs_fail(err, E2BIG, "dumpfile line %llu is too long",
				(unsigned long long)rd->line + 1);
	if (!cfs_buf_reserve(buf, READ_STEP))
		return cfs_buf_check(buf, err);
	n = cfs_read_full(fd, buf->data + buf->len, READ_STEP);
	if (n < 0)
		return cfs_fail(err, (int)-n, "read dumpfile: %s",
				strerror((int)-n));
	buf->len += (size_t)n;
	left = read_lines(rd, cfs_buf_bytes(buf), err);
	if (left < 0)
		return (int)left;
	memmove(buf->data, buf->data + buf->len - left, (size_t)left);
	buf->len = (size_t)left;
	return n > 0;
}

int cfs_dump_read_fd(int fd, unsigned flags, struct cfs_tree **ret,
		     struct cfs_err *err)
{
	__attribute__((cleanup(reader_free))) struct reader rd = { 0 };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	int r = reader_init(&rd, flags, err);

	if (r < 0)
		return r;
	do
		r = read_step(&rd, fd, &buf, err);
	while (r > 0);
	if (r < 0)
		return r;
	r = read_rest(&rd, cfs_buf_bytes(&buf), err);
	return r < 0 ? r : reader_finish(&rd, ret, err);
}
