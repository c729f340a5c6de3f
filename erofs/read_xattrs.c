/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "erofs/prefix.h"
#include "erofs/read_image.h"
#include "erofs/xxh32.h"

/* Room for the longest prefix and the longest name behind it. */
#define KEY_ROOM (32 + UINT8_MAX)

enum kind {
	USERS, /* an xattr of the user: x */
	METACOPY,
	REDIRECT,
	OPAQUE,
};

/* An xattr that has been read. */
struct attr {
	uint32_t id; /* of a shared one: the reference to it */
	enum kind kind;
	uint32_t filter_bit;
	const struct cfs_xattr *x;
	struct cfs_bytes value;
};

/* The xattrs of an inode while they are read. */
struct reading {
	const struct cfs_erofs_image *image;
	struct cfs_tree *tree;
	struct cfs_erofs_memo *memo;
	struct cfs_erofs_attrs_read *ret;
	uint32_t filter; /* the bits of names that have not occurred */
};

static uint64_t memo_hash(const void *entry)
{
	const struct attr *attr = entry;

	return cfs_table_hash(&attr->id, sizeof(attr->id), 0);
}

static bool same_id(const void *entry, const void *key)
{
	const struct attr *attr = entry;

	return attr->id == *(const uint32_t *)key;
}

void cfs_erofs_memo_init(struct cfs_erofs_memo *memo)
{
	*memo = (struct cfs_erofs_memo){ .table.hash_of = memo_hash };
}

/* An entry, decoded. */
struct entry {
	char key[KEY_ROOM]; /* a user's without its escape */
	size_t len;	    /* of the key */
	enum kind kind;
	struct cfs_bytes value;
	uint32_t filter_bit;
	uint64_t size; /* in bytes, with its padding */
};

/* Nearly every file has two xattrs whose names are compared: with constant
 * lengths, compilers need no calls for that. */
#define BEGINS_WITH(key, len, text) \
	((len) >= sizeof(text) - 1 && memcmp(key, text, sizeof(text) - 1) == 0)
#define IS(key, len, text) \
	((len) == sizeof(text) - 1 && memcmp(key, text, sizeof(text) - 1) == 0)

/* Decides whether an xattr is the user's, whose name may be escaped, or one
 * that the writer added for overlayfs. */
static int classify(struct entry *e, struct cfs_err *err)
{
	const size_t prefix = strlen(CFS_OVERLAY_PREFIX);
	const size_t escape = strlen(CFS_OVERLAY_ESCAPE);
	char *name = e->key + prefix;
	size_t len;

	e->kind = USERS;
	if (!BEGINS_WITH(e->key, e->len, CFS_OVERLAY_PREFIX))
		return 0;
	len = e->len - prefix;
	if (IS(name, len, "metacopy")) {
		e->kind = METACOPY;
	} else if (IS(name, len, "redirect")) {
		e->kind = REDIRECT;
	} else if (BEGINS_WITH(e->key, e->len, CFS_OVERLAY_ESCAPE)) {
		e->len -= escape - prefix;
		memmove(name, e->key + escape, e->len - prefix + 1);
	} else if (IS(name, len, "opaque") && e->value.len == 1 &&
		   e->value.data[0] == 'y') {
		e->kind = OPAQUE;
	} else {
		return cfs_fail(err, EBADMSG, "xattr trusted.overlay.%s", name);
	}
	return 0;
}

/* Decodes the entry that @at begins with. */
static int decode(struct cfs_bytes at, struct entry *e, struct cfs_err *err)
{
	struct cfs_erofs_xattr disk;
	struct cfs_bytes suffix, part;
	const char *prefix;
	size_t len, name_len;

	if (!cfs_bytes_slice(at, 0, sizeof(disk), &part))
		return cfs_fail(err, EBADMSG, "truncated xattr");
	memcpy(&disk, part.data, sizeof(disk));
	prefix = cfs_erofs_prefix_text(disk.name_index);
	if (!prefix)
		return cfs_fail(err, EBADMSG, "unknown xattr prefix %u",
				disk.name_index);
	name_len = disk.name_len;
	if (!cfs_bytes_slice(at, sizeof(disk), name_len, &suffix) ||
	    !cfs_bytes_slice(at, sizeof(disk) + name_len,
			     cfs_get16(disk.value_size), &e->value))
		return cfs_fail(err, EBADMSG, "truncated xattr");
	/* The kernel compares all bytes of a name; here it would end early. */
	if (memchr(suffix.data, '\0', suffix.len))
		return cfs_fail(err, EBADMSG, "NUL in the name of an xattr");
	len = strlen(prefix);
	memcpy(e->key, prefix, len);
	memcpy(e->key + len, suffix.data, suffix.len);
	e->len = len + suffix.len;
	e->key[e->len] = '\0';
	e->filter_bit = cfs_erofs_xxh32(suffix, CFS_EROFS_FILTER_SEED +
							disk.name_index) %
			32;
	e->size = cfs_erofs_entry_bytes(&disk);
	return classify(e, err);
}

/* Reads the entry that @at begins with; *@ret_size: its bytes. */
static int parse_entry(struct cfs_bytes at, struct cfs_tree *tree,
		       struct attr *attr, uint64_t *ret_size,
		       struct cfs_err *err)
{
	struct entry e;
	struct cfs_bytes name;

	if (decode(at, &e, err) < 0)
		return -err->code;
	attr->kind = e.kind;
	attr->value = e.value;
	attr->filter_bit = e.filter_bit;
	*ret_size = e.size;
	if (e.kind != USERS)
		return 0;
	name = (struct cfs_bytes){ (const uint8_t *)e.key, e.len };
	if (cfs_xattr_add(&tree->xattrs, name, e.value, &attr->x, err) < 0)
		return err->code == ENOMEM
			       ? -ENOMEM
			       : cfs_fail(err, EBADMSG, "xattr of a bad name");
	return 0;
}

/* Sets *@ret to the bytes from the shared xattr @id to the image's end. */
static int find_shared(const struct cfs_erofs_image *image, uint32_t id,
		       struct cfs_bytes *ret, struct cfs_err *err)
{
	uint64_t start = image->xattr_start + 4 * (uint64_t)id;

	if (start > image->bytes.len ||
	    !cfs_bytes_slice(image->bytes, start, image->bytes.len - start,
			     ret))
		return cfs_fail(err, EBADMSG,
				"shared xattr is beyond the end of the image");
	return 0;
}

/* Reads a shared xattr, once: a million inodes may refer to it. */
static int parse_shared(const struct reading *rd, uint32_t id,
			const struct attr **ret, struct cfs_err *err)
{
	const struct cfs_erofs_image *image = rd->image;
	struct attr fresh = { .id = id }, *kept;
	struct cfs_bytes at;
	const void **slot;
	uint64_t size;

	if (!cfs_table_reserve(&rd->memo->table))
		return cfs_no_memory(err);
	slot = cfs_table_slot(&rd->memo->table, memo_hash(&fresh), same_id,
			      &id);
	if (*slot) {
		*ret = *slot;
		return 0;
	}
	if (find_shared(image, id, &at, err) < 0 ||
	    parse_entry(at, rd->tree, &fresh, &size, err) < 0)
		return -err->code;
	/* Each byte of an image may begin another one of 64 KiB. */
	rd->memo->bytes += size;
	if (rd->memo->bytes > image->bytes.len)
		return cfs_fail(err, EBADMSG,
				"shared xattrs overlap one another");
	kept = cfs_arena_alloc(&rd->tree->arena, sizeof(*kept));
	if (!kept)
		return cfs_no_memory(err);
	*kept = fresh;
	cfs_table_fill(&rd->memo->table, slot, kept);
	*ret = kept;
	return 0;
}

/* Adds @attr to the xattrs of the inode, and its name to the filter. */
static int note(struct reading *rd, const struct attr *attr,
		struct cfs_err *err)
{
	struct cfs_erofs_attrs_read *ret = rd->ret;
	bool twice = false;

	rd->filter &= ~(UINT32_C(1) << attr->filter_bit);
	switch (attr->kind) {
	case USERS:
		(void)cfs_vec_add(&ret->list, attr->x);
		break;
	case METACOPY:
		twice = ret->has_metacopy;
		ret->has_metacopy = true;
		ret->metacopy = attr->value;
		break;
	case REDIRECT:
		twice = ret->has_redirect;
		ret->has_redirect = true;
		ret->redirect = attr->value;
		break;
	case OPAQUE:
		twice = ret->opaque;
		ret->opaque = true;
		break;
	}
	if (twice)
		return cfs_fail(err, EBADMSG, "an xattr occurs twice");
	return cfs_vec_check(&ret->list, err);
}

static int parse_area(struct reading *rd, struct cfs_bytes area,
		      struct cfs_err *err)
{
	struct cfs_erofs_xattr_header header;
	uint64_t pos = sizeof(header), size = 0;
	struct cfs_bytes part;

	memcpy(&header, area.data, sizeof(header));
	for (unsigned i = 0; i < header.shared_count; i++, pos += 4) {
		const struct attr *attr = NULL;
		cfs_le32 id;

		if (!cfs_bytes_slice(area, pos, sizeof(id), &part))
			return cfs_fail(err, EBADMSG, "too many shared xattrs");
		memcpy(&id, part.data, sizeof(id));
		if (parse_shared(rd, cfs_get32(id), &attr, err) < 0 ||
		    note(rd, attr, err) < 0)
			return -err->code;
	}
	rd->ret->shared = rd->ret->list.n;
	for (; pos < area.len; pos += size) {
		struct attr attr = { 0 };

		if (!cfs_bytes_slice(area, pos, area.len - pos, &part) ||
		    parse_entry(part, rd->tree, &attr, &size, err) < 0 ||
		    note(rd, &attr, err) < 0)
			return -err->code;
	}
	/* The size of the area includes the padding of its last entry. */
	if (pos != area.len)
		return cfs_fail(err, EBADMSG, "truncated xattr");
	return 0;
}

int cfs_erofs_attrs_parse(const struct cfs_erofs_image *image,
			  const struct cfs_erofs_stat *st,
			  struct cfs_tree *tree, struct cfs_erofs_memo *memo,
			  struct cfs_erofs_attrs_read *ret, struct cfs_err *err)
{
	struct cfs_erofs_xattr_header header;
	struct reading rd = { image, tree, memo, ret, UINT32_MAX };
	struct cfs_erofs_user_attrs list = ret->list;

	list.n = 0;
	*ret = (struct cfs_erofs_attrs_read){ .list = list };
	if (st->xattrs.len == 0)
		return 0;
	memcpy(&header, st->xattrs.data, sizeof(header));
	for (size_t i = 0; i < sizeof(header.reserved); i++) {
		if (header.reserved[i])
			return cfs_fail(err, EBADMSG,
					"reserved bytes of the xattr header "
					"are not zero");
	}
	if (parse_area(&rd, st->xattrs, err) < 0)
		return -err->code;
	/* The kernel trusts the filter: a wrong bit would hide an xattr. */
	if (image->feature_compat & CFS_EROFS_COMPAT_XATTR_FILTER &&
	    rd.filter != cfs_get32(header.name_filter))
		return cfs_fail(err, EBADMSG,
				"the filter of xattr names is wrong");
	return 0;
}

/* Passes the entry that @at begins with to @found; *@ret_size: its bytes. */
static int pass(struct cfs_bytes at, cfs_erofs_attr_fn *found, void *ctx,
		uint64_t *ret_size, struct cfs_err *err)
{
	struct entry e;

	if (decode(at, &e, err) < 0)
		return -err->code;
	*ret_size = e.size;
	return found(ctx, e.key, e.kind == USERS, e.value, err);
}

int cfs_erofs_attrs_each(const struct cfs_erofs_image *image,
			 const struct cfs_erofs_stat *st,
			 cfs_erofs_attr_fn *found, void *ctx,
			 struct cfs_err *err)
{
	struct cfs_bytes area = st->xattrs, part;
	struct cfs_erofs_xattr_header header;
	uint64_t pos = sizeof(header), size = 0;
	int r = 0;

	if (area.len == 0)
		return 0;
	memcpy(&header, area.data, sizeof(header));
	for (unsigned i = 0; r == 0 && i < header.shared_count; i++, pos += 4) {
		cfs_le32 id;

		if (!cfs_bytes_slice(area, pos, sizeof(id), &part))
			return cfs_fail(err, EBADMSG, "too many shared xattrs");
		memcpy(&id, part.data, sizeof(id));
		r = find_shared(image, cfs_get32(id), &part, err);
		if (r == 0)
			r = pass(part, found, ctx, &size, err);
	}
	for (; r == 0 && pos < area.len; pos += size) {
		if (!cfs_bytes_slice(area, pos, area.len - pos, &part))
			return cfs_fail(err, EBADMSG, "truncated xattr");
		r = pass(part, found, ctx, &size, err);
	}
	return r;
}
