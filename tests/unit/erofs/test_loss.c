/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/loss.h"

#include "erofs/reader.h"
#include "erofs/writer.h"
#include "tests/test.h"
#include "tree/dump/dump.h"

#define ROOT "/ 0 40755 5 0 0 0 0.0 - - -\n"
/* Opaque with a whiteout, with none, and not opaque with two. */
#define BOTH                                                               \
	"/a 0 40755 2 0 0 0 0.0 - - - trusted.overlay.opaque=y user.k=1\n" \
	"/a/w 0 20000 1 0 0 0 0.0 - - - user.overlay.whiteout=odd\n"
#define OPAQUE "/b 0 40755 2 0 0 0 0.0 - - - trusted.overlay.opaque=y\n"
#define WHITEOUTS                          \
	"/c 0 40755 2 0 0 0 0.0 - - -\n"   \
	"/c/v 0 20000 1 0 0 0 0.0 - - -\n" \
	"/c/w 0 20000 1 0 0 0 0.0 - - -\n"

static struct cfs_err err;

static struct cfs_tree *read_dump(const char *text)
{
	const struct cfs_bytes dump = { (const uint8_t *)text, strlen(text) };
	struct cfs_tree *tree = NULL;

	CHECK_EQ(cfs_dump_read(dump, 0, &tree, &err), 0);
	return tree;
}

static const char *name(const struct cfs_node *node)
{
	static char buf[CFS_NODE_NAME_MAX];

	return node ? cfs_node_name(node, buf) : "";
}

TEST(version_1_loses_opaque_directories_that_hold_whiteouts)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = read_dump(ROOT BOTH OPAQUE WHITEOUTS);
	struct cfs_erofs_loss loss;

	cfs_erofs_find_loss(tree, 1, &loss);
	CHECK_EQ(loss.opaque, 1);
	CHECK_STR(name(loss.opaque_dir), "/a");
	CHECK_EQ(loss.whiteouts, 0);
	CHECK(!loss.whiteout);
}

TEST(versions_0_and_2_lose_whiteouts)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = read_dump(ROOT BOTH OPAQUE WHITEOUTS);
	struct cfs_erofs_loss loss;

	for (unsigned version = 0; version <= 2; version += 2) {
		cfs_erofs_find_loss(tree, version, &loss);
		CHECK_EQ(loss.opaque, 0);
		CHECK(!loss.opaque_dir);
		CHECK_EQ(loss.whiteouts, 3);
		CHECK_STR(name(loss.whiteout), "/a/w");
	}
}

TEST(without_whiteouts_nothing_is_lost)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = read_dump(ROOT OPAQUE);
	struct cfs_erofs_loss loss;
	uint64_t n = 9;

	for (unsigned version = 0; version <= 2; version++) {
		cfs_erofs_find_loss(tree, version, &loss);
		CHECK_EQ(loss.opaque, 0);
		CHECK_EQ(loss.whiteouts, 0);
		CHECK_EQ(cfs_erofs_drop_lost(tree, version, &n, &err), 0);
		CHECK_EQ(n, 0);
	}
}

TEST(opaque_is_what_says_y)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = read_dump(
		ROOT "/a 0 40755 2 0 0 0 0.0 - - - trusted.overlay.opaque=x\n"
		     "/a/w 0 20000 1 0 0 0 0.0 - - -\n"
		     "/b 0 40755 2 0 0 0 0.0 - - - user.overlay.opaque=y\n"
		     "/b/w 0 20000 1 0 0 0 0.0 - - -\n");
	struct cfs_erofs_loss loss;

	cfs_erofs_find_loss(tree, 1, &loss);
	CHECK_EQ(loss.opaque, 1);
	CHECK_STR(name(loss.opaque_dir), "/b");
}

/* The dumpfile of @tree; the caller frees it. */
static struct cfs_buf dump_of(const struct cfs_tree *tree)
{
	struct cfs_buf text = { 0 };

	CHECK_EQ(cfs_dump_write(tree, &text, &err), 0);
	return text;
}

TEST(what_is_left_is_what_the_image_gives_back)
{
	static const uint64_t dropped[] = { 1, 2, 0 };

	for (unsigned version = 0; version <= 2; version++) {
		CFS_AUTO(cfs_tree_free) struct cfs_tree *back = NULL;
		CFS_AUTO(cfs_tree_free)
		struct cfs_tree *tree = read_dump(ROOT BOTH OPAQUE WHITEOUTS);
		CFS_AUTOBUF struct cfs_buf image = { 0 };
		CFS_AUTOBUF struct cfs_buf ours = { 0 };
		CFS_AUTOBUF struct cfs_buf read = { 0 };
		uint64_t n;

		CHECK_EQ(cfs_erofs_write(tree, version, 0, &image, &err), 0);
		CHECK_EQ(cfs_erofs_read(cfs_buf_bytes(&image), 0, &back, NULL,
					&err),
			 0);
		CHECK_EQ(cfs_erofs_drop_lost(tree, version, &n, &err), 0);
		CHECK_EQ(n, dropped[version]);
		ours = dump_of(tree);
		read = dump_of(back);
		CHECK_EQ(ours.len, read.len);
		CHECK_MEM(ours.data, read.data, read.len);
	}
}
