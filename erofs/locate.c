/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/locate.h"

#include <string.h>

#include "erofs/read_image.h"

/* A field of a struct that begins at byte @start. */
#define AT(start, type, member)                            \
	{                                                  \
#member, (start) + offsetof(type, member), \
			sizeof(((type *)NULL)->member)     \
	}
#define HEADER(member) AT(0, struct cfs_erofs_header, member)
#define SUPER(member)  AT(CFS_EROFS_SUPER_START, struct cfs_erofs_super, member)

/* All of the first block that means something, in its order: a byte that none
 * of these has is padding. */
static const struct cfs_erofs_field head[] = {
	HEADER(magic),
	HEADER(version),
	HEADER(flags),
	HEADER(composefs_version),
	HEADER(unused),
	{ "gap", sizeof(struct cfs_erofs_header),
	  CFS_EROFS_SUPER_START - sizeof(struct cfs_erofs_header) },
	SUPER(magic),
	SUPER(checksum),
	SUPER(feature_compat),
	SUPER(blkszbits),
	SUPER(sb_extslots),
	SUPER(root_nid),
	SUPER(inos),
	SUPER(build_time),
	SUPER(build_time_nsec),
	SUPER(blocks),
	SUPER(meta_blkaddr),
	SUPER(xattr_blkaddr),
	SUPER(uuid),
	SUPER(volume_name),
	SUPER(feature_incompat),
	SUPER(available_compr_algs),
	SUPER(extra_devices),
	SUPER(devt_slotoff),
	SUPER(dirblkbits),
	SUPER(xattr_prefix_count),
	SUPER(xattr_prefix_start),
	SUPER(packed_nid),
	SUPER(xattr_filter_reserved),
	SUPER(reserved),
};

#define COMPACT(member)	 AT(0, struct cfs_erofs_compact, member)
#define EXTENDED(member) AT(0, struct cfs_erofs_extended, member)

static const struct cfs_erofs_field compact[] = {
	COMPACT(format), COMPACT(xattr_icount), COMPACT(mode),
	COMPACT(nlink),	 COMPACT(size),		COMPACT(reserved),
	COMPACT(u),	 COMPACT(ino),		COMPACT(uid),
	COMPACT(gid),	 COMPACT(reserved2),
};

static const struct cfs_erofs_field extended[] = {
	EXTENDED(format),    EXTENDED(xattr_icount), EXTENDED(mode),
	EXTENDED(reserved),  EXTENDED(size),	     EXTENDED(u),
	EXTENDED(ino),	     EXTENDED(uid),	     EXTENDED(gid),
	EXTENDED(mtime),     EXTENDED(mtime_nsec),   EXTENDED(nlink),
	EXTENDED(reserved2),
};

const struct cfs_erofs_field *cfs_erofs_fields(size_t *ret_n)
{
	*ret_n = CFS_ARRAY_SIZE(head);
	return head;
}

static const char *field_at(const struct cfs_erofs_field *fields, size_t n,
			    uint64_t off)
{
	for (size_t i = 0; i < n; i++) {
		if (off >= fields[i].off &&
		    off - fields[i].off < fields[i].size)
			return fields[i].name;
	}
	return NULL;
}

/* The search for a byte: what is known about it, and the image, whose inodes
 * are read a second time to see where their parts are. */
struct search {
	struct cfs_erofs_place *place;
	struct cfs_erofs_image image;
};

/* Returns whether @part, a slice of the image, contains the byte. */
static bool holds(const struct search *s, struct cfs_bytes part)
{
	uint64_t start;

	if (part.len == 0)
		return false;
	start = (uint64_t)(part.data - s->image.bytes.data);
	return s->place->off >= start && s->place->off - start < part.len;
}

static enum cfs_erofs_part part_of(const struct search *s,
				   const struct cfs_erofs_stat *st,
				   const struct cfs_node *node)
{
	bool chunks = st->layout == CFS_EROFS_CHUNKS;

	if (holds(s, st->xattrs))
		return CFS_EROFS_PART_XATTRS;
	if (holds(s, st->blocks))
		return CFS_EROFS_PART_DATA;
	if (!holds(s, st->tail))
		return CFS_EROFS_PART_NONE;
	if (!chunks)
		return CFS_EROFS_PART_DATA;
	/* A version that has no index for a file without a digest has the next
	 * inode in its place. */
	return node->file.digest || !s->image.rules->index_needs_digest
		       ? CFS_EROFS_PART_CHUNKS
		       : CFS_EROFS_PART_NONE;
}

/* Returns the field of inode @st that the byte belongs to, or NULL. */
static const char *inode_field(const struct search *s,
			       const struct cfs_erofs_stat *st)
{
	uint64_t start = st->nid * CFS_EROFS_SLOT;

	if (s->place->off < start)
		return NULL;
	if (s->image.bytes.data[start] & CFS_EROFS_EXTENDED)
		return field_at(extended, CFS_ARRAY_SIZE(extended),
				s->place->off - start);
	return field_at(compact, CFS_ARRAY_SIZE(compact),
			s->place->off - start);
}

/* Looks for the byte in the shared xattrs to which inode @st refers. */
static void find_shared(const struct search *s, const struct cfs_erofs_stat *st)
{
	struct cfs_erofs_xattr_header header;
	struct cfs_bytes bytes = s->image.bytes, part;

	if (!cfs_bytes_slice(st->xattrs, 0, sizeof(header), &part))
		return;
	memcpy(&header, part.data, sizeof(header));
	for (unsigned i = 0; i < header.shared_count; i++) {
		struct cfs_erofs_xattr entry;
		cfs_le32 id;
		uint64_t at;

		if (!cfs_bytes_slice(st->xattrs, sizeof(header) + 4 * i,
				     sizeof(id), &part))
			return;
		memcpy(&id, part.data, sizeof(id));
		/* References count words of four bytes. */
		at = s->image.xattr_start + 4 * (uint64_t)cfs_get32(id);
		if (!cfs_bytes_slice(bytes, at, sizeof(entry), &part))
			return;
		memcpy(&entry, part.data, sizeof(entry));
		if (cfs_bytes_slice(bytes, at, cfs_erofs_entry_bytes(&entry),
				    &part) &&
		    holds(s, part))
			s->place->part = CFS_EROFS_PART_SHARED;
	}
}

/* Looks for the byte in inode @nid, and reads it to @ret.  @node: its node in
 * the tree, or NULL for a stub. */
static int find_inode(struct search *s, uint64_t nid,
		      const struct cfs_node *node, struct cfs_erofs_stat *ret,
		      struct cfs_err *err)
{
	struct cfs_erofs_place *place = s->place;
	enum cfs_erofs_part part;
	const char *field = NULL;

	if (cfs_erofs_inode_read(&s->image, nid, ret, err) < 0)
		return -err->code;
	/* A part of the inode itself is more exact, and replaces this. */
	find_shared(s, ret);
	part = part_of(s, ret, node);
	if (part == CFS_EROFS_PART_NONE) {
		field = inode_field(s, ret);
		part = field ? CFS_EROFS_PART_INODE : part;
	}
	if (part == CFS_EROFS_PART_NONE)
		return 0;
	place->part = part;
	place->field = field;
	place->nid = nid;
	place->mode = ret->mode;
	if (node)
		(void)cfs_node_name(node, place->name);
	return 0;
}

static bool is_dot(struct cfs_bytes name)
{
	return name.len <= 2 && memcmp(name.data, "..", name.len) == 0;
}

/* Looks for the byte in the stubs: the entries of the root directory @st that
 * the tree, whose order is the same, does not have. */
static int find_stubs(struct search *s, const struct cfs_node *root,
		      const struct cfs_erofs_stat *st, struct cfs_err *err)
{
	const struct cfs_node *child = root->dir.first;
	struct cfs_erofs_entry_read entry = { 0 };
	struct cfs_erofs_dir_read dir;
	struct cfs_erofs_stat stub;
	int r;

	cfs_erofs_dir_open(&dir, st);
	while ((r = cfs_erofs_dir_read(&dir, &entry, err)) > 0) {
		if (is_dot(entry.name))
			continue;
		if (child && child->name_len == entry.name.len &&
		    memcmp(child->name, entry.name.data, entry.name.len) == 0)
			child = child->next;
		else if (find_inode(s, entry.nid, NULL, &stub, err) < 0)
			return -err->code;
	}
	return r;
}

/* Looks for the byte in all inodes of an image that is known to be valid. */
static int find(struct search *s, const struct cfs_tree *tree,
		const struct cfs_erofs_detail *const *details,
		struct cfs_err *err)
{
	struct cfs_node *n = tree->root;
	struct cfs_erofs_stat st;

	if (find_inode(s, s->image.root_nid, n, &st, err) < 0 ||
	    find_stubs(s, n, &st, err) < 0)
		return -err->code;
	while ((n = cfs_node_walk(tree->root, n))) {
		const struct cfs_erofs_detail *detail = details[n->seq];

		if (detail && find_inode(s, detail->nid, n, &st, err) < 0)
			return -err->code;
	}
	return 0;
}

int cfs_erofs_locate(struct cfs_bytes image, uint64_t off,
		     struct cfs_erofs_place *ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_erofs_place place = { .off = off };
	const struct cfs_erofs_detail **details;
	struct search search = { .place = &place };
	unsigned version;
	int r;

	place.field = field_at(head, CFS_ARRAY_SIZE(head), off);
	if (place.field)
		place.part = CFS_EROFS_PART_HEAD;
	r = cfs_erofs_read_details(image, &tree, &version, &details, err);
	if (r < 0)
		return r;
	r = cfs_erofs_image_open(&search.image, image, err);
	if (r == 0)
		r = find(&search, tree, details, err);
	cfs_erofs_image_close(&search.image);
	if (r < 0)
		return cfs_ctx(err, "image");
	*ret = place;
	return 0;
}
