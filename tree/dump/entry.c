/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/dump/entry.h"

#include <string.h>

#include "tree/dump/dump.h"
#include "tree/dump/field.h"

/* Limits of composefs-rs' dumpfile reader, and so of cfsctl. */
#define STRICT_INLINE_MAX 512
#define STRICT_TARGET_MAX 1024
/* mkcomposefs' limits for all xattrs of one file, and for their text. */
#define LENIENT_XATTR_BYTES 32767
#define LENIENT_XATTR_TEXT  65535

static bool is_unset(struct cfs_bytes field)
{
	return field.len == 0 || (field.len == 1 && field.data[0] == '-');
}

/* Does @path end in "xx/" and the remaining hex digits of a digest?  What
 * precedes them does not matter, as in composefs-rs. */
static bool object_of_path(struct cfs_bytes path, enum cfs_alg alg,
			   struct cfs_digest *ret)
{
	size_t digits = 2 * cfs_alg_size(alg);
	struct cfs_err ignored;
	char hex[CFS_DIGEST_HEX_MAX];
	const uint8_t *tail;

	if (path.len < digits + 1)
		return false;
	tail = path.data + path.len - digits - 1;
	if (tail[2] != '/')
		return false;
	memcpy(hex, tail, 2);
	memcpy(hex + 2, tail + 3, digits - 2);
	return cfs_digest_from_hex(hex, digits, ret, &ignored) == 0;
}

/* A file without verity: the path alone says which object it is. */
static int set_unverified(struct cfs_dump_entry *en, struct cfs_node *node,
			  struct cfs_bytes path, struct cfs_err *err)
{
	char object[CFS_OBJECT_PATH_MAX];
	struct cfs_digest digest;
	bool found = false;

	if (en->tree->alg != CFS_ALG_SHA256)
		found = object_of_path(path, CFS_ALG_SHA512, &digest);
	if (!found && en->tree->alg != CFS_ALG_SHA512)
		found = object_of_path(path, CFS_ALG_SHA256, &digest);
	if (!found)
		return cfs_fail(err, EINVAL,
				"a backing path that is no object path (xx/ "
				"and the rest of the digest), and no digest");
	cfs_digest_to_path(&digest, object);
	return cfs_node_set_backing(
		en->tree, node, node->size,
		(struct cfs_bytes){ (const uint8_t *)object, strlen(object) },
		NULL, err);
}

/* Is @path the object path of the digest that @hex spells?  Compared without
 * making either, since nearly every file of a system has both. */
static bool spells_object(struct cfs_bytes path, struct cfs_bytes hex)
{
	uint8_t capital = 0;

	if (path.len != hex.len + 1 || path.data[2] != '/' ||
	    memcmp(path.data, hex.data, 2) != 0 ||
	    memcmp(path.data + 3, hex.data + 2, hex.len - 2) != 0)
		return false;
	/* Object paths are in lower case, whatever the digest has: capital
	 * letters have bit 64 and not 32.  The steps have a fixed length, so
	 * that compilers make vector instructions of them. */
	for (size_t i = 0; i + 64 <= hex.len; i += 64) {
		for (size_t k = 0; k < 64; k++) {
			uint8_t c = hex.data[i + k];

			capital |= c & 32 ? 0 : c;
		}
	}
	return !(capital & 64);
}

static int set_external(struct cfs_dump_entry *en, const struct cfs_bytes *f,
			struct cfs_node *node, struct cfs_err *err)
{
	const struct cfs_bytes payload = f[CFS_DUMP_PAYLOAD];
	const struct cfs_bytes hex = f[CFS_DUMP_DIGEST];
	bool has_path = !is_unset(payload), has_digest = !is_unset(hex);
	struct cfs_bytes path = { NULL, 0 };
	struct cfs_digest digest;
	int bad_digest = 0;

	if (has_digest)
		bad_digest = cfs_digest_from_hex((const char *)hex.data,
						 hex.len, &digest, err);
	/* A payload that matches the digits as they stand has no escape. */
	if (has_digest && bad_digest == 0 && spells_object(payload, hex))
		return cfs_node_set_object(en->tree, node, node->size, &digest,
					   err);
	if (has_path) {
		int r = cfs_dump_unescape(payload, &en->text, &path, err);

		if (r < 0)
			return cfs_ctx(err, "payload");
	}
	/* The payload precedes the digest, so its errors are reported first. */
	if (bad_digest < 0)
		return bad_digest;
	if (has_digest && spells_object(path, hex))
		return cfs_node_set_object(en->tree, node, node->size, &digest,
					   err);
	if (has_path && memchr(path.data, '\0', path.len))
		return cfs_fail(err, EINVAL, "payload: NUL in a backing path");
	if (en->lenient)
		return cfs_node_set_backing(en->tree, node, node->size, path,
					    has_digest ? &digest : NULL, err);
	if (has_digest && !has_path)
		return cfs_fail(err, EINVAL, "a digest without a backing path");
	/* composefs-rs does not look at the path if there is a digest. */
	if (has_digest)
		return cfs_node_set_object(en->tree, node, node->size, &digest,
					   err);
	return has_path ? set_unverified(en, node, path, err) : 0;
}

static int set_inline(struct cfs_dump_entry *en, const struct cfs_bytes *f,
		      struct cfs_node *node, struct cfs_err *err)
{
	struct cfs_bytes content;
	int r;

	r = cfs_dump_unescape(f[CFS_DUMP_CONTENT], &en->text, &content, err);
	if (r < 0)
		return cfs_ctx(err, "content");
	if (content.len != node->size)
		return cfs_fail(err, EINVAL,
				"content of %zu bytes and a size of %llu",
				content.len, (unsigned long long)node->size);
	if (!en->lenient && content.len > STRICT_INLINE_MAX)
		return cfs_fail(
			err, EFBIG,
			"inline content is %zu bytes; the maximum is %d",
			content.len, STRICT_INLINE_MAX);
	if (!en->lenient &&
	    (!is_unset(f[CFS_DUMP_PAYLOAD]) || !is_unset(f[CFS_DUMP_DIGEST])))
		return cfs_fail(err, EINVAL,
				"inline content and a backing file");
	return cfs_node_set_content(en->tree, node, content, err);
}

static int set_target(struct cfs_dump_entry *en, const struct cfs_bytes *f,
		      struct cfs_node *node, struct cfs_err *err)
{
	struct cfs_bytes target = { NULL, 0 };
	int r;

	if (!is_unset(f[CFS_DUMP_PAYLOAD])) {
		r = cfs_dump_unescape(f[CFS_DUMP_PAYLOAD], &en->text, &target,
				      err);
		if (r < 0)
			return cfs_ctx(err, "payload");
	}
	if (!en->lenient && target.len > STRICT_TARGET_MAX)
		return cfs_fail(
			err, ENAMETOOLONG,
			"symlink target is %zu bytes; the maximum is %d",
			target.len, STRICT_TARGET_MAX);
	return cfs_node_set_target(en->tree, node, target, err);
}

static int refuse_extras(const struct cfs_dump_entry *en,
			 const struct cfs_bytes *f, const struct cfs_node *node,
			 struct cfs_err *err)
{
	bool regular = S_ISREG(node->mode);

	if (en->lenient)
		return 0;
	if (!regular &&
	    (!is_unset(f[CFS_DUMP_CONTENT]) || !is_unset(f[CFS_DUMP_DIGEST])))
		return cfs_fail(err, EINVAL,
				"content or digest of what is no regular file");
	if (!regular && !S_ISLNK(node->mode) && !is_unset(f[CFS_DUMP_PAYLOAD]))
		return cfs_fail(err, EINVAL,
				"payload of what is neither file nor symlink");
	if (node->rdev != 0 && !S_ISCHR(node->mode) && !S_ISBLK(node->mode))
		return cfs_fail(err, EINVAL,
				"device number of what is no device");
	return 0;
}

static int set_data(struct cfs_dump_entry *en, const struct cfs_bytes *f,
		    struct cfs_node *node, struct cfs_err *err)
{
	int r = refuse_extras(en, f, node, err);

	if (r < 0)
		return r;
	if (S_ISLNK(node->mode))
		return set_target(en, f, node, err);
	if (!S_ISREG(node->mode))
		return 0;
	if (!is_unset(f[CFS_DUMP_CONTENT]))
		return set_inline(en, f, node, err);
	return node->size > 0 ? set_external(en, f, node, err) : 0;
}

static bool same_tail(const struct cfs_dump_memo *memo, uint64_t hash,
		      struct cfs_bytes tail)
{
	return memo->hash == hash && memo->len == tail.len &&
	       memcmp(memo->text, tail.data, tail.len) == 0;
}

/* What an xattr counts for in LENIENT_XATTR_BYTES. */
static size_t bytes_of(const struct cfs_xattr *x)
{
	return 7 + x->key_len + x->value_len;
}

/* mkcomposefs lets the last of two xattrs of one name win.  Otherwise they are
 * refused by cfs_xattrs_add(). */
static int add_pair(struct cfs_dump_entry *en, const struct cfs_xattr *x,
		    struct cfs_err *err)
{
	const struct cfs_xattr **v = en->pairs.v;
	size_t n = en->pairs.n;

	en->xattr_bytes += bytes_of(x);
	for (size_t i = 0; en->lenient && i < n; i++) {
		if (strcmp(v[i]->key, x->key) == 0) {
			en->xattr_bytes -= bytes_of(v[i]);
			v[i] = x;
			return 0;
		}
	}
	if (n >= CFS_XATTRS_MAX)
		return cfs_fail(err, E2BIG, "over %d xattrs", CFS_XATTRS_MAX);
	return cfs_vec_add(&en->pairs, x) ? 0 : cfs_no_memory(err);
}

static int parse_xattr(struct cfs_dump_entry *en, struct cfs_bytes text,
		       struct cfs_err *err)
{
	struct cfs_bytes key, value = text;
	const struct cfs_xattr *x;
	int r;

	if (!cfs_dump_take(&value, '=', &key))
		return cfs_fail(err, EINVAL, "without =");
	r = cfs_dump_unescape(key, &en->text, &key, err);
	if (r < 0)
		return r;
	r = cfs_dump_unescape(value, &en->value, &value, err);
	if (r < 0)
		return r;
	r = cfs_xattr_add(&en->tree->xattrs, key, value, &x, err);
	if (r < 0)
		return r;
	r = add_pair(en, x, err);
	if (r == 0 && en->lenient && en->xattr_bytes > LENIENT_XATTR_BYTES)
		return cfs_fail(err, ERANGE,
				"xattrs exceed the maximum of %d bytes in all",
				LENIENT_XATTR_BYTES);
	return r;
}

static int parse_xattrs(struct cfs_dump_entry *en, struct cfs_bytes tail,
			const struct cfs_xattrs **ret, struct cfs_err *err)
{
	struct cfs_bytes one;
	bool more = tail.data && (tail.len > 0 || !en->lenient);
	unsigned n = 0;
	int r;

	if (en->lenient && tail.len > LENIENT_XATTR_TEXT)
		return cfs_fail(
			err, ERANGE,
			"the text of all xattrs is %zu bytes; the maximum is %d",
			tail.len, LENIENT_XATTR_TEXT);
	en->pairs.n = 0;
	/* mkcomposefs also counts the header of an inode's xattrs. */
	en->xattr_bytes = 12;
	while (more) {
		more = cfs_dump_take(&tail, ' ', &one);
		/* mkcomposefs ignores a space at the end of the line. */
		if (en->lenient && more && tail.len == 0)
			more = false;
		n++;
		r = parse_xattr(en, one, err);
		if (r < 0)
			return cfs_ctx(err, "xattr %u", n);
	}
	return cfs_xattrs_add(&en->tree->xattrs, en->pairs.v, en->pairs.n, ret,
			      err);
}

static int set_xattrs(struct cfs_dump_entry *en, struct cfs_bytes tail,
		      struct cfs_node *node, struct cfs_err *err)
{
	struct cfs_dump_memo *memo = NULL;
	uint64_t hash = 0;
	int r;

	if (!tail.data)
		return 0;
	/* Allocated when first needed: clearing it is a tenth of the time that
	 * a small image takes. */
	if (!en->memo)
		en->memo = calloc(CFS_DUMP_MEMOS, sizeof(*en->memo));
	if (!en->memo)
		return cfs_no_memory(err);
	if (tail.len > 0 && tail.len <= sizeof(memo->text)) {
		hash = cfs_table_hash(tail.data, tail.len, 0);
		memo = &en->memo[hash % CFS_DUMP_MEMOS];
		if (same_tail(memo, hash, tail)) {
			node->xattrs = memo->list;
			return 0;
		}
	}
	r = parse_xattrs(en, tail, &node->xattrs, err);
	if (r < 0 || !memo)
		return r;
	memo->hash = hash;
	memo->list = node->xattrs;
	memo->len = (uint32_t)tail.len;
	memcpy(memo->text, tail.data, tail.len);
	return 0;
}

void cfs_dump_entry_init(struct cfs_dump_entry *en, struct cfs_tree *tree,
			 unsigned flags)
{
	*en = (struct cfs_dump_entry){ .tree = tree,
				       .lenient = flags & CFS_DUMP_LENIENT };
}

void cfs_dump_entry_free(struct cfs_dump_entry *en)
{
	cfs_buf_free(&en->text);
	cfs_buf_free(&en->value);
	cfs_vec_free(&en->pairs);
	free(en->memo);
}

int cfs_dump_entry_parse(struct cfs_dump_entry *en,
			 const struct cfs_bytes f[static CFS_DUMP_COLUMNS],
			 const struct cfs_dump_numbers *numbers,
			 struct cfs_node *node, struct cfs_err *err)
{
	int r;

	/* mkcomposefs lets the size of a device decide on its inode's form,
	 * though images have none; to cfsctl devices have no size. */
	if (S_ISREG(node->mode) ||
	    (en->lenient && !S_ISDIR(node->mode) && !S_ISLNK(node->mode)))
		node->size = numbers->size;
	node->nlink = numbers->nlink;
	node->uid = numbers->uid;
	node->gid = numbers->gid;
	node->rdev = numbers->rdev;
	node->mtime_sec = numbers->mtime_sec;
	node->mtime_nsec = numbers->mtime_nsec;
	r = set_data(en, f, node, err);
	if (r < 0)
		return r;
	return set_xattrs(en, f[CFS_DUMP_XATTRS], node, err);
}
