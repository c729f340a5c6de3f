/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Limits of the format, each from both sides: what is at the limit is written,
 * what is beyond it refused with the file's name and nothing written.
 *
 * Source: composefs libcomposefs/lcfs-writer-erofs.c (versions 0 and 1);
 * composefs-rs erofs/reader.rs (version 2).
 */
#include "erofs/writer.h"
#include "tests/test.h"
#include "tree/dump/dump.h"

static struct cfs_err err;

#define ROOT "/ 0 40755 2 0 0 0 0.0 - - -\n"

/* Writes what the lenient reader takes. */
static int build(const struct cfs_buf *dump, unsigned version)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	int r = cfs_dump_read(cfs_buf_bytes(dump), CFS_DUMP_LENIENT, &tree,
			      &err);

	if (r < 0)
		printf("# %s\n", err.msg);
	CHECK_EQ(r, 0);
	r = cfs_erofs_write(tree, version, 0, &image, &err);
	CHECK(r < 0 ? image.len == 0 : image.len > 0);
	return r;
}

static void refused(const struct cfs_buf *dump, unsigned version, int code,
		    const char *words)
{
	int r = build(dump, version);

	if (r != code || strcmp(err.msg, words) != 0)
		printf("# %d: %s\n", r, r < 0 ? err.msg : "(written)");
	CHECK_EQ(r, code);
	CHECK_STR(err.msg, words);
}

static void fill(struct cfs_buf *dump, size_t n)
{
	while (n-- > 0)
		cfs_buf_addc(dump, 'x');
}

static void start(struct cfs_buf *dump)
{
	dump->len = 0;
	cfs_buf_adds(dump, ROOT);
}

/* A file of @size bytes that has no object. */
static void put_sparse(struct cfs_buf *dump, uint64_t size)
{
	start(dump);
	cfs_buf_addf(dump, "/f %llu 100644 1 0 0 0 0.0 - - -\n",
		     (unsigned long long)size);
}

TEST(files_have_1024_chunks_at_most)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };

	put_sparse(&dump, UINT64_C(1) << 53);
	CHECK_EQ(build(&dump, 0), 0);
	CHECK_EQ(build(&dump, 1), 0);
	put_sparse(&dump, (UINT64_C(1) << 53) + 1);
	for (unsigned v = 0; v < 2; v++)
		refused(&dump, v, -EFBIG,
			"image: /f: file size 9007199254740993 exceeds the "
			"maximum of 9007199254740992");
	/* Upstream's count of chunks wraps here (15.1: 9). */
	put_sparse(&dump, UINT64_MAX);
	for (unsigned v = 0; v < 2; v++)
		refused(&dump, v, -EFBIG,
			"image: /f: file size 18446744073709551615 exceeds "
			"the maximum of 9007199254740992");
}

TEST(files_of_version_2_have_one_chunk)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };

	put_sparse(&dump, UINT64_C(1) << 43);
	CHECK_EQ(build(&dump, 2), 0);
	put_sparse(&dump, (UINT64_C(1) << 43) + 1);
	refused(&dump, 2, -EFBIG,
		"image: /f: file size 8796093022209 exceeds the maximum of "
		"8796093022208");
}

static void put_inline(struct cfs_buf *dump, size_t size)
{
	start(dump);
	cfs_buf_addf(dump, "/f %zu 100644 1 0 0 0 0.0 - ", size);
	fill(dump, size);
	cfs_buf_adds(dump, " -\n");
}

TEST(content_is_5000_bytes_at_most_and_512_in_version_2)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };

	put_inline(&dump, 5000);
	CHECK_EQ(build(&dump, 0), 0);
	CHECK_EQ(build(&dump, 1), 0);
	put_inline(&dump, 512);
	CHECK_EQ(build(&dump, 2), 0);
	put_inline(&dump, 513);
	refused(&dump, 2, -EFBIG,
		"image: /f: inline content is 513 bytes; the maximum of "
		"version 2 is 512");
}

static void put_symlink(struct cfs_buf *dump, size_t size)
{
	start(dump);
	cfs_buf_adds(dump, "/l 0 120777 1 0 0 0 0.0 ");
	fill(dump, size);
	cfs_buf_adds(dump, " - -\n");
}

TEST(symlinks_are_of_4095_bytes_at_most_and_1024_in_version_2)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };

	put_symlink(&dump, 4095);
	CHECK_EQ(build(&dump, 0), 0);
	CHECK_EQ(build(&dump, 1), 0);
	put_symlink(&dump, 1024);
	CHECK_EQ(build(&dump, 2), 0);
	put_symlink(&dump, 1025);
	refused(&dump, 2, -ENAMETOOLONG,
		"image: /l: symlink target is 1025 bytes; the maximum is 1024");
}

/* Two files of @n attributes each that are the same. */
static void put_shared(struct cfs_buf *dump, int n)
{
	start(dump);
	for (int f = 0; f < 2; f++) {
		cfs_buf_addf(dump, "/%d 0 100644 1 0 0 0 0.0 - - -", f);
		for (int i = 0; i < n; i++)
			cfs_buf_addf(dump, " user.%03d=v", i);
		cfs_buf_addc(dump, '\n');
	}
}

TEST(an_inode_of_version_2_shares_255_xattrs_at_most)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };

	put_shared(&dump, 255);
	CHECK_EQ(build(&dump, 2), 0);
	put_shared(&dump, 256);
	refused(&dump, 2, -E2BIG,
		"image: /0: over 255 xattrs shared with others");
	/* Further ones stand in the inode. */
	CHECK_EQ(build(&dump, 1), 0);
}

/* A tree whose only file has @n attributes of @bytes each on disk, but for the
 * last one, of @last. */
static int write_xattrs(unsigned version, unsigned n, size_t last)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	static const uint8_t value[65535];
	const struct cfs_xattr *list[8];
	struct cfs_node *node;
	int r;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	CHECK(n < 8);
	CHECK_EQ(cfs_node_add(tree, tree->root,
			      (struct cfs_bytes){ (const uint8_t *)"f", 1 },
			      S_IFREG | 0644, &node, &err),
		 0);
	for (unsigned i = 0; i <= n; i++) {
		char key[] = "user.0";

		key[5] += (char)i;
		CHECK_EQ(cfs_xattr_add(
				 &tree->xattrs,
				 (struct cfs_bytes){ (const uint8_t *)key, 6 },
				 (struct cfs_bytes){ value,
						     i < n ? 65535 : last },
				 &list[i], &err),
			 0);
	}
	CHECK_EQ(
		cfs_xattrs_add(&tree->xattrs, list, n + 1, &node->xattrs, &err),
		0);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	r = cfs_erofs_write(tree, version, 0, &image, &err);
	CHECK(r < 0 ? image.len == 0 : image.len > 0);
	return r;
}

/* The area is 12 bytes and 65534 times 4: three times 4 + 1 + 65535, and one
 * of 4 + 1 + 65511 bytes. */
TEST(xattrs_of_an_inode_are_counted_in_16_bits)
{
	for (unsigned v = 0; v <= CFS_EROFS_VERSION_MAX; v++) {
		CHECK_EQ(write_xattrs(v, 3, 65511), 0);
		CHECK_EQ(write_xattrs(v, 3, 65512), -E2BIG);
		CHECK_STR(err.msg, "image: /f: 262152 bytes of xattrs; "
				   "the maximum is 262148");
	}
}

/* The number of the root's inode has 16 bits: it comes first, so it fits. */
TEST(the_root_may_have_all_the_xattrs_there_can_be)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };

	cfs_buf_adds(&dump, "/ 0 40755 2 0 0 0 0.0 - - - user.a=");
	fill(&dump, 32767 - 12 - 7 - 6);
	cfs_buf_addc(&dump, '\n');
	for (unsigned v = 0; v <= CFS_EROFS_VERSION_MAX; v++)
		CHECK_EQ(build(&dump, v), 0);
}
