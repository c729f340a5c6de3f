/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <sys/mman.h>

#include "base/io.h"
#include "tests/test.h"
#include "tree/dump/dump.h"

static struct cfs_err err;

static struct cfs_bytes text(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

static int read_as(const char *dump, unsigned flags)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	err = (struct cfs_err){ 0 };
	return cfs_dump_read(text(dump), flags, &tree, &err);
}

#define ROOT "/ 0 40755 2 0 0 0 0.0 - - -\n"
#define DIR  "/d 0 40755 2 0 0 0 0.0 - - -\n"
#define FILE "/f 0 100644 1 0 0 0 0.0 - - -\n"
#define HEX  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PATH "aa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Source: composefs mkcomposefs --from-file (1.0.8) and cfsctl (0.9.0), which
 * refuse them; see also the two lists below. */
TEST(what_is_no_dumpfile_is_refused_by_line)
{
	static const struct {
		const char *dump, *words;
	} bad[] = {
		{ "", "no lines" },
		{ "\n", "line 1: path: empty path" },
		{ ROOT "\n", "line 2: path: empty path" },
		{ FILE, "line 1: /f: path: the first entry must be /" },
		{ ROOT ROOT, "line 2: /: path: a second root" },
		{ "/ 0 100644 1 0 0 0 0.0 - - -\n", "root is no directory" },
		{ "/ 0 @40755 1 0 0 0 0.0 / - -\n", "hardlinked" },
		{ ROOT "/a/f 0 100644 1 0 0 0 0.0 - - -\n", "directory" },
		{ ROOT FILE "/f/g 0 100644 1 0 0 0 0.0 - - -\n",
		  "is not a directory" },
		{ ROOT "/. 0 100644 1 0 0 0 0.0 - - -\n", ". or .." },
		{ ROOT DIR "/d/.. 0 100644 1 0 0 0 0.0 - - -\n", ". or .." },
		{ ROOT DIR "/d/ 0 100644 1 0 0 0 0.0 - - -\n", "empty" },
		{ ROOT FILE FILE, "/f occurs twice" },
		{ ROOT "/f 0 0644 1 0 0 0 0.0 - - -\n", "file type" },
		{ ROOT "/f 0 100648 1 0 0 0 0.0 - - -\n", "mode" },
		{ ROOT "/f x 100644 1 0 0 0 0.0 - - -\n", "size" },
		{ ROOT "/f -5 100644 1 0 0 0 0.0 - - -\n", "size" },
		{ ROOT "/f 0 100644 4294967296 0 0 0 0.0 - - -\n", "nlink" },
		{ ROOT "/f 0 100644 1 -1 0 0 0.0 - - -\n", "uid" },
		{ ROOT "/f 0 100644 1 0 4294967296 0 0.0 - - -\n", "gid" },
		{ ROOT "/f 0 20644 1 0 0 4294967296 0.0 - - -\n", "rdev" },
		{ ROOT "/f 0 100644 1 0 0 0 0 - - -\n", "mtime" },
		{ ROOT "/f 0 100644 1 0 0 0 0.1000000000 - - -\n", "nsec" },
		{ ROOT "/f 0 100644 1 0 0 0 9223372036854775808.0 - - -\n",
		  "mtime" },
		{ ROOT "/f 0 100644 1 0 0 0 --1.0 - - -\n", "mtime" },
		{ ROOT "/f 2 100644 1 0 0 0 0.0 - abc -\n", "content of 3" },
		{ ROOT "/f 2 100644 1 0 0 0 0.0 - a\\q -\n", "escape" },
		{ ROOT "/f 2 100644 1 0 0 0 0.0 x/y - abcd\n", "hex digits" },
		{ ROOT "/l 0 120777 1 0 0 0 0.0 - - -\n", "without a target" },
		{ ROOT "/f 0 100644 1 0 0 0 0.0 - - - x\n", "xattr" },
		{ ROOT "/f 0 100644 1 0 0 0 0.0 - - - a=1  b=2\n", "xattr" },
		{ ROOT "/f 0 100644 1 0 0 0 0.0 - - - =1\n", "empty name" },
		{ ROOT "/f 0 100644 1 0 0 0 0.0 - - - a\\x00=1\n", "NUL" },
		{ ROOT "/l 0 @100644 1 0 0 0 0.0 - - -\n", "without a target" },
		{ ROOT "/l 0 @100644 1 0 0 0 0.0 /x - -\n", "no hardlink" },
		{ ROOT "/l 0 @100644 1 0 0 0 0.0 /l - -\n", "itself" },
		{ ROOT DIR "/l 0 @100644 1 0 0 0 0.0 /d - -\n", "directory" },
		{ ROOT DIR "/e 0 @40755 1 0 0 0 0.0 /d - -\n", "hardlinked" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		for (unsigned flags = 0; flags <= 1; flags++) {
			int r = read_as(bad[i].dump, flags);

			if (r >= 0 || !strstr(err.msg, bad[i].words))
				printf("# %s%s: %s\n", bad[i].dump,
				       bad[i].words, err.msg);
			CHECK(r < 0 && strstr(err.msg, bad[i].words));
		}
	}
}

/* Source: composefs-rs dumpfile.rs, which refuses these too, where upstream's
 * C takes them. */
TEST(what_mkcomposefs_takes_is_refused_unless_asked_for)
{
	static const char *const only_lenient[] = {
		"/ 0 40755 2 0 0 0 0.0 - - -",
		"/ 0 40755 2 0 0 0 0.0 - - - \n",
		"/ 0 40755 +2 0 0 0 0.0 - - -\n",
		"/ 0 40755 2 0 0 0 0.0\n",
		ROOT "f 0 100644 1 0 0 0 0.0 - - -\n",
		ROOT "//f 0 100644 1 0 0 0 0.0 - - -\n",
		ROOT "/l 0 @100644 1 0 0 0 0.0 /f - -\n" FILE,
		ROOT FILE "/l 0 @100644 1 0 0 0 0.0 f - -\n",
		ROOT FILE "/l 0 @100644 1 0 0 0 0.0 /f - -\n"
			  "/m 0 @100644 1 0 0 0 0.0 /l - -\n",
		ROOT "/f 9 100644 1 0 0 0 0.0 some/where - -\n",
		ROOT "/f 9 100644 1 0 0 0 0.0 - - " HEX "\n",
		ROOT "/f 0 100644 1 0 0 0 0.0 - - - a=1 a=2\n",
		ROOT "/f 0 100644 1 0 0 5 0.0 - - -\n",
		ROOT "/f 0 10644 1 0 0 0 0.0 x y z\n",
		ROOT "/f 3 100644 1 0 0 0 0.0 " PATH " abc -\n",
		ROOT "/l 0 120777 1 0 0 0 0.0 x y -\n",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(only_lenient); i++) {
		if (read_as(only_lenient[i], CFS_DUMP_LENIENT) < 0)
			printf("# %s\n%s\n", only_lenient[i], err.msg);
		CHECK_EQ(read_as(only_lenient[i], CFS_DUMP_LENIENT), 0);
		if (read_as(only_lenient[i], 0) == 0)
			printf("# taken: %s\n", only_lenient[i]);
		CHECK(read_as(only_lenient[i], 0) < 0);
	}
}

TEST(embedded_nul_bytes_are_refused)
{
	static const char dump[] = ROOT "/f\0 0 100644 1 0 0 0 0.0 - - -\n";
	struct cfs_bytes bytes = { (const uint8_t *)dump, sizeof(dump) - 1 };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	CHECK_EQ(cfs_dump_read(bytes, CFS_DUMP_LENIENT, &tree, &err), -EINVAL);
	CHECK(strstr(err.msg, "NUL"));
	CHECK(read_as(ROOT "/f\\x00 0 100644 1 0 0 0 0.0 - - -\n", 0) < 0);
	CHECK(read_as(ROOT "/l 0 120777 1 0 0 0 0.0 a\\x00b - -\n", 0) < 0);
	CHECK_EQ(read_as(ROOT "/f 1 100644 1 0 0 0 0.0 - \\x00 - a=\\x00\n", 0),
		 0);
}

TEST(circles_of_hardlinks_are_refused)
{
	CHECK_EQ(read_as(ROOT "/a 0 @100644 1 0 0 0 0.0 /b - -\n"
			      "/b 0 @100644 1 0 0 0 0.0 /a - -\n",
			 CFS_DUMP_LENIENT),
		 -ELOOP);
	/* A way into a circle that it is not part of. */
	CHECK_EQ(read_as(ROOT "/0 0 @100644 1 0 0 0 0.0 /a - -\n"
			      "/a 0 @100644 1 0 0 0 0.0 /b - -\n"
			      "/b 0 @100644 1 0 0 0 0.0 /a - -\n",
			 CFS_DUMP_LENIENT),
		 -ELOOP);
}

static struct cfs_tree *parse(const char *dump, unsigned flags)
{
	struct cfs_tree *tree = NULL;

	if (cfs_dump_read(text(dump), flags, &tree, &err) < 0)
		printf("# %s\n", err.msg);
	CHECK(tree);
	return tree;
}

static struct cfs_node *get(struct cfs_tree *tree, const char *path)
{
	struct cfs_node *node;

	CHECK_EQ(cfs_tree_lookup(tree, path, &node, &err), 1);
	return node;
}

TEST(all_fields_arrive)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree =
		parse(ROOT "/f\\x20 3 104755 1 2 3 0 -5.6 - a\\n\\x3d - "
			   "user.k=v=w\n"
			   "/c 0 20600 1 0 0 1283 7.8 - - -\n"
			   "/l 0 120777 1 0 0 0 0.0 \\x2d - -\n"
			   "/o 77 100644 1 0 0 0 0.0 " PATH " - " HEX "\n",
		      0);
	const struct cfs_node *f = get(tree, "f ");
	const struct cfs_xattr *x = cfs_xattrs_get(f->xattrs, "user.k");
	char buf[CFS_OBJECT_PATH_MAX];

	CHECK_EQ(f->size, 3);
	CHECK_MEM(f->file.data, "a\n=", 3);
	CHECK_EQ(f->mode, 0104755);
	CHECK_EQ(f->uid, 2);
	CHECK_EQ(f->gid, 3);
	CHECK_EQ(f->mtime_sec, -5);
	CHECK_EQ(f->mtime_nsec, 6);
	CHECK(x);
	CHECK_EQ(x->value_len, 3);
	CHECK_MEM(x->value, "v=w", 3);
	CHECK_EQ(get(tree, "c")->rdev, 1283);
	CHECK_STR(get(tree, "l")->file.data, "-");
	CHECK_EQ(get(tree, "o")->size, 77);
	CHECK_STR(cfs_node_backing(tree, get(tree, "o"), buf), PATH);
}

TEST(a_digest_outranks_the_backing_path_for_cfsctl_alone)
{
	static const char dump[] = ROOT
		"/f 9 100644 1 0 0 0 0.0 other/path - " HEX "\n";
	CFS_AUTO(cfs_tree_free) struct cfs_tree *strict = parse(dump, 0);
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *lenient = parse(dump, CFS_DUMP_LENIENT);
	char buf[CFS_OBJECT_PATH_MAX];

	CHECK_STR(cfs_node_backing(strict, get(strict, "f"), buf), PATH);
	CHECK_STR(cfs_node_backing(lenient, get(lenient, "f"), buf),
		  "other/path");
}

TEST(a_file_without_verity_is_named_by_the_tail_of_its_path)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse(
		ROOT "/f 9 100644 1 0 0 0 0.0 some/where/" PATH " - -\n", 0);
	char buf[CFS_OBJECT_PATH_MAX];
	struct cfs_digest digest;

	CHECK_STR(cfs_node_backing(tree, get(tree, "f"), buf), PATH);
	CHECK(!cfs_node_digest(tree, get(tree, "f"), &digest));
}

TEST(directories_are_found_in_any_order_of_lines)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse(ROOT "/a 0 40755 2 0 0 0 0.0 - - -\n"
					   "/b 0 40755 2 0 0 0 0.0 - - -\n"
					   "/ab 0 40755 2 0 0 0 0.0 - - -\n"
					   "/a/x 0 40755 2 0 0 0 0.0 - - -\n"
					   "/ab/y 0 100644 2 0 0 0 0.0 - - -\n"
					   "/a/x/z 0 100644 2 0 0 0 0.0 - - -\n"
					   "/b/q 0 100644 2 0 0 0 0.0 - - -\n"
					   "/r 0 100644 2 0 0 0 0.0 - - -\n",
				      0);

	CHECK_EQ(get(tree, "a/x/z")->parent, get(tree, "a/x"));
	CHECK_EQ(get(tree, "ab/y")->parent, get(tree, "ab"));
	CHECK_EQ(get(tree, "b/q")->parent, get(tree, "b"));
	CHECK_EQ(get(tree, "r")->parent, tree->root);
	CHECK_EQ(get(tree, "a")->nlink, 3);
	CHECK_EQ(tree->root->nlink, 5);
}

TEST(xattrs_of_many_lines_and_long_ones_are_right)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	char path[16];

	cfs_buf_adds(&dump, ROOT);
	for (int i = 0; i < 3000; i++) {
		cfs_buf_addf(&dump, "/%d 0 100644 1 0 0 0 0.0 - - - a=%d b=", i,
			     i % 700);
		for (int k = 0; k < i % 300; k++)
			cfs_buf_addc(&dump, 'x');
		cfs_buf_addc(&dump, '\n');
	}
	CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&dump), 0, &tree, &err), 0);
	for (int i = 0; i < 3000; i++) {
		const struct cfs_node *node;
		char want[16];

		snprintf(path, sizeof(path), "%d", i);
		snprintf(want, sizeof(want), "%d", i % 700);
		node = get(tree, path);
		CHECK_EQ(node->xattrs->n, 2);
		CHECK_STR((const char *)node->xattrs->v[0]->value, want);
		CHECK_EQ(node->xattrs->v[1]->value_len, (unsigned)i % 300);
	}
}

TEST(xattrs_over_what_mkcomposefs_takes_are_refused_for_it_alone)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };

	cfs_buf_adds(&dump, ROOT "/f 0 100644 1 0 0 0 0.0 - - - user.a=");
	for (int i = 0; i < 32767 - 12 - 7 - 6 + 1; i++)
		cfs_buf_addc(&dump, 'x');
	cfs_buf_addc(&dump, '\n');
	CHECK_EQ(read_as(cfs_buf_text(&dump), CFS_DUMP_LENIENT), -ERANGE);
	CHECK_EQ(read_as(cfs_buf_text(&dump), 0), 0);
}

TEST(a_file_is_read_in_pieces_as_its_bytes_are_whole)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *cut = NULL;
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	CFS_AUTOFD int fd = memfd_create("test", MFD_CLOEXEC);
	int n = 0;

	cfs_buf_adds(&dump, ROOT);
	for (int i = 0; i < 30000; i++)
		cfs_buf_addf(&dump, "/%d 0 100644 1 0 0 0 %d.0 - - -\n", i, i);
	CHECK(dump.len > 3 * 256 * 1024);
	CHECK_EQ(cfs_write_full(fd, dump.data, dump.len), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(cfs_dump_read_fd(fd, 0, &tree, &err), 0);
	for (const struct cfs_node *node = tree->root->dir.first; node;
	     node = node->next, n++)
		CHECK_EQ(node->mtime_sec, atoi(node->name));
	CHECK_EQ(n, 30000);

	CHECK_EQ(ftruncate(fd, (off_t)dump.len - 1), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(cfs_dump_read_fd(fd, 0, &cut, &err), -EINVAL);
	CHECK(strstr(err.msg, "newline"));
	CHECK_EQ(cfs_dump_read_fd(-1, 0, &cut, &err), -EBADF);
}

/* The last path is compared with after the piece that held it is gone, and
 * after the buffer that it was unescaped in is wanted for the next. */
TEST(escaped_and_crooked_paths_are_read_in_pieces_as_at_once)
{
	static const char *const dirs[] = { "/plain", "/a\\x20b", "//crooked/",
					    "/plain/deep", "/a\\x20b/c\\x09d" };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *once = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *pieces = NULL;
	CFS_AUTOBUF struct cfs_buf dump = { 0 }, a = { 0 }, b = { 0 };
	CFS_AUTOFD int fd = memfd_create("dump", MFD_CLOEXEC);
	const size_t n_dirs = CFS_ARRAY_SIZE(dirs);

	cfs_buf_adds(&dump, ROOT);
	for (size_t i = 0; i < n_dirs; i++)
		cfs_buf_addf(&dump, "%.*s 0 40755 2 0 0 0 0.0 - - -\n",
			     (int)(strlen(dirs[i]) - (i == 2)), dirs[i]);
	for (unsigned i = 0; i < 40000; i++) {
		/* Runs of one directory, and ever another one. */
		size_t d = i % 7 < 3 ? i / 7 % n_dirs : i % n_dirs;

		cfs_buf_addf(&dump, "%s/%s%u 0 100644 1 0 0 0 0.0 - - -\n",
			     dirs[d], i % 3 ? "f" : "\\x66\\x20", i);
	}
	CHECK(!dump.failed && dump.len > 1000000 && fd >= 0);
	CHECK_EQ(cfs_write_full(fd, dump.data, dump.len), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(cfs_dump_read_fd(fd, CFS_DUMP_LENIENT, &pieces, &err), 0);
	CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&dump), CFS_DUMP_LENIENT, &once,
			       &err),
		 0);
	CHECK_EQ(once->nodes, 40000 + n_dirs + 1);
	CHECK_EQ(cfs_dump_write(once, &a, &err), 0);
	CHECK_EQ(cfs_dump_write(pieces, &b, &err), 0);
	CHECK_EQ(a.len, b.len);
	CHECK_MEM(a.data, b.data, a.len);
}

TEST(a_backing_path_in_capital_letters_is_another)
{
	static const char dump[] = ROOT
		"/f 9 100644 1 0 0 0 0.0 "
		"AA/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAA - "
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAA\n";
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse(dump, CFS_DUMP_LENIENT);
	char buf[CFS_OBJECT_PATH_MAX];

	CHECK(!(get(tree, "f")->flags & CFS_NODE_OBJECT));
	CHECK_EQ(
		strncmp(cfs_node_backing(tree, get(tree, "f"), buf), "AA/A", 4),
		0);
}

/* @dirs directories within each other. */
static int read_deep(unsigned dirs, unsigned flags)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf dump = { 0 }, path = { 0 };

	cfs_buf_adds(&dump, ROOT);
	for (unsigned i = 0; i < dirs; i++) {
		cfs_buf_adds(&path, "/d");
		cfs_buf_add(&dump, path.data, path.len);
		cfs_buf_adds(&dump, " 0 40755 2 0 0 0 0.0 - - -\n");
	}
	/* A file may be one level deeper. */
	cfs_buf_add(&dump, path.data, path.len);
	cfs_buf_adds(&dump, "/f 0 100644 1 0 0 0 0.0 - - -\n");
	CHECK(!dump.failed);
	return cfs_dump_read(cfs_buf_bytes(&dump), flags, &tree, &err);
}

TEST(directories_within_each_other_are_limited_by_either_reader)
{
	for (unsigned flags = 0; flags <= CFS_DUMP_LENIENT; flags++) {
		CHECK_EQ(read_deep(CFS_DEPTH_MAX, flags), 0);
		CHECK_EQ(read_deep(CFS_DEPTH_MAX + 1, flags), -ELOOP);
		CHECK_EQ(strncmp(err.msg, "dumpfile line 4097: ...", 23), 0);
		CHECK(strstr(err.msg, "d/d: path: over 4095 directories"));
	}
}

/* One line whose xattrs are @text. */
static struct cfs_tree *with_xattrs(const char *text)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	struct cfs_tree *tree = NULL;

	cfs_buf_addf(&dump, ROOT "/f 0 100644 1 0 0 0 0.0 - - - %s\n", text);
	CHECK(cfs_buf_text(&dump));
	(void)!cfs_dump_read(cfs_buf_bytes(&dump), CFS_DUMP_LENIENT, &tree,
			     &err);
	return tree;
}

TEST(an_xattr_that_is_replaced_does_not_count)
{
	static char text[70000];
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	const struct cfs_xattr *x;
	int n;

	n = snprintf(text, sizeof(text),
		     "user.a=%030000d user.a=%030000d user.b=1 user.a=z", 1, 2);
	CHECK(n > 60000 && (tree = with_xattrs(text)));
	CHECK_EQ(get(tree, "f")->xattrs->n, 2);
	x = cfs_xattrs_get(get(tree, "f")->xattrs, "user.a");
	CHECK(x);
	CHECK_EQ(x->value_len, 1);
	CHECK_EQ(x->value[0], 'z');
	/* Together they are too many. */
	snprintf(text, sizeof(text), "user.a=%030000d user.b=%030000d", 1, 2);
	CHECK(!with_xattrs(text));
	CHECK(strstr(err.msg, "line 2: /f: xattr 2: xattrs exceed the"));
}

TEST(mkcomposefs_reads_so_much_text_of_xattrs)
{
	static char text[70000];
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	for (unsigned len = 65535; len <= 65536; len++) {
		int n = snprintf(text, sizeof(text),
				 "a=%030000d a=%030000d a=", 1, 2);

		memset(text + n, 'x', len - (unsigned)n);
		text[len] = '\0';
		cfs_tree_free(tree);
		tree = with_xattrs(text);
		CHECK_EQ(!tree, (len > 65535));
	}
	CHECK(strstr(err.msg, "/f: the text of all xattrs is 65536 bytes"));
}

/* Found by fuzz_dump: an image of it gave back another dumpfile. */
TEST(only_files_have_a_size_that_counts)
{
	static const char dump[] = ROOT
		"/f 8589934592 10644 1 0 0 0 0.0 - - -\n";
	CFS_AUTO(cfs_tree_free) struct cfs_tree *strict = parse(dump, 0);
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *lenient = parse(dump, CFS_DUMP_LENIENT);

	CHECK_EQ(get(strict, "f")->size, 0);
	CHECK_EQ(get(lenient, "f")->size, 8589934592);
}
