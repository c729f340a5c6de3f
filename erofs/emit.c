/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "erofs/plan.h"
#include "erofs/prefix.h"

#define OUT_SIZE (128 * 1024)

/* Most entries of a directory block: 12 bytes each and a name of one. */
#define BLOCK_ENTRIES (CFS_EROFS_BLOCK / 13 + 1)

struct out {
	const struct cfs_erofs_sink *sink;
	struct cfs_err *err;
	int result; /* sticky */
	uint64_t pos;
	size_t used;
	uint8_t *buf;
};

static void flush(struct out *out)
{
	if (out->result == 0 && out->used > 0)
		out->result = out->sink->write(
			out->sink->ctx,
			(struct cfs_bytes){ out->buf, out->used }, out->err);
	out->used = 0;
}

/* @len bytes, at most a block, that the caller fills now. */
static uint8_t *room(struct out *out, size_t len)
{
	uint8_t *p;

	if (out->used + len > OUT_SIZE)
		flush(out);
	p = out->buf + out->used;
	out->used += len;
	out->pos += len;
	return p;
}

static void put_long(struct out *out, const uint8_t *p, size_t len)
{
	while (len > 0) {
		size_t n = len < CFS_EROFS_BLOCK ? len : CFS_EROFS_BLOCK;

		memcpy(room(out, n), p, n);
		p += n;
		len -= n;
	}
}

static inline void put(struct out *out, const void *data, size_t len)
{
	if (len > OUT_SIZE - out->used) {
		put_long(out, data, len);
		return;
	}
	if (len > 0)
		memcpy(out->buf + out->used, data, len);
	out->used += len;
	out->pos += len;
}

static void fill(struct out *out, uint64_t until, uint8_t byte)
{
	while (out->pos < until) {
		uint64_t left = until - out->pos;
		size_t n = left < CFS_EROFS_BLOCK ? left : CFS_EROFS_BLOCK;

		memset(room(out, n), byte, n);
	}
}

static void put_super(const struct cfs_erofs_plan *plan, struct out *out)
{
	struct cfs_erofs_header header = {
		.magic = cfs_put32(CFS_EROFS_HEADER_MAGIC),
		.version = cfs_put32(CFS_EROFS_HEADER_VERSION),
		.flags =
			cfs_put32(plan->has_acl ? CFS_EROFS_HEADER_HAS_ACL : 0),
		.composefs_version = cfs_put32(plan->version),
	};
	struct cfs_erofs_super super = {
		.magic = cfs_put32(CFS_EROFS_MAGIC),
		.feature_compat = cfs_put32(CFS_EROFS_COMPAT_MTIME |
					    CFS_EROFS_COMPAT_XATTR_FILTER),
		.blkszbits = CFS_EROFS_BLOCK_BITS,
		.root_nid = cfs_put16((uint16_t)plan->inodes[0].nid),
		.inos = cfs_put64(plan->n),
		.blocks = cfs_put32((uint32_t)(plan->size / CFS_EROFS_BLOCK)),
	};

	if (plan->version < 2) {
		super.build_time = cfs_put64((uint64_t)plan->mtime_sec);
		super.build_time_nsec = cfs_put32(plan->mtime_nsec);
		super.xattr_blkaddr = cfs_put32(
			(uint32_t)(plan->inodes_end / CFS_EROFS_BLOCK));
	}
	put(out, &header, sizeof(header));
	fill(out, CFS_EROFS_SUPER_START, 0);
	put(out, &super, sizeof(super));
}

static void put_entry(struct out *out, const struct cfs_erofs_pair *pair,
		      struct cfs_bytes value)
{
	size_t suffix = (size_t)pair->key_len - pair->prefix_len;
	struct cfs_erofs_xattr entry = {
		.name_len = (uint8_t)suffix,
		.name_index = pair->index,
		.value_size = cfs_put16((uint16_t)value.len),
	};

	put(out, &entry, sizeof(entry));
	put(out, pair->key + pair->prefix_len, suffix);
	put(out, value.data, value.len);
	while (out->pos % 4)
		*room(out, 1) = 0;
}

/* What a reference counts: words from the block that holds the table's start,
 * or (version 2) from the start of the image. */
static uint32_t reference(const struct cfs_erofs_plan *plan, uint32_t shared)
{
	const struct cfs_erofs_shared *table =
		(const struct cfs_erofs_shared *)plan->shared.data;
	uint64_t at = plan->version == 2 ? plan->inodes_end
					 : plan->inodes_end % CFS_EROFS_BLOCK;

	return (uint32_t)((at + table[shared - 1].offset) / 4);
}

static int put_xattrs(struct cfs_erofs_plan *plan,
		      const struct cfs_erofs_inode *inode, struct out *out)
{
	struct cfs_erofs_xattr_header header = { 0 };
	const struct cfs_erofs_attr *attrs;
	uint32_t filter = UINT32_MAX;
	size_t n;
	int r = cfs_erofs_attrs(plan, inode, true, &attrs, &n, out->err);

	if (r < 0 || n == 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		filter &= ~(UINT32_C(1) << attrs[i].pair->filter_bit);
		if (attrs[i].shared)
			header.shared_count++;
	}
	header.name_filter = cfs_put32(filter);
	put(out, &header, sizeof(header));
	for (size_t i = 0; i < n; i++) {
		cfs_le32 ref;

		if (!attrs[i].shared)
			continue;
		ref = cfs_put32(reference(plan, attrs[i].shared));
		put(out, &ref, sizeof(ref));
	}
	for (size_t i = 0; i < n; i++) {
		if (!attrs[i].shared)
			put_entry(out, attrs[i].pair, attrs[i].value);
	}
	return 0;
}

static uint16_t icount(const struct cfs_erofs_inode *inode)
{
	uint32_t bytes = inode->xattr_bytes;

	if (bytes == 0)
		return 0;
	return (uint16_t)((bytes - sizeof(struct cfs_erofs_xattr_header)) / 4 +
			  1);
}

/* The block address, device number or chunk format of @inode. */
static uint32_t union_of(const struct cfs_erofs_plan *plan,
			 const struct cfs_erofs_inode *inode, uint64_t data)
{
	uint32_t u = inode->blocks ? (uint32_t)(data / CFS_EROFS_BLOCK) : 0;
	const struct cfs_node *node = inode->node;

	if (inode->flags & CFS_EROFS_I_WHITEOUT)
		return u;
	if (S_ISCHR(node->mode) || S_ISBLK(node->mode))
		return node->rdev;
	if (!cfs_node_is_external(node))
		return u;
	/* Version 1 keeps the upper half of an address nobody reads. */
	return plan->version == 2
		       ? CFS_EROFS_V2_CHUNK_FORMAT
		       : (u & 0xffff0000u) | (cfs_erofs_chunk_bits(node->size) -
					      CFS_EROFS_BLOCK_BITS);
}

static void put_compact(const struct cfs_erofs_inode *inode, uint32_t ino,
			uint32_t u, struct out *out)
{
	const struct cfs_node *node = inode->node;
	struct cfs_erofs_compact disk = {
		.format = cfs_put16((uint16_t)(cfs_erofs_layout_of(inode)
					       << CFS_EROFS_LAYOUT_SHIFT)),
		.xattr_icount = cfs_put16(icount(inode)),
		.mode = cfs_put16((uint16_t)cfs_erofs_mode(inode)),
		.nlink = cfs_put16((uint16_t)inode->nlink),
		.size = cfs_put32((uint32_t)cfs_erofs_size(inode)),
		.u = cfs_put32(u),
		.ino = cfs_put32(ino),
		.uid = cfs_put16((uint16_t)node->uid),
		.gid = cfs_put16((uint16_t)node->gid),
	};

	put(out, &disk, sizeof(disk));
}

static void put_extended(const struct cfs_erofs_plan *plan,
			 const struct cfs_erofs_inode *inode, uint32_t ino,
			 uint32_t u, struct out *out)
{
	const struct cfs_node *node = inode->node;
	unsigned format = CFS_EROFS_EXTENDED |
			  (unsigned)cfs_erofs_layout_of(inode)
				  << CFS_EROFS_LAYOUT_SHIFT;
	struct cfs_erofs_extended disk = {
		.format = cfs_put16((uint16_t)format),
		.xattr_icount = cfs_put16(icount(inode)),
		.mode = cfs_put16((uint16_t)cfs_erofs_mode(inode)),
		.size = cfs_put64(cfs_erofs_size(inode)),
		.u = cfs_put32(u),
		.ino = cfs_put32(plan->version == 2 ? (uint32_t)inode->nid
						    : ino),
		.uid = cfs_put32(node->uid),
		.gid = cfs_put32(node->gid),
		.mtime = cfs_put64((uint64_t)node->mtime_sec),
		.mtime_nsec =
			cfs_put32(plan->version == 2 ? 0 : node->mtime_nsec),
		.nlink = cfs_put32(inode->nlink),
	};

	put(out, &disk, sizeof(disk));
}

static void put_entries(const struct cfs_erofs_plan *plan,
			const struct cfs_erofs_entry *entries, size_t n,
			struct out *out)
{
	size_t nameoff = n * sizeof(struct cfs_erofs_dirent);

	for (size_t i = 0; i < n; i++) {
		const struct cfs_erofs_inode *inode =
			&plan->inodes[entries[i].ino];
		struct cfs_erofs_dirent disk = {
			.nid = cfs_put64(inode->nid),
			.nameoff = cfs_put16((uint16_t)nameoff),
			.file_type = cfs_erofs_file_type(cfs_erofs_mode(inode)),
		};

		put(out, &disk, sizeof(disk));
		nameoff += entries[i].len;
	}
	for (size_t i = 0; i < n; i++)
		put(out, entries[i].name, entries[i].len);
}

/* Writes the blocks @from .. @to of the directory, the tail being the last;
 * all but the tail are padded. */
static void put_dir(const struct cfs_erofs_plan *plan,
		    const struct cfs_erofs_inode *inode, uint64_t from,
		    uint64_t to, struct out *out)
{
	struct cfs_erofs_entry entries[BLOCK_ENTRIES];
	struct cfs_erofs_dir_iter it;
	uint64_t block = 0;
	size_t used = 0, n = 0;
	bool more;

	cfs_erofs_dir_start(&it, plan, inode->node);
	do {
		struct cfs_erofs_entry entry = { 0 };
		size_t size;

		more = cfs_erofs_dir_next(&it, &entry);
		size = sizeof(struct cfs_erofs_dirent) + entry.len;
		if (!more || used + size > CFS_EROFS_BLOCK) {
			if (block >= from && block < to)
				put_entries(plan, entries, n, out);
			if (block >= from && block < inode->blocks &&
			    block < to)
				fill(out,
				     cfs_erofs_round_up(out->pos,
							CFS_EROFS_BLOCK),
				     0);
			block++;
			used = n = 0;
		}
		used += size;
		entries[n++] = entry;
	} while (more && block < to);
}

static void put_tail(const struct cfs_erofs_plan *plan,
		     const struct cfs_erofs_inode *inode, struct out *out)
{
	const struct cfs_node *node = inode->node;

	if (inode->tail == 0)
		return;
	if (S_ISDIR(node->mode))
		put_dir(plan, inode, inode->blocks, inode->blocks + 1, out);
	else if (cfs_node_is_external(node))
		fill(out, out->pos + inode->tail, 0xff);
	else
		put(out,
		    (const uint8_t *)node->file.data + node->size - inode->tail,
		    inode->tail);
}

static void put_data(const struct cfs_erofs_plan *plan,
		     const struct cfs_erofs_inode *inode, struct out *out)
{
	const struct cfs_node *node = inode->node;
	uint64_t end = out->pos + inode->blocks * CFS_EROFS_BLOCK;

	if (inode->blocks == 0)
		return;
	if (S_ISDIR(node->mode))
		put_dir(plan, inode, 0, inode->blocks, out);
	else if (cfs_node_is_external(node))
		fill(out, end, 0xff);
	else
		put(out, node->file.data, node->size - inode->tail);
	fill(out, end, 0);
}

static int put_inodes(struct cfs_erofs_plan *plan, struct out *out)
{
	uint64_t data = plan->data_start;

	for (uint32_t i = 0; i < plan->n && out->result == 0; i++) {
		const struct cfs_erofs_inode *inode = &plan->inodes[i];
		uint32_t u = union_of(plan, inode, data);
		int r;

		fill(out, inode->nid * CFS_EROFS_SLOT, 0);
		if (inode->flags & CFS_EROFS_I_EXTENDED)
			put_extended(plan, inode, i, u, out);
		else
			put_compact(inode, i, u, out);
		r = put_xattrs(plan, inode, out);
		if (r < 0)
			return r;
		put_tail(plan, inode, out);
		data += inode->blocks * CFS_EROFS_BLOCK;
	}
	return out->result;
}

static void put_shared(const struct cfs_erofs_plan *plan, struct out *out)
{
	const struct cfs_erofs_shared *table =
		(const struct cfs_erofs_shared *)plan->shared.data;
	size_t n = plan->shared.len / sizeof(*table);

	fill(out, plan->inodes_end, 0);
	for (size_t i = 0; i < n; i++) {
		const struct cfs_erofs_shared *s =
			&table[plan->shared_order[i]];

		put_entry(out, s->pair, s->value);
	}
	fill(out, plan->data_start, 0);
}

int cfs_erofs_emit(struct cfs_erofs_plan *plan,
		   const struct cfs_erofs_sink *sink, struct cfs_err *err)
{
	CFS_AUTOFREE uint8_t *buf = malloc(OUT_SIZE);
	struct out out = { .sink = sink, .err = err, .buf = buf };
	int r;

	if (!buf)
		return cfs_fail(err, ENOMEM, "out of memory");
	put_super(plan, &out);
	r = put_inodes(plan, &out);
	if (r < 0)
		return r;
	put_shared(plan, &out);
	for (uint32_t i = 0; i < plan->n; i++)
		put_data(plan, &plan->inodes[i], &out);
	flush(&out);
	assert(out.result < 0 || out.pos == plan->size);
	return out.result;
}
