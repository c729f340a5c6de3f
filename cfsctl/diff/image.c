/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Images whose trees are the same need not be: their bytes. */
#include <string.h>

#include "base/disk.h"
#include "cfsctl/diff/diff.h"
#include "erofs/format.h"
#include "erofs/writer.h"

/* The first byte from @from on that differs, or the end of the shorter. */
static size_t first_difference(struct cfs_bytes a, struct cfs_bytes b,
			       size_t from)
{
	size_t len = a.len < b.len ? a.len : b.len;

	while (from < len && a.data[from] == b.data[from])
		from++;
	return from;
}

static bool same_bytes(struct cfs_bytes a, struct cfs_bytes b)
{
	return a.len == b.len && first_difference(a, b, 0) == a.len;
}

/* As this program writes it, for cfsctl or for mkcomposefs. */
static int is_canonical(const struct cfs_diff_side *side, bool *ret,
			struct cfs_err *err)
{
	static const unsigned flags[] = { 0, CFS_EROFS_SIGNED_TIME };
	bool found = side->kind != CFS_DIFF_OF_IMAGE;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(flags) && !found; i++) {
		CFS_AUTOBUF struct cfs_buf again = { 0 };
		int r = cfs_erofs_write(side->tree, side->version, flags[i],
					&again, err);

		if (r == -ENOMEM)
			return r;
		found = r == 0 && same_bytes(cfs_buf_bytes(&again),
					     cfs_buf_bytes(&side->image));
	}
	*ret = found;
	return 0;
}

static int find_reason(const struct cfs_diff_side side[static 2],
		       struct cfs_diff_images *ret, struct cfs_err *err)
{
	size_t first = first_difference(cfs_buf_bytes(&side[0].image),
					cfs_buf_bytes(&side[1].image),
					CFS_EROFS_INODES_START);
	int r = 0;

	ret->behind = first < side[0].image.len || first < side[1].image.len;
	for (int i = 0; i < 2 && r == 0; i++) {
		if (ret->behind)
			r = cfs_erofs_locate(cfs_buf_bytes(&side[i].image),
					     first, &ret->at[i], err);
		if (r == 0)
			r = is_canonical(&side[i], &ret->canonical[i], err);
	}
	return r;
}

int cmd_diff_images(const struct cfs_diff_side side[static 2], bool alike,
		    struct cfs_diff_images *ret, struct cfs_err *err)
{
	struct cfs_diff_images images = { .alike = alike };
	int r = 0;

	images.compared = side[0].image.len > 0 && side[1].image.len > 0;
	images.same = images.compared &&
		      same_bytes(cfs_buf_bytes(&side[0].image),
				 cfs_buf_bytes(&side[1].image));
	if (images.compared && alike && !images.same)
		r = find_reason(side, &images, err);
	if (r == 0)
		*ret = images;
	return r;
}

static void add_place(struct cfs_buf *out, const struct cfs_diff_side *side,
		      const struct cfs_erofs_place *place)
{
	const char *name = place->name;

	if (place->mode && !*name)
		name = "what hides an object directory";
	switch (place->part) {
	case CFS_EROFS_PART_NONE:
		cfs_buf_adds(out, place->off < side->image.len
					  ? "padding"
					  : "nothing, it ends there");
		break;
	case CFS_EROFS_PART_HEAD:
		cfs_buf_addf(out, "field %s", place->field);
		break;
	case CFS_EROFS_PART_INODE:
		cfs_buf_addf(out, "field %s of the inode of %s", place->field,
			     name);
		break;
	case CFS_EROFS_PART_XATTRS:
		cfs_buf_addf(out, "xattrs of %s", name);
		break;
	case CFS_EROFS_PART_SHARED:
		cfs_buf_adds(out, "shared xattrs");
		break;
	case CFS_EROFS_PART_CHUNKS:
		cfs_buf_addf(out, "chunks of %s", name);
		break;
	case CFS_EROFS_PART_DATA:
		cfs_buf_addf(out, "%s of %s",
			     S_ISDIR(place->mode)   ? "entries"
			     : S_ISLNK(place->mode) ? "target"
						    : "content",
			     name);
		break;
	}
}

/* Numbers, and bytes in hex; zeros of any length are 0. */
static void add_field(struct cfs_buf *out, const struct cfs_buf *image,
		      const struct cfs_erofs_field *field)
{
	const uint8_t *p = image->data + field->off;
	cfs_le64 number = { 0 };

	if (field->size <= sizeof(number)) {
		memcpy(&number, p, field->size);
		cfs_buf_addf(out, "%llu",
			     (unsigned long long)cfs_get64(number));
		return;
	}
	cfs_buf_adds(out, "0x");
	for (size_t i = 0; i < field->size && i < 64; i++)
		cfs_buf_addf(out, "%02x", p[i]);
}

/* The next field of header and superblock that differs, from *@at on. */
static const struct cfs_erofs_field *next_field(
	const struct cfs_diff_side side[static 2], size_t *at)
{
	size_t n;
	const struct cfs_erofs_field *fields = cfs_erofs_fields(&n);

	while (*at < n) {
		const struct cfs_erofs_field *f = &fields[(*at)++];

		if (memcmp(side[0].image.data + f->off,
			   side[1].image.data + f->off, f->size) != 0)
			return f;
	}
	return NULL;
}

static bool has_whiteouts(const struct cfs_tree *tree)
{
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n)) {
		if (cfs_node_is_whiteout(n))
			return true;
	}
	return false;
}

/* A remark on two formats: which program writes which by default; or NULL. */
static const char *version_hint(const struct cfs_diff_side side[static 2])
{
	unsigned a = side[0].version, b = side[1].version;

	if (a == b)
		return NULL;
	if (a == 2 || b == 2)
		return "version 2 is the former default of composefs-rs, and "
		       "asked for with --erofs-version now";
	if (has_whiteouts(side[0].tree) || has_whiteouts(side[1].tree))
		return "mkcomposefs writes version 1 of a tree with whiteouts "
		       "and else 0, cfsctl writes 1, unless another is asked "
		       "for";
	return "mkcomposefs writes version 0 and cfsctl version 1, unless "
	       "another is asked for";
}

static void words_fields(const struct cfs_diff_side side[static 2],
			 struct cfs_buf *out)
{
	const char *before = "images: header and superblock: ";
	const struct cfs_erofs_field *field;
	size_t at = 0;

	while ((field = next_field(side, &at))) {
		cfs_buf_addf(out, "%s%s ", before, field->name);
		add_field(out, &side[0].image, field);
		cfs_buf_adds(out, " -> ");
		add_field(out, &side[1].image, field);
		before = ", ";
	}
	if (out->len > 0)
		cfs_buf_addc(out, '\n');
}

static void words_reason(const struct cfs_diff_side side[static 2],
			 const struct cfs_diff_images *images,
			 struct cfs_buf *out)
{
	if (images->behind) {
		cfs_buf_addf(out,
			     "images: behind the superblock the first byte "
			     "that differs is %llu: in A ",
			     (unsigned long long)images->at[0].off);
		add_place(out, &side[0], &images->at[0]);
		cfs_buf_adds(out, ", in B ");
		add_place(out, &side[1], &images->at[1]);
		cfs_buf_addc(out, '\n');
	}
	for (int i = 0; i < 2; i++) {
		if (!images->canonical[i])
			cfs_buf_addf(out,
				     "images: %c is not what this program "
				     "writes for its tree as version %u\n",
				     "AB"[i], side[i].version);
	}
}

int cmd_diff_images_words(const struct cfs_diff_side side[static 2],
			  const struct cfs_diff_images *images,
			  struct cfs_err *err)
{
	const char *hint = version_hint(side);
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	bool real[] = { side[0].kind == CFS_DIFF_OF_IMAGE,
			side[1].kind == CFS_DIFF_OF_IMAGE };

	for (int i = 0; i < 2; i++) {
		if (side[i].refused.code)
			printf("%c cannot be an image of version %u: %s\n",
			       "AB"[i], side[i].version, side[i].refused.msg);
	}
	if (!images->compared)
		return 0;
	if (images->same && (real[0] || real[1]))
		puts("images: the same, byte for byte");
	if (!images->same && (images->alike || (real[0] && real[1])))
		words_fields(side, &out);
	if (!images->same && images->alike)
		words_reason(side, images, &out);
	if (hint)
		cfs_buf_addf(&out, "images: %s\n", hint);
	if (!cfs_buf_text(&out))
		return cfs_no_memory(err);
	fputs((char *)out.data, stdout);
	return 0;
}

static void json_fields(const struct cfs_diff_side side[static 2],
			struct cfs_json_writer *w)
{
	const struct cfs_erofs_field *field;
	size_t at = 0;

	cfs_json_write_object(w, "fields", CFS_JSON_ONE_LINE);
	while ((field = next_field(side, &at))) {
		cfs_json_write_object(w, field->name, CFS_JSON_ONE_LINE);
		for (int i = 0; i < 2; i++) {
			CFS_AUTOBUF struct cfs_buf text = { 0 };

			add_field(&text, &side[i].image, field);
			cfs_json_write_buf(w, i ? "b" : "a", &text);
		}
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}

static void json_places(const struct cfs_diff_side side[static 2],
			const struct cfs_diff_images *images,
			struct cfs_json_writer *w)
{
	cfs_json_write_u64(w, "offset", images->at[0].off);
	for (int i = 0; i < 2; i++) {
		CFS_AUTOBUF struct cfs_buf text = { 0 };

		add_place(&text, &side[i], &images->at[i]);
		cfs_json_write_buf(w, i ? "b" : "a", &text);
	}
}

void cmd_diff_images_json(const struct cfs_diff_side side[static 2],
			  const struct cfs_diff_images *images,
			  struct cfs_json_writer *w)
{
	if (!images->compared) {
		cfs_json_write_null(w, "images");
		return;
	}
	cfs_json_write_object(w, "images", CFS_JSON_ONE_LINE);
	cfs_json_write_bool(w, "same", images->same);
	json_fields(side, w);
	if (images->behind)
		json_places(side, images, w);
	if (images->alike && !images->same) {
		cfs_json_write_object(w, "canonical", CFS_JSON_ONE_LINE);
		cfs_json_write_bool(w, "a", images->canonical[0]);
		cfs_json_write_bool(w, "b", images->canonical[1]);
		cfs_json_write_end(w);
	}
	cfs_json_write_text(w, "hint", version_hint(side));
	cfs_json_write_end(w);
}
