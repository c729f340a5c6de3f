/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writers print trees depth first, so the directory of a line is nearly always
 * that of the line before, or one of those above it.  It is found by comparing
 * the text of the two paths; only lines in another order need an index of
 * directories (tree/dump/dirs.h).  Paths are borrowed from the text where it
 * has no escapes, and copied only when the text goes.
 */
#include <string.h>

#include "base/io.h"
#include "tree/dump/dirs.h"
#include "tree/dump/dump.h"
#include "tree/dump/entry.h"
#include "tree/dump/links.h"

/* Small enough for malloc() to take it from the heap, and for the cache. */
#define READ_STEP (64 * 1024)

struct reader {
	struct cfs_tree *tree;
	unsigned flags; /* enum cfs_dump_flags */
	bool started;
	uint64_t line;
	struct cfs_bytes field;	    /* its path, as the text has it; borrowed */
	bool has_nul;		    /* there is a NUL somewhere in the text */
	struct cfs_node *last;	    /* of the last line */
	struct cfs_bytes last_path; /* its path, empty for the root: borrowed
				       from the text, or from: */
	size_t last_dir;	    /* how much of it is its directory's */
	struct cfs_buf paths[2];    /* made anew, the last and this one */
	unsigned turn;		    /* this one */
	struct cfs_dump_dirs dirs;
	struct cfs_dump_links links;
	struct cfs_dump_entry entry;
};

/* A path taken apart. */
struct place {
	struct cfs_bytes path;
	size_t dir_len;		 /* up to the slash before the last name */
	struct cfs_node *parent; /* NULL: to be looked for */
};

static void reader_free(struct reader *rd)
{
	cfs_tree_free(rd->tree);
	cfs_buf_free(&rd->paths[0]);
	cfs_buf_free(&rd->paths[1]);
	cfs_dump_dirs_free(&rd->dirs);
	cfs_dump_links_free(&rd->links);
	cfs_dump_entry_free(&rd->entry);
}

static bool is_lenient(const struct reader *rd)
{
	return rd->flags & CFS_DUMP_LENIENT;
}

static int reader_init(struct reader *rd, unsigned flags, struct cfs_err *err)
{
	int r = cfs_tree_new(&rd->tree, err);

	if (r < 0)
		return r;
	rd->flags = flags;
	cfs_dump_dirs_init(&rd->dirs, rd->tree);
	cfs_dump_entry_init(&rd->entry, rd->tree, flags);
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

/* Paths must read "/a/b": near_directory() compares their text. */
static int check_slashes(struct cfs_bytes path, struct cfs_err *err)
{
	if (path.data[0] != '/')
		return cfs_fail(err, EINVAL, "it does not start with /");
	if (has_empty_name(path))
		return cfs_fail(err, EINVAL, "it has an empty name");
	return 0;
}

/* Brings a path that mkcomposefs accepts into the form "/a/b". */
static int normalise_path(struct reader *rd, struct cfs_bytes *path,
			  struct cfs_err *err)
{
	struct cfs_buf clean = { 0 };
	struct cfs_bytes rest = *path, name;
	bool more = true;

	while (more) {
		more = cfs_dump_take(&rest, '/', &name);
		/* The empty name behind a slash at the end stays: it is to be
		 * refused. */
		if (name.len > 0 || !more) {
			cfs_buf_addc(&clean, '/');
			cfs_buf_add(&clean, name.data, name.len);
		}
	}
	cfs_buf_free(&rd->paths[rd->turn]);
	rd->paths[rd->turn] = clean;
	*path = cfs_buf_bytes(&clean);
	return cfs_buf_check(&clean, err);
}

/*
 * The directory @dir is mostly the last line's own, the last line itself, or
 * one of those above it.
 */
static struct cfs_node *near_directory(const struct reader *rd,
				       struct cfs_bytes dir)
{
	const struct cfs_bytes last = rd->last_path;
	struct cfs_node *node = rd->last;

	if (dir.len > last.len ||
	    (dir.len < last.len && last.data[dir.len] != '/') ||
	    (dir.len > 0 && memcmp(dir.data, last.data, dir.len) != 0))
		return NULL;
	if (dir.len == last.len)
		return node;
	for (size_t i = rd->last_dir; i > dir.len; i--) {
		if (last.data[i] == '/')
			node = node->parent;
	}
	return node->parent;
}

static int normal_path(struct reader *rd, struct cfs_bytes *path,
		       struct cfs_err *err)
{
	if (!is_lenient(rd))
		return check_slashes(*path, err);
	if ((path->len == 1 && path->data[0] == '/') ||
	    (path->data[0] == '/' && !has_empty_name(*path)))
		return 0;
	return normalise_path(rd, path, err);
}

/* The offset of the last slash, or 0: a path may be without any. */
static size_t dir_len(struct cfs_bytes path)
{
	const uint8_t *slash = memrchr(path.data, '/', path.len);

	return slash ? (size_t)(slash - path.data) : 0;
}

/* A path that begins like the last one needs no check of the part they
 * share. */
static int parse_path(struct reader *rd, struct cfs_bytes field,
		      struct place *ret, struct cfs_err *err)
{
	struct cfs_bytes path;
	size_t len;
	int r = cfs_dump_unescape(field, &rd->paths[rd->turn], &path, err);

	if (r < 0)
		return r;
	if (path.len == 0)
		return cfs_fail(err, EINVAL, "empty path");
	len = dir_len(path);
	if (rd->last && path.data[0] == '/' && path.len > len + 1)
		ret->parent = near_directory(
			rd, (struct cfs_bytes){ path.data, len });
	if (!ret->parent) {
		r = normal_path(rd, &path, err);
		if (r < 0)
			return r;
		len = dir_len(path);
	}
	ret->path = path;
	ret->dir_len = len;
	return 0;
}

/* Is there anything named @name in @dir? */
static bool has_child(const struct cfs_node *dir, struct cfs_bytes name)
{
	for (const struct cfs_node *n = dir->dir.first; n; n = n->next) {
		if (n->name_len == name.len &&
		    memcmp(n->name, name.data, name.len) == 0)
			return true;
	}
	return false;
}

static int not_a_directory(struct cfs_err *err)
{
	return cfs_fail(err, ENOTDIR, "path: its parent is not a directory");
}

static int find_directory(struct reader *rd, struct cfs_bytes dir,
			  struct cfs_node **ret, struct cfs_err *err)
{
	struct cfs_node *node = rd->tree->root;
	struct cfs_bytes name;

	while (dir.len > 0) {
		int r;

		(void)cfs_dump_take(&dir, '/', &name);
		if (name.len == 0)
			continue;
		r = cfs_dump_dirs_find(&rd->dirs, node, name, &node, err);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		if (has_child(node, name))
			return not_a_directory(err);
		return cfs_fail(err, ENOENT,
				"path: no line before it makes its "
				"directory");
	}
	*ret = node;
	return 0;
}

static int add_root(struct reader *rd, uint32_t mode, struct cfs_node **ret,
		    struct cfs_err *err)
{
	if (rd->started)
		return cfs_fail(err, EINVAL, "path: a second root");
	if (!S_ISDIR(mode))
		return cfs_fail(err, EINVAL, "mode: the root is no directory");
	rd->started = true;
	rd->tree->root->mode = mode;
	*ret = rd->tree->root;
	return 0;
}

/* Names in @path, which is "/a/b"; 0 if it is short enough not to matter. */
static size_t depth_of(struct cfs_bytes path)
{
	const uint8_t *at = path.data, *end = at + path.len;
	size_t n = 0;

	if (path.len / 2 <= CFS_DEPTH_MAX)
		return 0;
	for (; at < end && (at = memchr(at, '/', (size_t)(end - at))); at++)
		n++;
	return n;
}

/* Makes the node of @place, or gives the root for the first line. */
static int add_node(struct reader *rd, const struct place *place, uint32_t mode,
		    struct cfs_node **ret, struct cfs_err *err)
{
	const struct cfs_bytes dir = { place->path.data, place->dir_len };
	const struct cfs_bytes name = { dir.data + dir.len + 1,
					place->path.len - dir.len - 1 };
	struct cfs_node *parent = place->parent;
	int r = 0;

	if (place->path.len == 1)
		return add_root(rd, mode, ret, err);
	if (!rd->started)
		return cfs_fail(err, EINVAL, "path: the first entry must be /");
	if (!parent)
		r = find_directory(rd, dir, &parent, err);
	if (r < 0)
		return r;
	if (!S_ISDIR(parent->mode))
		return not_a_directory(err);
	r = cfs_node_add(rd->tree, parent, name, mode, ret, err);
	if (r < 0)
		return cfs_ctx(err, "path");
	if (!S_ISDIR(mode))
		return 0;
	if (depth_of(place->path) > CFS_DEPTH_MAX)
		return cfs_fail(err, ELOOP,
				"path: over %d directories within each other",
				CFS_DEPTH_MAX);
	return cfs_dump_dirs_add(&rd->dirs, *ret, err);
}

static int add_link(struct reader *rd, struct cfs_node *node,
		    struct cfs_bytes payload, struct cfs_err *err)
{
	struct cfs_bytes target = { NULL, 0 };
	int r;

	if (S_ISDIR(node->mode))
		return cfs_fail(err, EINVAL,
				"mode: a directory cannot be hardlinked");
	if (payload.len != 1 || payload.data[0] != '-') {
		r = cfs_dump_unescape(payload, &rd->entry.text, &target, err);
		if (r < 0)
			return cfs_ctx(err, "payload");
	}
	if (target.len == 0)
		return cfs_fail(err, EINVAL,
				"payload: hardlink without a target");
	if (memchr(target.data, '\0', target.len))
		return cfs_fail(err, EINVAL,
				"payload: NUL in a hardlink target");
	if (!is_lenient(rd)) {
		r = check_slashes(target, err);
		if (r < 0)
			return cfs_ctx(err, "payload");
	}
	return cfs_dump_links_add(&rd->links, node, target, rd->line, err);
}

static void remember(struct reader *rd, const struct place *place,
		     struct cfs_node *node)
{
	rd->last = node;
	rd->last_path = place->path;
	rd->last_dir = place->dir_len;
	if (place->path.len == 1)
		rd->last_path.len = 0;
	/* The next path must not overwrite this one. */
	if (place->path.data == rd->paths[rd->turn].data)
		rd->turn = !rd->turn;
}

/* To be called before the text that the last path borrows from is gone. */
static int keep_last_path(struct reader *rd, struct cfs_err *err)
{
	struct cfs_buf *keep = &rd->paths[rd->turn];
	struct cfs_bytes path = rd->last_path;

	/* A path that is in a buffer does not borrow from the text. */
	if (path.len == 0 || path.data == rd->paths[!rd->turn].data)
		return 0;
	keep->len = 0;
	cfs_buf_add(keep, path.data, path.len);
	rd->last_path = cfs_buf_bytes(keep);
	rd->turn = !rd->turn;
	return cfs_buf_check(keep, err);
}

/* A line's fields.  Those of plain numbers are read already, and not in f. */
struct line {
	struct cfs_bytes f[CFS_DUMP_COLUMNS];
	unsigned n;
	bool plain;
	struct cfs_dump_numbers numbers;
};

static void split_line(struct cfs_bytes text, struct line *ret)
{
	struct cfs_bytes rest = text;

	ret->plain = cfs_dump_take(&rest, ' ', &ret->f[CFS_DUMP_PATH]) &&
		     cfs_dump_plain_numbers(&rest, &ret->numbers);
	ret->n = ret->plain ? cfs_dump_split(rest, CFS_DUMP_PAYLOAD, ret->f)
			    : cfs_dump_split(text, CFS_DUMP_PATH, ret->f);
}

static int parse_entry(struct reader *rd, struct line *line,
		       struct cfs_node *node, struct cfs_err *err)
{
	int r = 0;

	if (!line->plain)
		r = cfs_dump_numbers(line->f, rd->flags, &line->numbers, err);
	if (r < 0)
		return r;
	return cfs_dump_entry_parse(&rd->entry, line->f, &line->numbers, node,
				    err);
}

static int parse_line(struct reader *rd, struct cfs_bytes text,
		      struct cfs_err *err)
{
	struct place place = { 0 };
	struct cfs_node *node = NULL;
	struct line line;
	int r;

	split_line(text, &line);
	rd->field = line.f[CFS_DUMP_PATH];
	/* Fields are checked in mkcomposefs' order, so that of several faults
	 * both programs report the same. */
	if (rd->has_nul && memchr(text.data, '\0', text.len))
		return cfs_fail(err, EINVAL, "NUL at position %zu",
				strnlen((const char *)text.data, text.len));
	r = parse_path(rd, line.f[CFS_DUMP_PATH], &place, err);
	if (r < 0)
		return cfs_ctx(err, "path");
	if (line.n < CFS_DUMP_XATTRS && !is_lenient(rd))
		return cfs_fail(err, EINVAL, "%u fields, %d are needed", line.n,
				CFS_DUMP_XATTRS);
	if (!line.plain)
		r = cfs_dump_mode(line.f[CFS_DUMP_MODE], rd->flags,
				  &line.numbers, err);
	if (r < 0)
		return r;
	r = add_node(rd, &place, line.numbers.mode, &node, err);
	if (r < 0)
		return r;
	remember(rd, &place, node);
	return line.numbers.link
		       ? add_link(rd, node, line.f[CFS_DUMP_PAYLOAD], err)
		       : parse_entry(rd, &line, node, err);
}

/* The path is shown with its escapes, so that it is found by a search. */
static int name_line(const struct reader *rd, struct cfs_err *err)
{
	struct cfs_bytes path = rd->field;
	char text[CFS_NODE_NAME_MAX];
	bool cut = path.len >= sizeof(text);

	/* With a NUL in it, it is no text at all. */
	if (path.len == 0 || memchr(path.data, '\0', path.len))
		return cfs_ctx(err, "dumpfile line %llu",
			       (unsigned long long)rd->line);
	if (cut) {
		path.data += path.len - sizeof(text) + 1;
		path.len = sizeof(text) - 1;
	}
	for (size_t i = 0; i < path.len; i++)
		text[i] = path.data[i] > 0x20 && path.data[i] < 0x7f
				  ? (char)path.data[i]
				  : '?';
	return cfs_ctx(err, "dumpfile line %llu: %s%.*s",
		       (unsigned long long)rd->line, cut ? "..." : "",
		       (int)path.len, text);
}

static int read_line(struct reader *rd, struct cfs_bytes line,
		     struct cfs_err *err)
{
	rd->line++;
	rd->field.len = 0;
	if (line.len > CFS_DUMP_LINE_MAX)
		cfs_fail(err, E2BIG, "over %u bytes long", CFS_DUMP_LINE_MAX);
	else if (parse_line(rd, line, err) == 0)
		return 0;
	return name_line(rd, err);
}

/* What stands behind the last newline. */
static int read_rest(struct reader *rd, struct cfs_bytes rest,
		     struct cfs_err *err)
{
	if (rest.len == 0)
		return 0;
	if (!is_lenient(rd)) {
		cfs_fail(err, EINVAL, "no newline at the end");
		return cfs_ctx(err, "dumpfile line %llu",
			       (unsigned long long)rd->line + 1);
	}
	return read_line(rd, rest, err);
}

/* The line of the second of two equal names; every line made one node. */
static unsigned long long duplicate_line(const struct cfs_tree *tree)
{
	struct cfs_node *dir = NULL;

	while ((dir = cfs_node_walk(tree->root, dir))) {
		const struct cfs_node *n = S_ISDIR(dir->mode) ? dir->dir.first
							      : NULL;

		for (; n && n->next; n = n->next) {
			uint32_t seq = n->seq > n->next->seq ? n->seq
							     : n->next->seq;

			if (strcmp(n->name, n->next->name) == 0)
				return seq + 1ull;
		}
	}
	return 0;
}

static int reader_finish(struct reader *rd, struct cfs_tree **ret,
			 struct cfs_err *err)
{
	int r;

	if (!rd->started)
		return cfs_fail(err, EINVAL, "the dumpfile has no lines");
	r = cfs_dump_links_resolve(&rd->links, &rd->dirs, rd->flags, err);
	if (r < 0)
		return r;
	/* mkcomposefs believes NLINK, and the line without "@" is the inode. */
	r = is_lenient(rd) ? cfs_tree_sort(rd->tree, err)
			   : cfs_tree_finish(rd->tree, err);
	if (r == -EEXIST)
		return cfs_ctx(err, "dumpfile line %llu",
			       duplicate_line(rd->tree));
	if (r < 0)
		return cfs_ctx(err, "dumpfile");
	*ret = cfs_steal_ptr(&rd->tree);
	return 0;
}

/* Reads the whole lines of @text.  Returns the bytes that are left. */
static int64_t read_lines(struct reader *rd, struct cfs_bytes text,
			  struct cfs_err *err)
{
	const uint8_t *end;

	rd->has_nul = text.len > 0 && memchr(text.data, '\0', text.len);
	while (text.len > 0 && (end = memchr(text.data, '\n', text.len))) {
		size_t len = (size_t)(end - text.data);
		int r = read_line(rd, (struct cfs_bytes){ text.data, len },
				  err);

		if (r < 0)
			return r;
		text.data += len + 1;
		text.len -= len + 1;
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
	if (keep_last_path(rd, err) < 0)
		return -err->code;
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
