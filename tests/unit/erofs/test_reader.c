/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/reader.h"

#include <fcntl.h>

#include "base/disk.h"
#include "base/io.h"
#include "erofs/format.h"
#include "erofs/writer.h"
#include "tests/test.h"
#include "tree/dump/dump.h"

static struct cfs_err err;

static struct cfs_tree *parse(struct cfs_bytes dump)
{
	struct cfs_tree *tree = NULL;

	if (cfs_dump_read(dump, 0, &tree, &err) < 0)
		return NULL;
	return tree;
}

static struct cfs_bytes text(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

static void build(const char *dump, unsigned version, struct cfs_buf *image)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = parse(text(dump));

	CHECK(tree);
	CHECK_EQ(cfs_erofs_write(tree, version, 0, image, &err), 0);
}

static int read_it(const struct cfs_buf *image)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	return cfs_erofs_read(cfs_buf_bytes(image), 0, &tree, NULL, &err);
}

static bool same(const struct cfs_buf *a, const struct cfs_buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Dump to tree to image, and back both ways. */
static void check_round_trip(struct cfs_bytes dump, unsigned version)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = parse(dump);
	CFS_AUTO(cfs_tree_free) struct cfs_tree *back = NULL;
	CFS_AUTOBUF struct cfs_buf before = { 0 };
	CFS_AUTOBUF struct cfs_buf after = { 0 };
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	CFS_AUTOBUF struct cfs_buf again = { 0 };
	unsigned found = 9;

	if (!tree || cfs_erofs_write(tree, version, 0, &image, &err) < 0)
		return;
	if (cfs_erofs_read(cfs_buf_bytes(&image), 0, &back, &found, &err) < 0)
		printf("# %s\n", err.msg);
	CHECK(back);
	CHECK_EQ(found, version);
	CHECK_EQ(cfs_erofs_write(back, version, 0, &again, &err), 0);
	CHECK(same(&image, &again));
	CHECK_EQ(cfs_dump_write(tree, &before, &err), 0);
	CHECK_EQ(cfs_dump_write(back, &after, &err), 0);
	if (version < 2) /* which has no nanoseconds */
		CHECK(same(&before, &after));
}

TEST(an_image_gives_back_the_tree_it_was_made_of)
{
	static const char *const vectors[] = {
		"01-empty",
		"02-simple",
		"03-compact-vs-extended",
		"04-shared-xattrs",
		"05-xattr-prefixes",
		"06-acl",
		"07-overlay-escape",
		"08-whiteouts",
		"09-hardlinks",
		"10-bigdir",
		"11-dir-tail-boundaries",
		"12-symlink-block-boundary",
		"13-symlink-promoted",
		"14-inline-sizes",
		"15-inline-small",
		"16-chunks",
		"17-chunk-promoted",
		"18-names",
		"19-shared-130",
		"20-negative-mtime",
		"21-sparse-noverity",
		"22-root-hex-names",
		"23-devices",
		"24-v2-inline-boundary",
	};
	const char *src = getenv("CFS_SRC");

	for (size_t i = 0; i < CFS_ARRAY_SIZE(vectors); i++) {
		CFS_AUTOBUF struct cfs_buf dump = { 0 };
		char path[512];

		snprintf(path, sizeof(path), "%s/tests/data/erofs/%s.dump",
			 src ? src : ".", vectors[i]);
		CHECK_EQ(cfs_read_file(AT_FDCWD, path, 1 << 20, &dump, &err),
			 1);
		printf("# %s\n", vectors[i]);
		for (unsigned version = 0; version <= 2; version++)
			check_round_trip(cfs_buf_bytes(&dump), version);
	}
}

/* mkcomposefs writes what cfsctl would not: all of it is read. */
TEST(what_only_mkcomposefs_writes_is_read)
{
	static const char *const vectors[] = { "13-symlink-promoted",
					       "14-inline-sizes", "16-chunks",
					       "17-chunk-promoted" };
	const char *src = getenv("CFS_SRC");

	for (size_t i = 0; i < CFS_ARRAY_SIZE(vectors); i++) {
		CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
		CFS_AUTO(cfs_tree_free) struct cfs_tree *back = NULL;
		CFS_AUTOBUF struct cfs_buf dump = { 0 };
		CFS_AUTOBUF struct cfs_buf image = { 0 };
		CFS_AUTOBUF struct cfs_buf again = { 0 };
		char path[512];

		snprintf(path, sizeof(path), "%s/tests/data/erofs/%s.dump",
			 src ? src : ".", vectors[i]);
		CHECK_EQ(cfs_read_file(AT_FDCWD, path, 1 << 20, &dump, &err),
			 1);
		CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&dump), CFS_DUMP_LENIENT,
				       &tree, &err),
			 0);
		CHECK_EQ(cfs_erofs_write(tree, 1, CFS_EROFS_SIGNED_TIME, &image,
					 &err),
			 0);
		if (cfs_erofs_read(cfs_buf_bytes(&image), 0, &back, NULL,
				   &err) < 0)
			printf("# %s: %s\n", vectors[i], err.msg);
		CHECK(back);
		CHECK_EQ(cfs_erofs_write(back, 1, CFS_EROFS_SIGNED_TIME, &again,
					 &err),
			 0);
		CHECK(same(&image, &again));
	}
}

#define ROOT "/ 0 40755 2 0 0 0 0.0 - - -\n"

TEST(wrong_link_counts_are_refused_but_for_information)
{
	static const char dump[] = ROOT "/a 0 100644 9 0 0 0 0.0 - - -\n"
					"/b 0 @100644 - - - - 0.0 /a - -\n";
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *back = NULL;
	CFS_AUTOBUF struct cfs_buf image = { 0 };

	CHECK_EQ(cfs_dump_read(text(dump), CFS_DUMP_LENIENT, &tree, &err), 0);
	CHECK_EQ(cfs_erofs_write(tree, 1, 0, &image, &err), 0);
	CHECK_EQ(read_it(&image), -EBADMSG);
	CHECK(strstr(err.msg, "/a: link count is 9, but 2 were found"));
	CHECK_EQ(cfs_erofs_read(cfs_buf_bytes(&image), CFS_EROFS_READ_INFO,
				&back, NULL, &err),
		 0);
	CHECK_EQ(back->root->dir.first->nlink, 9);
}

/* Every byte that a checked field is made of, spoilt: no crash, and what must
 * be found is found. */
static void refused(const char *dump, unsigned version, size_t at, uint8_t byte,
		    const char *words)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };

	build(dump, version, &image);
	CHECK(at < image.len);
	CHECK(image.data[at] != byte);
	image.data[at] = byte;
	err = (struct cfs_err){ 0 };
	if (read_it(&image) != -EBADMSG || !strstr(err.msg, words))
		printf("# %zu: %s, not %s\n", at, err.msg, words);
	CHECK_EQ(read_it(&image), -EBADMSG);
	CHECK(strstr(err.msg, words));
}

#define SUPER(field) \
	(CFS_EROFS_SUPER_START + offsetof(struct cfs_erofs_super, field))

TEST(a_superblock_that_is_not_ours_is_refused)
{
	refused(ROOT, 1, 0, 0, "not a composefs image");
	refused(ROOT, 1, 4, 2, "version");
	refused(ROOT, 1, 12, 3, "version");
	refused(ROOT, 1, SUPER(magic), 0, "EROFS");
	refused(ROOT, 1, SUPER(feature_compat), 0x0e, "features");
	refused(ROOT, 1, SUPER(feature_incompat), 1, "features");
	refused(ROOT, 1, SUPER(blkszbits), 9, "4096");
	refused(ROOT, 1, SUPER(dirblkbits), 1, "4096");
	refused(ROOT, 1, SUPER(packed_nid), 1, "does not");
	refused(ROOT, 1, SUPER(meta_blkaddr), 1, "does not");
	refused(ROOT, 1, SUPER(extra_devices), 1, "does not");
	refused(ROOT, 1, SUPER(available_compr_algs), 1, "does not");
	refused(ROOT, 1, SUPER(xattr_prefix_count), 1, "does not");
	refused(ROOT, 1, SUPER(reserved) + 22, 1, "does not");
	refused(ROOT, 1, SUPER(blocks), 5, "blocks");
	refused(ROOT, 1, SUPER(inos), 3, "inodes");
	/* More than memory has room for. */
	refused(ROOT, 1, SUPER(inos) + 7, 0x7f, "inodes");
	refused(ROOT, 1, SUPER(xattr_blkaddr) + 1, 1, "beyond the end");
	refused(ROOT, 1, SUPER(build_time_nsec) + 3, 0x7f, "nanoseconds");
	refused(ROOT, 1, SUPER(root_nid), 38, "directory");
	refused(ROOT, 1, SUPER(root_nid), 1, "inode 1");
	/* The flag says that the sum counts; it is zero. */
	refused(ROOT, 1, SUPER(feature_compat), 7, "checksum");
}

TEST(short_images_are_refused)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };

	build(ROOT, 1, &image);
	while (image.len > 0) {
		image.len -= image.len > 2048 ? 512 : 1;
		CHECK_EQ(read_it(&image), -EBADMSG);
	}
}

/* Version 2, one file "f" in root: root at 1152, its entries behind it. */
#define F2	   ROOT "/f 3 100644 1 0 0 0 0.0 - abc -\n"
#define ROOT_INODE CFS_EROFS_INODES_START
#define ROOT_NAMES (ROOT_INODE + sizeof(struct cfs_erofs_extended))
#define DIRENT(i)  (ROOT_NAMES + (i) * sizeof(struct cfs_erofs_dirent))
#define F_INODE	   (ROOT_INODE + 128)
#define FIELD(inode, field) \
	((inode) + offsetof(struct cfs_erofs_extended, field))

TEST(an_inode_that_is_not_sane_is_refused)
{
	refused(F2, 2, FIELD(F_INODE, format), 3, "format");
	refused(F2, 2, FIELD(F_INODE, format), 0x15, "format");
	refused(F2, 2, FIELD(F_INODE, format) + 1, 1, "format");
	refused(F2, 2, FIELD(F_INODE, reserved), 1, "reserved");
	refused(F2, 2, FIELD(F_INODE, reserved2) + 15, 1, "reserved");
	refused(F2, 2, FIELD(F_INODE, mtime_nsec) + 3, 0x7f, "nanoseconds");
	refused(F2, 2, FIELD(F_INODE, mode) + 1, 0xf0, "mode");
	refused(F2, 2, FIELD(F_INODE, mode) + 1, 0x21, "data");
	refused(F2, 2, FIELD(F_INODE, nlink), 2, "link count");
	refused(F2, 2, FIELD(F_INODE, size) + 5, 1, "size");
	refused(F2, 2, FIELD(F_INODE, size) + 1, 0x10, "size");
	refused(F2, 2, FIELD(F_INODE, format), 1, "overlaps");
	refused(F2, 2, FIELD(F_INODE, size) + 1, 0x0f, "crosses");
	refused(F2, 2, FIELD(F_INODE, xattr_icount) + 1, 0xff,
		"xattrs are beyond");
	refused(F2, 2, FIELD(ROOT_INODE, nlink), 3, "link count");
	/* The inode moves into what the root has. */
	refused(F2, 2, DIRENT(2), (ROOT_INODE + 64) / 32, "inode 38");
	refused(F2, 2, DIRENT(2) + 7, 0x80, "beyond the end of the image");
}

TEST(a_directory_that_is_not_sane_is_refused)
{
	/* ".", "..", "f" */
	refused(F2, 2, DIRENT(0), 37, ".");
	refused(F2, 2, DIRENT(1), 37, "..");
	refused(F2, 2, DIRENT(0) + 8, 0, "first name at 0");
	refused(F2, 2, DIRENT(0) + 8, 35, "first name at 35");
	refused(F2, 2, DIRENT(0) + 9, 1, "first name at");
	refused(F2, 2, DIRENT(1) + 8, 36, "neighbours");
	refused(F2, 2, DIRENT(2) + 8, 37, "neighbours");
	refused(F2, 2, DIRENT(2) + 8, 200, "neighbours");
	refused(F2, 2, DIRENT(2) + 10, 2, "file type");
	refused(F2, 2, DIRENT(2) + 11, 1, "reserved");
	refused(F2, 2, DIRENT(3) + 3, '/', "slash");
	refused(F2, 2, DIRENT(3) + 3, 0, "0 bytes");
	refused(F2, 2, DIRENT(3) + 3, '-', "order");
	/* A second name of the root directory itself. */
	refused(F2, 2, DIRENT(2), ROOT_INODE / 32, "more than one name");
}

TEST(an_xattr_area_that_is_not_sane_is_refused)
{
	static const char dump[] = "/ 0 40755 2 0 0 0 0.0 - - - user.a=b\n";
	size_t area = ROOT_NAMES;

	refused(dump, 2, area, 0, "filter");
	refused(dump, 2, area + 4, 1, "beyond the end of the image");
	refused(dump, 2, area + 4, 9, "shared");
	refused(dump, 2, area + 5, 1, "reserved");
	refused(dump, 2, area + 12, 200, "truncated xattr");
	refused(dump, 2, area + 13, 7, "prefix");
	refused(dump, 2, area + 15, 200, "truncated xattr");
	refused(dump, 2, area + 16, 0, "NUL");
}

TEST(overlays_own_xattrs_are_only_where_composefs_puts_them)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	uint8_t *at;

	/* The kernel would act on it: a redirect of a directory moves it. */
	build("/ 0 40755 2 0 0 0 0.0 - - - trusted.overlaX.redirect=/x\n", 2,
	      &image);
	at = memmem(image.data, image.len, "overlaX.redirect", 16);
	CHECK(at);
	at[6] = 'y';
	CHECK_EQ(read_it(&image), -EBADMSG);
	CHECK(strstr(err.msg, "filter"));
	image.data[SUPER(feature_compat)] = CFS_EROFS_COMPAT_MTIME;
	CHECK_EQ(read_it(&image), -EBADMSG);
	CHECK(strstr(err.msg, "redirect"));
}

#define DIGEST_A \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PATH_A \
	"aa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define EXTERNAL ROOT "/f 99 100644 1 0 0 0 0.0 " PATH_A " - " DIGEST_A "\n"

TEST(a_metacopy_that_is_not_ours_is_refused)
{
	static const uint8_t head[] = { 0, 36, 0, 1 };
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	size_t at;

	build(EXTERNAL, 1, &image);
	at = (size_t)((uint8_t *)memmem(image.data, image.len, head,
					sizeof(head)) -
		      image.data);
	refused(EXTERNAL, 1, at, 1, "metacopy");
	refused(EXTERNAL, 1, at + 1, 37, "metacopy");
	refused(EXTERNAL, 1, at + 2, 1, "metacopy");
	refused(EXTERNAL, 1, at + 3, 2, "metacopy");
	refused(EXTERNAL, 1, at + 3, 3, "metacopy");
}

TEST(a_redirect_that_leads_out_is_refused)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf image = { 0 };

	CHECK_EQ(cfs_dump_read(
			 text(ROOT "/f 99 100644 1 0 0 0 0.0 a/../../b - -\n"),
			 CFS_DUMP_LENIENT, &tree, &err),
		 0);
	CHECK_EQ(cfs_erofs_write(tree, 1, 0, &image, &err), 0);
	CHECK_EQ(read_it(&image), -EBADMSG);
	CHECK(strstr(err.msg, ".."));
}

/* As mkcomposefs writes them: only the directory of the line without @ is
 * marked, so others keep what looks like marks. */
TEST(a_whiteout_of_several_names_is_read_and_written_as_it_was)
{
	static const char dump[] = ROOT
		"/a 0 40755 2 0 0 0 0.0 - - - trusted.overlay.opaque=x"
		" trusted.overlay.whiteouts= user.overlay.whiteouts=\n"
		"/a/d 0 40755 2 0 0 0 0.0 - - -\n"
		"/a/d/w 0 20644 3 0 0 0 0.0 - - -\n"
		"/a/w 0 @20644 - - - - 0.0 /a/d/w - -\n"
		"/w 0 @20644 - - - - 0.0 /a/d/w - -\n";

	for (unsigned version = 0; version <= 1; version++) {
		CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
		CFS_AUTO(cfs_tree_free) struct cfs_tree *back = NULL;
		CFS_AUTOBUF struct cfs_buf image = { 0 };
		CFS_AUTOBUF struct cfs_buf again = { 0 };
		CFS_AUTOBUF struct cfs_buf after = { 0 };

		CHECK_EQ(cfs_dump_read(text(dump), CFS_DUMP_LENIENT, &tree,
				       &err),
			 0);
		CHECK_EQ(cfs_erofs_write(tree, version, 0, &image, &err), 0);
		CHECK_EQ(cfs_erofs_read(cfs_buf_bytes(&image), 0, &back, NULL,
					&err),
			 0);
		CHECK_EQ(cfs_erofs_write(back, version, 0, &again, &err), 0);
		CHECK(same(&image, &again));
		CHECK_EQ(cfs_dump_write(back, &after, &err), 0);
		CHECK(cfs_buf_text(&after) &&
		      strstr((char *)after.data, "/a 0 40755 3 0 0 0 0.0 - - - "
						 "trusted.overlay.opaque=x"));
		CHECK(strstr((char *)after.data,
			     "/a/d 0 40755 2 0 0 0 0.0 - - -\n"));
	}
}

TEST(a_whiteout_that_hides_files_is_refused)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	static const char dump[] = ROOT "/c 0 20644 1 0 0 259 0.0 - - -\n";

	/* A device becomes 0:0 behind the writer's back. */
	build(dump, 1, &image);
	for (size_t at = ROOT_INODE; at + 32 < image.len; at += 32) {
		struct cfs_erofs_compact inode;

		memcpy(&inode, image.data + at, sizeof(inode));
		if (cfs_get32(inode.u) != 259)
			continue;
		inode.u = cfs_put32(0);
		memcpy(image.data + at, &inode, sizeof(inode));
		CHECK_EQ(read_it(&image), -EBADMSG);
		CHECK(strstr(err.msg, "whiteout"));
		return;
	}
	CHECK(false); /* found */
}

static int collect(void *ctx, const struct cfs_digest *digest,
		   struct cfs_err *e)
{
	struct cfs_buf *list = ctx;
	char hex[CFS_DIGEST_HEX_MAX];

	(void)e;
	cfs_digest_to_hex(digest, hex);
	cfs_buf_addf(list, "%s\n", hex);
	return 0;
}

static int stop(void *ctx, const struct cfs_digest *digest, struct cfs_err *e)
{
	(void)ctx;
	(void)digest;
	return cfs_fail(e, EINTR, "enough");
}

TEST(objects_are_those_of_metacopy_and_of_redirect)
{
	static const char dump[] = EXTERNAL
		"/g 99 100644 1 0 0 0 0.0 bb/bbbbbbbbbbbbbbbbbbbbbb"
		"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb - -\n"
		"/s 99 100644 1 0 0 0 0.0 - - -\n";
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	CFS_AUTOBUF struct cfs_buf list = { 0 };

	build(dump, 1, &image);
	CHECK_EQ(cfs_erofs_objects(cfs_buf_bytes(&image), CFS_ALG_SHA256,
				   collect, &list, &err),
		 0);
	CHECK_STR(cfs_buf_text(&list),
		  DIGEST_A "\n"
			   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
			   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n");
	CHECK_EQ(cfs_erofs_objects(cfs_buf_bytes(&image), CFS_ALG_SHA512,
				   collect, &list, &err),
		 -EBADMSG);
	CHECK_EQ(cfs_erofs_objects(cfs_buf_bytes(&image), CFS_ALG_SHA256, stop,
				   NULL, &err),
		 -EINTR);
}

static const struct cfs_erofs_detail *detail_of(
	struct cfs_tree *tree, const struct cfs_erofs_detail **details,
	const char *path)
{
	struct cfs_node *node = NULL;

	CHECK_EQ(cfs_tree_lookup(tree, path, &node, &err), 1);
	return details[cfs_node_inode(node)->seq];
}

TEST(details_are_what_stands_on_the_disk)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	const struct cfs_erofs_detail **details = NULL, *d;
	struct cfs_node *link = NULL;
	unsigned version = 9;

	/* user.a is that of two files and so a shared one. */
	build(ROOT "/b 0 40755 2 0 0 0 1.0 - - -\n"
		   "/b/z 0 100644 2 0 0 0 1.0 - - - user.a=1 user.b=2\n"
		   "/c 0 100644 1 0 0 0 1.0 - - - user.a=1\n"
		   "/w 0 40755 2 0 0 0 1.0 - - -\n"
		   "/w/x 0 20644 1 0 0 0 1.0 - - -\n"
		   "/z 0 @120000 - - - - 0.0 /b/z - -\n",
	      1, &image);
	CHECK_EQ(cfs_erofs_read_details(cfs_buf_bytes(&image), &tree, &version,
					&details, &err),
		 0);
	CHECK_EQ(version, 1);
	/* 257 stubs and names, dots: over 3.6 kB in the root's one block. */
	CHECK_EQ(detail_of(tree, details, "/")->size, 4096);
	/* Entries of 12 bytes and the names "." ".." "z". */
	CHECK_EQ(detail_of(tree, details, "/b")->size, 3 * 12 + 1 + 2 + 1);
	d = detail_of(tree, details, "/b/z");
	CHECK_EQ(d->size, 0);
	CHECK_EQ(d->n, 2);
	CHECK_STR(d->xattrs[0]->key, "user.b");
	CHECK_STR(d->xattrs[1]->key, "user.a");
	CHECK_EQ(detail_of(tree, details, "/z"), d);
	CHECK_EQ(cfs_tree_lookup(tree, "/z", &link, &err), 1);
	CHECK(link->flags & CFS_NODE_LINK && !details[link->seq]);
	/* The marks of a directory with a whiteout, gone from the tree. */
	CHECK_EQ(detail_of(tree, details, "/w")->n, 4);
	CHECK_EQ(cfs_tree_lookup(tree, "/w", &link, &err), 1);
	CHECK(!link->xattrs);
}

TEST(details_of_a_bad_image_are_refused)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	const struct cfs_erofs_detail **details = NULL;
	struct cfs_tree *tree = NULL;
	unsigned version = 9;

	build(ROOT, 0, &image);
	image.data[1024] ^= 1;
	CHECK_EQ(cfs_erofs_read_details(cfs_buf_bytes(&image), &tree, &version,
					&details, &err),
		 -EBADMSG);
	CHECK(!tree);
	CHECK(!details);
	CHECK_EQ(version, 9);
}

/* A repository has nothing else: overlayfs would look beside the objects. */
TEST(backing_paths_are_those_of_objects_when_there_is_a_repository)
{
	static const char *const dumps[] = {
		ROOT "/f 99 100644 1 0 0 0 0.0 some/where - -\n",
		ROOT "/f 99 100644 1 0 0 0 0.0 some/where - " DIGEST_A "\n",
	};
	CFS_AUTOBUF struct cfs_buf list = { 0 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(dumps); i++) {
		CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
		CFS_AUTOBUF struct cfs_buf image = { 0 };

		CHECK_EQ(cfs_dump_read(text(dumps[i]), CFS_DUMP_LENIENT, &tree,
				       &err),
			 0);
		CHECK_EQ(cfs_erofs_write(tree, 1, 0, &image, &err), 0);
		CHECK_EQ(cfs_erofs_objects(cfs_buf_bytes(&image), 0, collect,
					   &list, &err),
			 0);
		CHECK_EQ(cfs_erofs_objects(cfs_buf_bytes(&image),
					   CFS_ALG_SHA256, collect, &list,
					   &err),
			 -EBADMSG);
		CHECK_STR(err.msg, "image: /f: its backing path is not "
				   "an object path");
	}
}
