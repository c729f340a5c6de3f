/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/locate.h"

#include "erofs/format.h"
#include "erofs/reader.h"
#include "erofs/writer.h"
#include "tests/test.h"
#include "tree/dump/dump.h"

static struct cfs_err err;
static struct cfs_erofs_place place;

/* A label twice, to be shared; a file of a block and a bit, a long xattr. */
static const char dump[] =
	"/ 0 40755 4 0 0 0 1.0 - - - security.selinux=label_of_it\n"
	"/d 0 40755 2 0 0 0 1.0 - - - security.selinux=label_of_it\n"
	"/d/file 9000 100644 1 0 0 0 2.0 "
	"11/11111111111111111111111111111111111111111111111111111111111111 - "
	"1111111111111111111111111111111111111111111111111111111111111111\n"
	"/d/inline 7 100644 1 0 0 0 1.0 - CONTENT - user.own=VALUE\n"
	"/link 6 120777 1 0 0 0 1.0 TARGET - -\n";

static void build(unsigned version, struct cfs_buf *image)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_bytes text = { (const uint8_t *)dump, strlen(dump) };

	CHECK_EQ(cfs_dump_read(text, 0, &tree, &err), 0);
	CHECK_EQ(cfs_erofs_write(tree, version, 0, image, &err), 0);
}

/* The @nth @text in the image (from 0), and @more bytes behind its start. */
static uint64_t offset_of(const struct cfs_buf *image, const char *text,
			  int nth)
{
	const uint8_t *at = image->data;

	for (;;) {
		at = memmem(at, (size_t)(image->data + image->len - at), text,
			    strlen(text));
		CHECK(at);
		if (nth-- == 0)
			return (uint64_t)(at - image->data);
		at++;
	}
}

static bool at(const struct cfs_buf *image, uint64_t off,
	       enum cfs_erofs_part part, const char *field, const char *name)
{
	struct cfs_bytes bytes = cfs_buf_bytes(image);
	bool right;

	CHECK_EQ(cfs_erofs_locate(bytes, off, &place, &err), 0);
	right = place.part == part && place.off == off &&
		!field == !place.field &&
		(!field || strcmp(field, place.field) == 0) &&
		strcmp(name, place.name) == 0;
	if (!right)
		printf("# part %d field %s name %s\n", place.part,
		       place.field ? place.field : "-", place.name);
	return right;
}

TEST(fields_cover_the_head_without_a_hole)
{
	size_t n;
	const struct cfs_erofs_field *f = cfs_erofs_fields(&n);
	size_t end = 0;

	for (size_t i = 0; i < n; i++) {
		CHECK_EQ(f[i].off, end);
		CHECK(f[i].size > 0);
		CHECK(f[i].name);
		end += f[i].size;
	}
	CHECK_EQ(end, CFS_EROFS_INODES_START);
}

TEST(the_head_is_told_by_its_fields)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };

	build(1, &image);
	CHECK(at(&image, 0, CFS_EROFS_PART_HEAD, "magic", ""));
	CHECK(at(&image, 12, CFS_EROFS_PART_HEAD, "composefs_version", ""));
	CHECK(at(&image, 15, CFS_EROFS_PART_HEAD, "composefs_version", ""));
	CHECK(at(&image, 500, CFS_EROFS_PART_HEAD, "gap", ""));
	CHECK(at(&image, 1024 + 24, CFS_EROFS_PART_HEAD, "build_time", ""));
	CHECK(at(&image, 1151, CFS_EROFS_PART_HEAD, "reserved", ""));
}

TEST(parts_of_inodes_are_told_with_their_paths)
{
	for (unsigned version = 0; version <= 2; version++) {
		CFS_AUTOBUF struct cfs_buf image = { 0 };
		struct cfs_erofs_super super;

		build(version, &image);
		memcpy(&super, image.data + CFS_EROFS_SUPER_START,
		       sizeof(super));
		CHECK(at(&image, cfs_get16(super.root_nid) * CFS_EROFS_SLOT + 4,
			 CFS_EROFS_PART_INODE, "mode", "/"));
		CHECK_EQ(place.nid, cfs_get16(super.root_nid));
		CHECK(at(&image, offset_of(&image, "TARGET", 0) + 5,
			 CFS_EROFS_PART_DATA, NULL, "/link"));
		CHECK(S_ISLNK(place.mode));
		CHECK(at(&image, offset_of(&image, "CONTENT", 0),
			 CFS_EROFS_PART_DATA, NULL, "/d/inline"));
		CHECK(at(&image, offset_of(&image, "VALUE", 0),
			 CFS_EROFS_PART_XATTRS, NULL, "/d/inline"));
		CHECK(at(&image, offset_of(&image, "inline", 0),
			 CFS_EROFS_PART_DATA, NULL, "/d"));
		CHECK(S_ISDIR(place.mode));
		CHECK(at(&image, offset_of(&image, "label_of_it", 0),
			 CFS_EROFS_PART_SHARED, NULL, ""));
		CHECK(at(&image, offset_of(&image, "\xff\xff\xff\xff", 0),
			 CFS_EROFS_PART_CHUNKS, NULL, "/d/file"));
	}
}

TEST(an_object_directorys_stub_has_no_path)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	struct cfs_erofs_super super;
	bool seen = false;

	build(0, &image);
	memcpy(&super, image.data + CFS_EROFS_SUPER_START, sizeof(super));
	/* Their inodes follow that of the root somewhere. */
	for (uint64_t off = CFS_EROFS_INODES_START; off < image.len && !seen;
	     off += CFS_EROFS_SLOT) {
		CHECK_EQ(cfs_erofs_locate(cfs_buf_bytes(&image), off, &place,
					  &err),
			 0);
		seen = S_ISCHR(place.mode) && !*place.name;
	}
	CHECK(seen);
}

/* Version 2 has none for a file without a digest: the bytes where it would be
 * belong to the next inode. */
TEST(a_file_without_a_chunk_index_does_not_own_the_next_inode)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	const char *text =
		"/ 0 40755 2 0 0 0 1.0 - - -\n"
		"/a 5 100644 1 0 0 0 1.0 some/path__0123456789abcdef - -\n"
		"/b 5 100644 1 0 0 0 1.0 other/path - -\n";
	uint64_t end;

	CHECK_EQ(cfs_dump_read((struct cfs_bytes){ (const uint8_t *)text,
						   strlen(text) },
			       CFS_DUMP_LENIENT, &tree, &err),
		 0);
	CHECK_EQ(cfs_erofs_write(tree, 2, 0, &image, &err), 0);
	end = offset_of(&image, "/some/path__0123456789abcdef", 0) + 28;
	CHECK_EQ(end % CFS_EROFS_SLOT, 0);
	CHECK(at(&image, end - 1, CFS_EROFS_PART_XATTRS, NULL, "/a"));
	CHECK(at(&image, end, CFS_EROFS_PART_INODE, "format", "/b"));
}

TEST(what_is_behind_the_end_is_nothing)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };

	build(1, &image);
	CHECK(at(&image, image.len, CFS_EROFS_PART_NONE, NULL, ""));
	CHECK(at(&image, UINT64_MAX, CFS_EROFS_PART_NONE, NULL, ""));
}

TEST(a_bad_image_is_refused)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };

	build(1, &image);
	image.data[0]++;
	place.off = 77;
	CHECK_EQ(cfs_erofs_locate(cfs_buf_bytes(&image), 0, &place, &err),
		 -EBADMSG);
	CHECK_EQ(place.off, 77);
}
