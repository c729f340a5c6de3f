/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Layers that are taken make a finished tree, whose dumpfile is read as the
 * same tree.  Where in its layer an opaque marker stands makes no difference.
 *
 * The input is no archive but a program of two bytes an entry, for the rules
 * are about entries that meet: what it is and whether a layer begins, then its
 * path, of three names at most, out of four.  A hard link has a third byte, the
 * path of its target.  First byte: flags.
 */
#include <assert.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tree/dump/dump.h"
#include "tree/tar/merge.h"

#define ENTRIES_MAX 2000

enum op {
	OP_DIR,
	OP_FILE,
	OP_EXTERNAL,
	OP_SYMLINK,
	OP_HARDLINK,
	OP_WHITEOUT,
	OP_OPAQUE,
	OP_DEVICE,
	OP_NULL, /* a device 0:0 */
	OP_DIR_AGAIN,
	OPS,
};

struct step {
	enum op op;
	bool new_layer;
	uint8_t path, target;
};

struct program {
	unsigned flags;
	size_t n;
	struct step step[ENTRIES_MAX];
};

static void parse(const uint8_t *data, size_t size, struct program *p)
{
	p->flags = data[0] & 1 ? CFS_LAYERS_CREATE_PARENTS : 0;
	data++;
	size--;
	for (p->n = 0; size >= 3 && p->n < ENTRIES_MAX; p->n++) {
		struct step *s = &p->step[p->n];

		s->op = (data[0] & 0x3f) % OPS;
		s->new_layer = data[0] & 0x80;
		s->path = data[1];
		s->target = data[2];
		data += s->op == OP_HARDLINK ? 3 : 2;
		size -= s->op == OP_HARDLINK ? 3 : 2;
	}
}

/* Opaque markers come first in their layers. */
static void markers_first(const struct program *from, struct program *to)
{
	size_t start = 0, end;

	to->flags = from->flags;
	to->n = 0;
	for (; start < from->n; start = end) {
		size_t first = to->n;

		for (end = start + 1; end < from->n; end++) {
			if (from->step[end].new_layer)
				break;
		}
		for (unsigned markers = 2; markers-- > 0;) {
			for (size_t i = start; i < end; i++) {
				if ((from->step[i].op == OP_OPAQUE) == markers)
					to->step[to->n++] = from->step[i];
			}
		}
		for (size_t i = first; i < to->n; i++)
			to->step[i].new_layer = i == first && start > 0;
	}
}

/* Two bits how many names, then two bits each. */
static void path_of(uint8_t code, const char *last, struct cfs_buf *out)
{
	static const char *const names[] = { "a", "b", "usr", "c.d" };
	unsigned n = code >> 6;

	for (unsigned i = 0; i < n; i++) {
		if (out->len > 0)
			cfs_buf_addc(out, '/');
		if (last && i + 1 == n)
			cfs_buf_adds(out, last);
		cfs_buf_adds(out, names[code >> 2 * i & 3]);
	}
}

static const struct cfs_tar_xattr note = {
	{ (const uint8_t *)"user.note", 9 },
	{ (const uint8_t *)"x", 1 },
};

static void make(const struct step *s, size_t i, struct cfs_buf *path,
		 struct cfs_buf *link, struct cfs_tar_entry *e)
{
	static const uint32_t modes[OPS] = {
		[OP_DIR] = S_IFDIR | 0755,	 [OP_FILE] = S_IFREG | 0644,
		[OP_EXTERNAL] = S_IFREG,	 [OP_SYMLINK] = S_IFLNK | 0777,
		[OP_WHITEOUT] = S_IFREG,	 [OP_OPAQUE] = S_IFREG,
		[OP_DEVICE] = S_IFBLK | 0600,	 [OP_NULL] = S_IFCHR,
		[OP_DIR_AGAIN] = S_IFDIR | 0700,
	};
	static const char target[] = "../x";

	path->len = link->len = 0;
	path_of(s->path, s->op == OP_WHITEOUT ? ".wh." : NULL, path);
	if (s->op == OP_OPAQUE)
		cfs_buf_adds(path,
			     path->len ? "/.wh..wh..opq" : ".wh..wh..opq");
	path_of(s->target, NULL, link);
	*e = (struct cfs_tar_entry){
		.offset = 512 * i,
		.path = cfs_buf_bytes(path),
		.mode = modes[s->op],
		.uid = (uint32_t)i,
		.mtime_sec = -(int64_t)i,
		.is_hardlink = s->op == OP_HARDLINK,
		.is_external = s->op == OP_EXTERNAL,
		.size = s->op == OP_EXTERNAL ? 100 + i : 0,
		.rdev = s->op == OP_DEVICE ? (uint32_t)i + 1 : 0,
		.xattrs = &note,
		.n_xattrs = s->target & 1,
	};
	if (s->op == OP_HARDLINK)
		e->link = cfs_buf_bytes(link);
	else if (s->op == OP_SYMLINK)
		e->link = (struct cfs_bytes){ (const uint8_t *)target, 4 };
	if (s->op == OP_FILE) {
		e->content = (struct cfs_bytes){ note.name.data, 9 };
		e->size = 9;
	}
}

static int run(const struct program *p, struct cfs_tree **ret,
	       struct cfs_err *err)
{
	CFS_AUTO(cfs_layers_free) struct cfs_layers *m = NULL;
	CFS_AUTOBUF struct cfs_buf path = { 0 };
	CFS_AUTOBUF struct cfs_buf link = { 0 };

	assert(cfs_layers_new(p->flags, &m, err) == 0);
	assert(cfs_layers_begin(m, err) == 0);
	for (size_t i = 0; i < p->n; i++) {
		struct cfs_tar_entry e;
		struct cfs_node *node;
		uint8_t *digest;
		int r = 0;

		if (p->step[i].new_layer)
			r = cfs_layers_begin(m, err);
		make(&p->step[i], p->step[i].target, &path, &link, &e);
		if (r == 0)
			r = cfs_layers_add(m, &e, &node, err);
		if (r < 0)
			return r;
		if (!node)
			continue;
		assert(e.is_external);
		assert(cfs_node_reserve_object(cfs_layers_tree(m), node, e.size,
					       CFS_ALG_SHA256, &digest,
					       err) == 0);
		memset(digest, p->step[i].target, 32);
	}
	return cfs_layers_finish(m, ret, err);
}

static void dump(const struct cfs_tree *tree, struct cfs_buf *out)
{
	struct cfs_err err = { 0 };

	assert(cfs_dump_write(tree, out, &err) == 0);
}

static bool same(const struct cfs_buf *a, const struct cfs_buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *back = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *moved = NULL;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOBUF struct cfs_buf again = { 0 };
	CFS_AUTOBUF struct cfs_buf other = { 0 };
	static struct program p, first;
	struct cfs_err err = { 0 };

	if (size == 0)
		return 0;
	parse(data, size, &p);
	if (run(&p, &tree, &err) < 0) {
		assert(strstr(err.msg, "entry") || strstr(err.msg, "layer"));
		return 0;
	}
	dump(tree, &text);
	assert(cfs_dump_read(cfs_buf_bytes(&text), 0, &back, &err) == 0);
	dump(back, &again);
	assert(same(&text, &again));
	markers_first(&p, &first);
	assert(first.n == p.n);
	/* A hard link to what its own layer hides may now be refused. */
	if (run(&first, &moved, &err) < 0)
		return 0;
	dump(moved, &other);
	assert(same(&text, &other));
	return 0;
}
