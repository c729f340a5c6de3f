/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "erofs/write_attrs.h"
#include "erofs/write_dir.h"
#include "erofs/write_inode.h"
#include "erofs/write_xattrs.h"

/* Where the image goes: in pieces of OUT_SIZE and a little more.  Whatever is
 * put at once has its room behind them. */
#define OUT_SIZE (128 * 1024)
#define PUT_MAX	 (320 * 1024)

/* The longest piece put at once is an inode: padding, head, xattrs and tail. */
_Static_assert(2 * CFS_EROFS_BLOCK + sizeof(struct cfs_erofs_extended) +
			       CFS_EROFS_XATTR_BYTES_MAX <
		       PUT_MAX,
	       "an inode");

struct out {
	const struct cfs_sink *sink;
	struct cfs_err *err;
	int result;   /* sticky */
	uint64_t pos; /* in the image, of the next byte */
	size_t used;
	uint8_t *buf;
};

static void flush(struct out *out)
{
	if (out->result == 0)
		out->result = cfs_sink_write(out->sink, out->buf, out->used,
					     out->err);
	out->used = 0;
}

/* Returns memory for the next @len (at most PUT_MAX) bytes of the image, which
 * the caller must fill before the next call. */
static uint8_t *room(struct out *out, size_t len)
{
	uint8_t *p;

	assert(len <= PUT_MAX);
	if (out->used >= OUT_SIZE)
		flush(out);
	p = out->buf + out->used;
	out->used += len;
	out->pos += len;
	return p;
}

static void put(struct out *out, const void *data, size_t len)
{
	if (len > 0)
		memcpy(room(out, len), data, len);
}

/* Writes @byte up to position @until. */
static void fill(struct out *out, uint64_t until, uint8_t byte)
{
	while (out->pos < until) {
		uint64_t left = until - out->pos;
		size_t n = left < CFS_EROFS_BLOCK ? (size_t)left
						  : CFS_EROFS_BLOCK;

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
		.composefs_version = cfs_put32(plan->rules->version),
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

	if (plan->rules->build_time) {
		super.build_time = cfs_put64((uint64_t)plan->mtime_sec);
		super.build_time_nsec = cfs_put32(plan->mtime_nsec);
	}
	if (plan->rules->references_from_table)
		super.xattr_blkaddr = cfs_put32(
			(uint32_t)(plan->inodes_end / CFS_EROFS_BLOCK));
	put(out, &header, sizeof(header));
	fill(out, CFS_EROFS_SUPER_START, 0);
	put(out, &super, sizeof(super));
}

/* Returns the field xattr_icount. */
static uint16_t icount(const struct cfs_erofs_inode *inode)
{
	uint32_t bytes = inode->xattr_bytes;

	if (bytes == 0)
		return 0;
	return (uint16_t)((bytes - sizeof(struct cfs_erofs_xattr_header)) / 4 +
			  1);
}

/* Returns the field u of @inode, whose blocks are at @data. */
static uint32_t union_of(const struct cfs_erofs_plan *plan,
			 const struct cfs_erofs_inode *inode, uint64_t data)
{
	uint32_t u = inode->blocks ? (uint32_t)(data / CFS_EROFS_BLOCK) : 0;
	const struct cfs_node *node = inode->node;

	if (inode->flags & CFS_EROFS_I_WHITEOUT)
		return u;
	if (S_ISCHR(node->mode) || S_ISBLK(node->mode))
		return node->rdev;
	if (!(inode->flags & CFS_EROFS_I_METACOPY))
		return u;
	/* mkcomposefs sets the chunk format in the lower half of a field in
	 * which it may have put a block address before. */
	return plan->rules->chunk_format
		       ? plan->rules->chunk_format
		       : (u & 0xffff0000u) | (cfs_erofs_chunk_bits(node->size) -
					      CFS_EROFS_BLOCK_BITS);
}

static void put_compact(const struct cfs_erofs_inode *inode, uint32_t ino,
			uint32_t u, uint8_t *p)
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

	memcpy(p, &disk, sizeof(disk));
}

static void put_extended(const struct cfs_erofs_plan *plan,
			 const struct cfs_erofs_inode *inode, uint32_t ino,
			 uint32_t u, uint8_t *p)
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
		.ino = cfs_put32(plan->rules->ino_is_nid ? (uint32_t)inode->nid
							 : ino),
		.uid = cfs_put32(node->uid),
		.gid = cfs_put32(node->gid),
		.mtime = cfs_put64((uint64_t)node->mtime_sec),
		.mtime_nsec = cfs_put32(
			plan->rules->nanoseconds ? node->mtime_nsec : 0),
		.nlink = cfs_put32(inode->nlink),
	};

	memcpy(p, &disk, sizeof(disk));
}

/* Writes the tail of @inode, whose blocks have the data before it. */
static uint8_t *put_tail(const struct cfs_erofs_plan *plan,
			 const struct cfs_erofs_inode *inode, uint8_t *p)
{
	const struct cfs_node *node = inode->node;

	if (inode->type == CFS_EROFS_FT_DIR)
		return cfs_erofs_put_dir_tail(plan, inode, p);
	/* Every chunk is CFS_EROFS_NULL_CHUNK. */
	if (inode->flags & CFS_EROFS_I_METACOPY)
		memset(p, 0xff, inode->tail);
	else
		memcpy(p,
		       (const uint8_t *)node->file.data + node->size -
			       inode->tail,
		       inode->tail);
	return p + inode->tail;
}

/* Writes inode number @ino, whose data blocks are at @data. */
static void put_inode(const struct cfs_erofs_plan *plan, uint32_t ino,
		      uint64_t data, struct out *out)
{
	const struct cfs_erofs_inode *inode = &plan->inodes[ino];
	size_t pad = (size_t)(inode->nid * CFS_EROFS_SLOT - out->pos);
	size_t head = cfs_erofs_head_size(inode);
	uint32_t u = union_of(plan, inode, data);
	size_t len = pad + head + inode->xattr_bytes + inode->tail;
	uint8_t *p = room(out, len), *end = p + len;

	memset(p, 0, pad);
	p += pad;
	if (inode->flags & CFS_EROFS_I_EXTENDED)
		put_extended(plan, inode, ino, u, p);
	else
		put_compact(inode, ino, u, p);
	p += head;
	if (inode->xattr_bytes > 0)
		p = cfs_erofs_put_xattrs(plan, inode, p);
	if (inode->tail > 0)
		p = put_tail(plan, inode, p);
	assert(p == end);
}

static void put_inodes(const struct cfs_erofs_plan *plan, struct out *out)
{
	uint64_t data = plan->data_start;

	for (uint32_t i = 0; i < plan->n; i++) {
		put_inode(plan, i, data, out);
		data += (uint64_t)plan->inodes[i].blocks * CFS_EROFS_BLOCK;
	}
}

static void put_shared(const struct cfs_erofs_plan *plan, struct out *out)
{
	fill(out, plan->inodes_end, 0);
	for (size_t i = 0; i < plan->shared.n; i++) {
		const struct cfs_erofs_shared *s =
			&plan->shared.v[plan->shared_order[i]];
		size_t len = cfs_erofs_entry_size(s->pair, s->value.len);

		cfs_erofs_put_entry(s->pair, s->value, room(out, len));
	}
	fill(out, plan->data_start, 0);
}

static void put_dir_blocks(const struct cfs_erofs_plan *plan,
			   const struct cfs_erofs_inode *inode, struct out *out)
{
	struct cfs_erofs_dir_iter it = cfs_erofs_dir_start(plan, inode->node);

	for (uint32_t i = 0; i < inode->blocks; i++) {
		uint8_t *p = room(out, CFS_EROFS_BLOCK);
		uint8_t *end = cfs_erofs_put_dir_block(plan, inode, &it, p);

		memset(end, 0, (size_t)(p + CFS_EROFS_BLOCK - end));
	}
}

static void put_data(const struct cfs_erofs_plan *plan,
		     const struct cfs_erofs_inode *inode, struct out *out)
{
	const struct cfs_node *node = inode->node;
	uint64_t end = out->pos + (uint64_t)inode->blocks * CFS_EROFS_BLOCK;

	if (inode->blocks == 0)
		return;
	if (inode->type == CFS_EROFS_FT_DIR)
		put_dir_blocks(plan, inode, out);
	else if (inode->flags & CFS_EROFS_I_METACOPY)
		/* A chunk index that did not fit behind its inode: mkcomposefs
		 * writes it here, where nothing reads it. */
		fill(out, end, 0xff);
	else
		put(out, node->file.data, (size_t)node->size - inode->tail);
	fill(out, end, 0);
}

int cfs_erofs_emit(const struct cfs_erofs_plan *plan,
		   const struct cfs_sink *sink, struct cfs_err *err)
{
	/* For a small image, memory of its size is enough: it is flushed once,
	 * at its end. */
	size_t size = plan->size < OUT_SIZE ? (size_t)plan->size
					    : OUT_SIZE + PUT_MAX;
	CFS_AUTOFREE uint8_t *buf = malloc(size);
	struct out out = { .sink = sink, .err = err, .buf = buf };

	if (!buf)
		return cfs_no_memory(err);
	put_super(plan, &out);
	put_inodes(plan, &out);
	put_shared(plan, &out);
	for (uint32_t i = 0; i < plan->n; i++)
		put_data(plan, &plan->inodes[i], &out);
	flush(&out);
	assert(out.result < 0 || out.pos == plan->size);
	return out.result;
}
