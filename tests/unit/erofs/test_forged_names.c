/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Xattrs and directories: see forge.h. */
#include "tests/unit/erofs/forge.h"

static const struct forgery xattr_areas[] = {
	{ "xattrs: the shared references inside the area",
	  SINK,
	  2,
	  { { XA("/d", 4), 1, 2 } },
	  "image: /: d: too many shared xattrs",
	  SAME },
	{ "xattrs: shared ones inside the image",
	  SINK,
	  2,
	  { { XA("/d/f", 12), 4, UINT32_MAX } },
	  "image: /d: f: shared xattr is beyond the end of the image",
	  SAME },
	{ "xattrs: and complete",
	  SINK,
	  2,
	  { { XA("/d/f", 12), 4, 1023 },
	    { FORGE_IMAGE, NULL, 4092, 2, 0x101 } },
	  "image: /d: f: truncated xattr",
	  SAME },
	{ "xattrs: their header too",
	  SINK,
	  2,
	  { { XA("/d/f", 12), 4, 1024 } },
	  "image: /d: f: truncated xattr",
	  SAME },
	{ "xattrs: name and value inside the area",
	  SINK,
	  2,
	  { { XA("/d/f", 16 + 2), 2, 40 } },
	  "image: /d: f: truncated xattr",
	  SAME },
	{ "xattrs: prefix 0 to 6",
	  SINK,
	  2,
	  { { XA("/d/f", 16 + 1), 1, 7 } },
	  "image: /d: f: unknown xattr prefix 7",
	  SAME },
	{ "reserved bytes of the header",
	  SINK,
	  2,
	  { { XA("/d/f", 11), 1, 1 } },
	  "image: /d: f: reserved bytes of the xattr header are not zero",
	  SAME },
	{ "the filter hides none that is there",
	  SINK,
	  2,
	  { { XA("/d/f", 0), 4, UINT32_MAX } },
	  "image: /d: f: the filter of xattr names is wrong",
	  SAME },
	{ "unless nobody reads it",
	  SINK,
	  2,
	  { NO_FILTER, { XA("/d/f", 0), 4, UINT32_MAX } },
	  "",
	  SAME },
	{ "a name without NUL",
	  SINK,
	  2,
	  { { XA("/d/f", 16 + 4), 1, 0 } },
	  "image: /d: f: NUL in the name of an xattr",
	  SAME },
	{ "a name once",
	  SINK,
	  2,
	  { NO_FILTER, { XA("/d/f", 16 + 4), 1, 's' } },
	  "image: /d: f: xattr user.s occurs twice",
	  SAME },
};

static const struct forgery directories[] = {
	{ "directory: names do not begin at 0",
	  SINK,
	  2,
	  { { D("/e/.", nameoff), 2, 0 } },
	  "image: /e: directory block has its first name at 0",
	  SAME },
	{ "directory: headers are whole",
	  SINK,
	  2,
	  { { D("/e/.", nameoff), 2, 35 } },
	  "image: /e: directory block has its first name at 35",
	  SAME },
	{ "directory: headers inside the block",
	  SINK,
	  2,
	  { { D("/e/.", nameoff), 2, 48 } },
	  "image: /e: directory block has its first name at 48",
	  SAME },
	{ "directory: names inside the block",
	  SINK,
	  2,
	  { { D("/e/g", nameoff), 2, 400 } },
	  "image: /e: name does not lie between its neighbours",
	  SAME },
	{ "directory: names one behind another",
	  SINK,
	  2,
	  { { D("/e/..", nameoff), 2, 36 } },
	  "image: /e: name does not lie between its neighbours",
	  SAME },
	{ "directory: the last name ends at its NUL",
	  SINK,
	  2,
	  { { FORGE_NAME, "/e/g", 0, 1, 0 } },
	  "image: /e: name is 0 bytes; allowed are 1 to 255",
	  SAME },
	{ "tree: . is there",
	  SINK,
	  2,
	  { { FORGE_NAME, "/e/.", 0, 1, '-' } },
	  "image: /e: -: directory has more than one name",
	  SAME },
	{ "tree: . is the directory",
	  SINK,
	  2,
	  { { D("/e/.", nid), 8, 0, "/d" } },
	  "image: /e: .: it leads elsewhere",
	  SAME },
	{ "tree: .. is there",
	  SINK,
	  2,
	  { { FORGE_NAME, "/e/..", 1, 1, '-' } },
	  "image: /e: .-: directory has more than one name",
	  SAME },
	{ "tree: .. is the parent",
	  SINK,
	  2,
	  { { D("/e/..", nid), 8, 0, "/e" } },
	  "image: /e: ..: it leads elsewhere",
	  SAME },
	{ "tree: .. of the root is the root",
	  SINK,
	  2,
	  { { D("/..", nid), 8, 0, "/e" } },
	  "image: /: ..: it leads elsewhere",
	  SAME },
	{ "tree: no name twice",
	  SINK,
	  2,
	  { { FORGE_NAME, "/d", 0, 1, 'c' } },
	  "image: /: names out of order",
	  SAME },
	{ "tree: links of a directory, 2 and its directories",
	  SINK,
	  2,
	  { { X("/", nlink), 4, 5 } },
	  "image: /: link count is 5, but 4 were found",
	  SAME },
	{ "tree: links of a file, its names",
	  SINK,
	  2,
	  { { X("/d/f", nlink), 4, 3 } },
	  "image: /d/f: link count is 3, but 2 were found",
	  "" },
	{ "a file with one link and two names",
	  SINK,
	  2,
	  { { X("/d/f", nlink), 4, 1 } },
	  "image: /d/f: link count is 1, but 2 were found",
	  "" },
	{ "two names of a directory",
	  SINK,
	  2,
	  { { D("/e", nid), 8, 0, "/d" }, { X("/d", nlink), 4, 3 } },
	  "image: /: e: directory has more than one name",
	  SAME },
	{ "a directory in itself",
	  SINK,
	  2,
	  { { D("/e/g", nid), 8, 0, "/e" }, { D("/e/g", file_type), 1, 2 } },
	  "image: /e: g: directory has more than one name",
	  SAME },
	{ "the root in a directory",
	  SINK,
	  2,
	  { { D("/e/g", nid), 8, 0, "/" }, { D("/e/g", file_type), 1, 2 } },
	  "image: /e: g: directory has more than one name",
	  SAME },
	{ "the type in the name is the inode's",
	  SINK,
	  2,
	  { { D("/e/g", file_type), 1, 2 } },
	  "image: /e: g: wrong file type in the directory entry",
	  SAME },
	{ "of a further name too",
	  SINK,
	  2,
	  { { D("/d/h", file_type), 1, 7 } },
	  "image: /d: h: wrong file type in the directory entry",
	  SAME },
	{ "no slash in a name",
	  SINK,
	  2,
	  { { FORGE_NAME, "/e/g", 0, 1, '/' } },
	  "image: /e: slash or NUL in a name",
	  SAME },
	{ "no NUL",
	  SINK,
	  2,
	  { { FORGE_NAME, "/e/..", 1, 1, 0 } },
	  "image: /e: slash or NUL in a name",
	  SAME },
	{ "not over 255 bytes",
	  LONG_NAME,
	  2,
	  { { FORGE_TAIL, "/", 36 + 3 + 255, 1, 'x' },
	    { X("/", size), 8, 36 + 3 + 256 } },
	  "image: /: name is 256 bytes; allowed are 1 to 255",
	  SAME },
	{ "names ascend in a block",
	  SINK,
	  2,
	  { { FORGE_NAME, "/x", 0, 1, 'a' } },
	  "image: /: names out of order",
	  SAME },
	{ "and from block to block",
	  ROOT,
	  1,
	  { { FORGE_NAME, "/fe", 0, 2, 'f' | '0' << 8 } },
	  "image: /: names out of order",
	  SAME },
	{ "reserved byte of an entry is not zero",
	  SINK,
	  2,
	  { { D("/e/g", reserved), 1, 1 } },
	  "image: /e: reserved byte of an entry is not zero",
	  SAME },
};

TEST(xattr_areas_keep_every_rule)
{
	forge_refused(xattr_areas, CFS_ARRAY_SIZE(xattr_areas));
}

TEST(directories_keep_every_rule)
{
	forge_refused(directories, CFS_ARRAY_SIZE(directories));
}

/* Levels of two names each for one directory; every count is as it would be if
 * that were right.  Who follows each name sees 2^40 directories. */
TEST(gap_1_names_that_multiply_are_refused_at_the_first)
{
	enum {
		LEVELS = 40
	};
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	struct cfs_err err = { 0 };
	char path[2 * LEVELS + 1] = "", b[2 * LEVELS + 3];

	cfs_buf_adds(&dump, ROOT);
	for (int i = 0; i < LEVELS; i++) {
		cfs_buf_addf(&dump, "%s/a 0 40755 2 0 0 0 0.0 - - -\n", path);
		cfs_buf_addf(&dump, "%s/b 0 40755 2 0 0 0 0.0 - - -\n", path);
		strcat(path, "/a");
	}
	forge_build(cfs_buf_text(&dump), 2, 0, &image);
	while (*path) {
		struct forge_patch patch = { D(b, nid), 8, 0, path };

		snprintf(b, sizeof(b), "%s", path);
		b[strlen(b) - 1] = 'b';
		forge_apply(&image, &patch, 1);
		path[strlen(path) - 2] = '\0';
	}
	for (unsigned flags = 0; flags <= CFS_EROFS_READ_INFO; flags++) {
		CHECK_EQ(cfs_erofs_read(cfs_buf_bytes(&image), flags, &tree,
					NULL, &err),
			 -EBADMSG);
		CHECK_STR(err.msg,
			  "image: /: b: directory has more than one name");
	}
}

static int read_deep(unsigned levels, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *back = NULL;
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	struct cfs_bytes name = { (const uint8_t *)"d", 1 };
	struct cfs_node *node;

	CHECK_EQ(cfs_tree_new(&tree, err), 0);
	node = tree->root;
	for (unsigned i = 0; i < levels; i++)
		CHECK_EQ(cfs_node_add(tree, node, name, S_IFDIR | 0755, &node,
				      err),
			 0);
	/* cfs_tree_finish() would refuse what is deeper. */
	CHECK_EQ(cfs_tree_sort(tree, err), 0);
	CHECK_EQ(cfs_erofs_write(tree, 1, 0, &image, err), 0);
	return cfs_erofs_read(cfs_buf_bytes(&image), 0, &back, NULL, err);
}

TEST(trees_that_are_too_deep_are_refused)
{
	struct cfs_err err = { 0 };

	CHECK_EQ(read_deep(CFS_DEPTH_MAX, &err), 0);
	CHECK_EQ(read_deep(CFS_DEPTH_MAX + 1, &err), -EBADMSG);
	CHECK(strstr(err.msg, ": d: over 4095 levels deep"));
}

/* A reference into the middle of a long value that reads as an xattr of 31 KB
 * there: every fourth byte of an image could begin one. */
TEST(shared_xattrs_that_overlap_are_refused)
{
	const struct forge_patch first = { XA("/a", 0) },
				 other = { XA("/c", 0) };
	CFS_AUTOBUF struct cfs_buf dump = { 0 }, image = { 0 };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_err err = { 0 };
	size_t from, to;

	cfs_buf_adds(&dump, ROOT);
	for (const char *name = "ab"; *name; name++) {
		cfs_buf_addf(&dump,
			     "/%c 0 100644 1 0 0 0 0.0 - - - "
			     "user.s=ppp!\\x01zz",
			     *name);
		for (unsigned i = 0; i < 39000; i++)
			cfs_buf_addc(&dump, 'p');
		cfs_buf_addc(&dump, '\n');
	}
	cfs_buf_adds(&dump, "/c 0 100644 1 0 0 0 0.0 - - - user.t=t\n"
			    "/d 0 100644 1 0 0 0 0.0 - - - user.t=t\n");
	forge_build(cfs_buf_text(&dump), 1, 0, &image);
	/* No filter of their names. */
	image.data[CFS_EROFS_SUPER_START +
		   offsetof(struct cfs_erofs_super, feature_compat)] = 2;
	/* Behind the head, the name and three bytes, in words of four. */
	from = forge_offset(&image, &first) + 12;
	to = forge_offset(&image, &other) + 12;
	memcpy(image.data + to, image.data + from, 4);
	image.data[to] = (uint8_t)(image.data[to] + 2);
	CHECK_EQ(cfs_erofs_read(cfs_buf_bytes(&image), 0, &tree, NULL, &err),
		 -EBADMSG);
	CHECK_STR(err.msg, "image: /: c: shared xattrs overlap one another");
}
