/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/merge.h"

#include "tests/tarball.h"
#include "tests/test.h"
#include "tree/tar/reader.h"

static struct cfs_err err;

/* Layers of a test, lowest first. */
static struct cfs_buf layer[4];

static void begin(void)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(layer); i++)
		layer[i].len = 0;
}

static void whiteout(struct cfs_buf *out, const char *path)
{
	tar_file(out, path, "");
}

static int apply(struct cfs_layers *m, const struct cfs_buf *tar)
{
	struct cfs_bytes rest = cfs_buf_bytes(tar);
	const struct cfs_source source = cfs_source_of_bytes(&rest);
	CFS_AUTO(cfs_tar_free) struct cfs_tar *t = NULL;
	const struct cfs_tar_entry *e;
	struct cfs_node *node;
	uint8_t *digest;
	int r;

	CHECK_EQ(cfs_layers_begin(m, &err), 0);
	CHECK_EQ(cfs_tar_new(&source, NULL, 0, &t, &err), 0);
	while ((r = cfs_tar_next(t, &e, &err)) > 0) {
		r = cfs_layers_add(m, e, &node, &err);
		if (r < 0)
			return r;
		CHECK((node != NULL) == (e->is_external || e->sparse) ||
		      strstr((const char *)e->path.data, ".wh."));
		if (!node)
			continue;
		r = cfs_node_reserve_object(cfs_layers_tree(m), node, e->size,
					    CFS_ALG_SHA256, &digest, &err);
		CHECK_EQ(r, 0);
		memset(digest, 7, 32);
	}
	CHECK_EQ(r, 0);
	return 0;
}

static int merge(unsigned flags, struct cfs_tree **ret)
{
	CFS_AUTO(cfs_layers_free) struct cfs_layers *m = NULL;

	err.msg[0] = '\0';
	CHECK_EQ(cfs_layers_new(flags, &m, &err), 0);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(layer); i++) {
		int r = layer[i].len ? apply(m, &layer[i]) : 0;

		if (r < 0)
			return r;
	}
	return cfs_layers_finish(m, ret, &err);
}

static void show(const struct cfs_node *n, struct cfs_buf *out)
{
	char name[CFS_NODE_NAME_MAX];

	cfs_buf_adds(out, cfs_node_name(n, name));
	if (n->flags & CFS_NODE_LINK)
		cfs_buf_addf(out, " = %s", cfs_node_name(n->link, name));
	else if (S_ISDIR(n->mode))
		cfs_buf_addf(out, "/ %o", n->mode & 07777);
	else if (S_ISLNK(n->mode))
		cfs_buf_addf(out, " -> %s", (const char *)n->file.data);
	else if (S_ISREG(n->mode) && n->flags & CFS_NODE_INLINE)
		cfs_buf_addf(out, " %s", (const char *)n->file.data);
	else if (S_ISREG(n->mode))
		cfs_buf_addf(out, " [%u]", (unsigned)n->size);
	else
		cfs_buf_addf(out, " %o %u", n->mode & S_IFMT, n->rdev);
	cfs_buf_addc(out, '\n');
}

/* The layers make the tree @want, a line a node without the root. */
static void gives_with(unsigned flags, const char *want)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	struct cfs_node *n;

	if (merge(flags, &tree) < 0)
		printf("# %s\n", err.msg);
	CHECK(tree);
	n = tree->root;
	while ((n = cfs_node_walk(tree->root, n))) {
		CHECK(!(n->flags & (CFS_NODE_IMPLICIT | CFS_NODE_GONE)));
		CHECK(!S_ISDIR(n->mode) || (n->size == 0 && n->rdev == 0));
		show(n, &got);
	}
	cfs_buf_addc(&got, '\0');
	if (strcmp((char *)got.data, want) != 0)
		printf("# got:\n%s# want:\n%s", (char *)got.data, want);
	CHECK_STR((char *)got.data, want);
}

static void gives(const char *want)
{
	gives_with(0, want);
}

static void is_refused(int code, const char *words)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	CHECK_EQ(merge(0, &tree), code);
	if (!strstr(err.msg, words))
		printf("# %s\n", err.msg);
	CHECK(strstr(err.msg, words));
}

TEST(entries_make_a_tree)
{
	begin();
	tar_dir(&layer[0], "usr/", 0755);
	tar_file(&layer[0], "usr/b", "small");
	tar_link(&layer[0], '2', "usr/a", "../b");
	tar_header(&layer[0], &(struct tar_spec){ .name = "usr/dev",
						  .type = '4',
						  .major = 8,
						  .minor = 1 });
	tar_header(&layer[0],
		   &(struct tar_spec){ .name = "usr/fifo", .type = '6' });
	tar_entry(&layer[0], (struct tar_spec){ .name = "usr/big" },
		  layer[0].data, 65);
	tar_file(&layer[0], "usr/empty", "");
	gives("/usr/ 755\n"
	      "/usr/a -> ../b\n"
	      "/usr/b small\n"
	      "/usr/big [65]\n"
	      "/usr/dev 60000 2049\n"
	      "/usr/empty [0]\n"
	      "/usr/fifo 10000 0\n");
}

TEST(what_an_entry_says_is_kept)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	const struct cfs_node *n;

	begin();
	tar_pax(&layer[0], "SCHILY.xattr.user.x", "value");
	tar_header(&layer[0], &(struct tar_spec){ .name = "f",
						  .mode = 04711,
						  .uid = 1,
						  .gid = 2,
						  .mtime = 3 });
	tar_pax(&layer[0], "mtime", "-0.5");
	tar_header(&layer[0],
		   &(struct tar_spec){
			   .name = "./", .type = '5', .mode = 0700, .uid = 9 });
	CHECK_EQ(merge(0, &tree), 0);
	n = tree->root->dir.first;
	CHECK_EQ(n->mode, (S_IFREG | 04711));
	CHECK(n->uid == 1 && n->gid == 2);
	CHECK(n->mtime_sec == 3 && n->mtime_nsec == 0);
	CHECK_EQ(n->nlink, 1);
	CHECK_STR((const char *)cfs_xattrs_get(n->xattrs, "user.x")->value,
		  "value");
	n = tree->root;
	CHECK_EQ(n->mode, (S_IFDIR | 0700));
	CHECK(n->uid == 9 && n->mtime_sec == -1);
	CHECK_EQ(n->mtime_nsec, 500000000);
}

TEST(without_an_entry_the_root_says_nothing)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	const struct cfs_node *root;

	begin();
	tar_end(&layer[0]);
	CHECK_EQ(merge(0, &tree), 0);
	root = tree->root;
	CHECK_EQ(root->mode, S_IFDIR);
	CHECK_EQ(root->mtime_sec, 0);
	CHECK(!root->xattrs);
	CHECK_EQ(root->nlink, 2);
	CHECK(!root->dir.first);
}

TEST(the_root_is_a_directory)
{
	begin();
	tar_file(&layer[0], "./", "x");
	is_refused(-ENOTDIR, "entry '' at offset 0: the root must");
	begin();
	tar_dir(&layer[0], "d", 0755);
	tar_link(&layer[0], '1', "/", "d");
	is_refused(-ENOTDIR, "the root must");
}

TEST(a_directory_over_a_directory_keeps_what_is_in_it)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	begin();
	tar_pax(&layer[0], "SCHILY.xattr.user.x", "value");
	tar_dir(&layer[0], "d", 0755);
	tar_file(&layer[0], "d/f", "1");
	tar_dir(&layer[1], "d", 0700);
	gives("/d/ 700\n/d/f 1\n");
	CHECK_EQ(merge(0, &tree), 0);
	CHECK(!tree->root->dir.first->xattrs);
}

TEST(anything_else_replaces_what_has_its_name)
{
	begin();
	tar_dir(&layer[0], "d", 0755);
	tar_dir(&layer[0], "d/d", 0755);
	tar_file(&layer[0], "d/d/f", "1");
	tar_file(&layer[0], "f", "1");
	tar_link(&layer[0], '2', "l", "d");
	tar_file(&layer[1], "d", "was a directory");
	tar_dir(&layer[1], "f", 0700);
	tar_dir(&layer[1], "l", 0711);
	tar_file(&layer[1], "l/new", "not in d");
	gives("/d was a directory\n/f/ 700\n/l/ 711\n/l/new not in d\n");
	tar_dir(&layer[1], "d", 0750);
	gives("/d/ 750\n/f/ 700\n/l/ 711\n/l/new not in d\n");
}

TEST(the_last_entry_of_a_name_counts)
{
	begin();
	tar_file(&layer[0], "f", "first");
	tar_file(&layer[0], "./f", "second");
	tar_file(&layer[0], "f", "third");
	gives("/f third\n");
}

TEST(whiteouts_remove_names)
{
	begin();
	tar_dir(&layer[0], "d", 0755);
	tar_file(&layer[0], "d/gone", "1");
	tar_file(&layer[0], "d/kept", "1");
	tar_dir(&layer[0], "tree", 0755);
	tar_dir(&layer[0], "tree/deep", 0755);
	tar_file(&layer[0], "tree/deep/f", "1");
	whiteout(&layer[1], "d/.wh.gone");
	whiteout(&layer[1], "d/.wh.never-there");
	whiteout(&layer[1], ".wh.tree");
	whiteout(&layer[1], ".wh.");
	whiteout(&layer[1], ".wh..wh.plnk");
	whiteout(&layer[1], ".wh..");
	whiteout(&layer[1], ".wh...");
	gives("/d/ 755\n/d/kept 1\n");
	/* What comes after it is new. */
	tar_dir(&layer[1], "tree", 0700);
	tar_file(&layer[1], "tree/new", "2");
	gives("/d/ 755\n/d/kept 1\n/tree/ 700\n/tree/new 2\n");
	/* Those of its own layer go, too. */
	whiteout(&layer[1], ".wh.tree");
	gives("/d/ 755\n/d/kept 1\n");
}

TEST(a_whiteout_may_have_any_type_and_content)
{
	begin();
	tar_dir(&layer[0], "d", 0755);
	tar_dir(&layer[0], "e", 0755);
	tar_file(&layer[0], "f", "1");
	tar_entry(&layer[0], (struct tar_spec){ .name = ".wh.d" },
		  layer[0].data, 600);
	tar_dir(&layer[0], ".wh.e/", 0755);
	tar_link(&layer[0], '2', ".wh.f", "x");
	gives("");
}

TEST(a_whiteout_where_there_is_no_directory_has_no_effect)
{
	begin();
	tar_file(&layer[0], "f", "1");
	whiteout(&layer[0], "no/such/.wh.x");
	whiteout(&layer[0], "f/.wh.x");
	whiteout(&layer[0], "f/.wh..wh..opq");
	whiteout(&layer[0], "no/.wh..wh..opq");
	gives("/f 1\n");
}

TEST(nothing_is_in_a_whiteout)
{
	begin();
	tar_file(&layer[0], ".wh.d/f", "1");
	is_refused(-EINVAL, "entry '.wh.d/f' at offset 0: a whiteout");
}

/* Two layers, the marker of the upper one first, in the middle or last. */
static void opaque(unsigned at)
{
	begin();
	tar_dir(&layer[0], "d", 0755);
	tar_file(&layer[0], "d/low", "1");
	tar_dir(&layer[0], "d/sub", 0755);
	tar_file(&layer[0], "d/sub/low", "1");
	tar_dir(&layer[0], "d/gone", 0755);
	tar_dir(&layer[0], "d/gone/too", 0755);
	tar_file(&layer[0], "d/both", "1");
	tar_file(&layer[0], "other", "1");
	if (at == 0)
		whiteout(&layer[1], "d/.wh..wh..opq");
	tar_file(&layer[1], "d/both", "2");
	tar_dir(&layer[1], "d/sub", 0700);
	if (at == 1)
		whiteout(&layer[1], "d/.wh..wh..opq");
	tar_file(&layer[1], "d/sub/high", "2");
	tar_file(&layer[1], "d/new", "2");
	if (at == 2)
		whiteout(&layer[1], "d/.wh..wh..opq");
}

TEST(an_opaque_marker_hides_lower_layers_wherever_it_stands)
{
	for (unsigned at = 0; at < 3; at++) {
		opaque(at);
		gives("/d/ 755\n/d/both 2\n/d/new 2\n"
		      "/d/sub/ 700\n/d/sub/high 2\n/other 1\n");
		/* Once more changes nothing. */
		whiteout(&layer[1], "d/.wh..wh..opq");
		whiteout(&layer[1], "d/sub/.wh..wh..opq");
		gives("/d/ 755\n/d/both 2\n/d/new 2\n"
		      "/d/sub/ 700\n/d/sub/high 2\n/other 1\n");
		/* To the next layer all that is lower. */
		whiteout(&layer[2], ".wh..wh..opq");
		tar_file(&layer[2], "f", "3");
		gives("/f 3\n");
	}
}

TEST(an_opaque_marker_hides_what_is_said_of_directories_too)
{
	for (unsigned first = 0; first < 2; first++) {
		begin();
		tar_dir(&layer[0], "d", 0700);
		tar_dir(&layer[0], "d/sub", 0711);
		tar_file(&layer[0], "d/sub/low", "1");
		if (first)
			whiteout(&layer[1], "d/.wh..wh..opq");
		tar_file(&layer[1], "d/sub/high", "2");
		if (!first)
			whiteout(&layer[1], "d/.wh..wh..opq");
		is_refused(-ENOENT, "directory /d/sub");
		gives_with(CFS_LAYERS_CREATE_PARENTS,
			   "/d/ 700\n/d/sub/ 755\n/d/sub/high 2\n");
		/* Said anew, later. */
		tar_dir(&layer[2], "d/sub", 0750);
		gives("/d/ 700\n/d/sub/ 750\n/d/sub/high 2\n");
	}
}

TEST(a_directory_that_its_layer_went_through_is_that_layers)
{
	for (unsigned first = 0; first < 2; first++) {
		begin();
		tar_dir(&layer[0], "d", 0700);
		tar_dir(&layer[0], "d/sub", 0711);
		tar_dir(&layer[0], "d/sub/sub", 0711);
		if (first)
			whiteout(&layer[1], "d/.wh..wh..opq");
		whiteout(&layer[1], "d/sub/.wh.nothing");
		tar_file(&layer[1], "d/sub/high", "2");
		whiteout(&layer[1], "d/sub/.wh.high");
		if (!first)
			whiteout(&layer[1], "d/.wh..wh..opq");
		is_refused(-ENOENT, "directory /d/sub");
		gives_with(CFS_LAYERS_CREATE_PARENTS, "/d/ 700\n/d/sub/ 755\n");
	}
}

TEST(opaque_markers_inside_each_other_are_one)
{
	for (unsigned order = 0; order < 2; order++) {
		begin();
		tar_dir(&layer[0], "a", 0755);
		tar_dir(&layer[0], "a/b", 0755);
		tar_dir(&layer[0], "a/b/c", 0755);
		tar_file(&layer[0], "a/b/c/low", "1");
		tar_dir(&layer[0], "a/b/x", 0755);
		tar_dir(&layer[1], "a/b/c", 0700);
		tar_file(&layer[1], "a/b/c/high", "2");
		if (order) {
			whiteout(&layer[1], "a/b/c/.wh..wh..opq");
			whiteout(&layer[1], "a/b/.wh..wh..opq");
			whiteout(&layer[1], "a/.wh..wh..opq");
		} else {
			whiteout(&layer[1], "a/.wh..wh..opq");
			whiteout(&layer[1], "a/b/.wh..wh..opq");
			whiteout(&layer[1], "a/b/c/.wh..wh..opq");
		}
		gives_with(CFS_LAYERS_CREATE_PARENTS,
			   "/a/ 755\n/a/b/ 755\n/a/b/c/ 700\n/a/b/c/high 2\n");
		/* An empty directory of the lower layer does not stay. */
		whiteout(&layer[1], "a/b/.wh.c");
		gives_with(CFS_LAYERS_CREATE_PARENTS, "/a/ 755\n/a/b/ 755\n");
	}
}

TEST(hard_links_are_names_of_one_file)
{
	begin();
	tar_file(&layer[0], "b", "1");
	tar_link(&layer[0], '1', "c", "./b");
	tar_link(&layer[0], '1', "a", "/c");
	tar_link(&layer[0], '2', "s", "b");
	tar_link(&layer[0], '1', "t", "s");
	gives("/a 1\n/b = /a\n/c = /a\n/s -> b\n/t = /s\n");
	/* A name that is replaced, and one that is removed. */
	tar_file(&layer[1], "b", "2");
	whiteout(&layer[1], ".wh.a");
	tar_link(&layer[1], '1', "z", "c");
	gives("/b 2\n/c 1\n/s -> b\n/t = /s\n/z = /c\n");
}

TEST(a_hard_link_to_its_own_name_changes_nothing)
{
	begin();
	tar_file(&layer[0], "a", "1");
	tar_link(&layer[0], '1', "b", "a");
	tar_link(&layer[1], '1', "a", "a");
	gives("/a 1\n/b = /a\n");
	tar_link(&layer[1], '1', "a", "b");
	gives("/a 1\n/b = /a\n");
	/* But the name is of the upper layer. */
	whiteout(&layer[1], ".wh..wh..opq");
	gives("/a 1\n");
}

TEST(a_hard_link_may_replace_the_directory_of_its_target)
{
	begin();
	tar_dir(&layer[0], "d", 0755);
	tar_file(&layer[0], "d/f", "1");
	tar_file(&layer[0], "d/g", "1");
	tar_link(&layer[1], '1', "d", "d/f");
	gives("/d 1\n");
}

TEST(hard_links_survive_their_first_name_in_any_layer)
{
	begin();
	tar_dir(&layer[0], "d", 0755);
	tar_entry(&layer[0], (struct tar_spec){ .name = "d/f" }, layer[0].data,
		  100);
	tar_link(&layer[1], '1', "x", "d/f");
	whiteout(&layer[1], ".wh.d");
	tar_link(&layer[2], '1', "y", "x");
	whiteout(&layer[2], ".wh.x");
	gives("/y [100]\n");
}

TEST(hard_links_need_a_file_as_target)
{
	begin();
	tar_dir(&layer[0], "d", 0755);
	tar_link(&layer[0], '1', "l", "nothing");
	is_refused(-ENOENT,
		   "entry 'l' at offset 512: a hard link to 'nothing'");
	begin();
	tar_dir(&layer[0], "d", 0755);
	tar_link(&layer[1], '1', "l", "d/");
	is_refused(-EISDIR, "entry 'l' at offset 0: a hard link to the dir");
	begin();
	tar_file(&layer[0], "f", "");
	tar_link(&layer[0], '1', "l", "f/x");
	is_refused(-ENOENT, "hard link");
	begin();
	tar_link(&layer[0], '1', "l", ".");
	is_refused(-EISDIR, "hard link");
}

TEST(names_of_one_whiteout_device_are_devices_of_their_own)
{
	begin();
	tar_header(&layer[0], &(struct tar_spec){ .name = "a", .type = '3' });
	tar_link(&layer[0], '1', "b", "a");
	gives("/a 20000 0\n/b 20000 0\n");
}

TEST(a_directory_may_be_described_late)
{
	begin();
	tar_file(&layer[0], "d/e/f", "1");
	tar_dir(&layer[0], "d", 0711);
	tar_file(&layer[1], "d/e/g", "2");
	tar_dir(&layer[2], "d/e", 0700);
	gives("/d/ 711\n/d/e/ 700\n/d/e/f 1\n/d/e/g 2\n");
}

TEST(a_directory_that_is_never_described_is_refused)
{
	begin();
	tar_dir(&layer[0], "d", 0755);
	tar_file(&layer[1], "x", "");
	tar_file(&layer[1], "d/opt/lib/f", "1");
	is_refused(-ENOENT, "layer 1: entry at offset 512: ");
	CHECK(strstr(err.msg, "/d/opt ") &&
	      strstr(err.msg, "--create-parents"));
	gives_with(CFS_LAYERS_CREATE_PARENTS,
		   "/d/ 755\n/d/opt/ 755\n/d/opt/lib/ 755\n"
		   "/d/opt/lib/f 1\n/x [0]\n");
	/* Not when it is gone in the end. */
	whiteout(&layer[2], "d/.wh.opt");
	gives("/d/ 755\n/x [0]\n");
	tar_file(&layer[2], "d/opt", "a file");
	gives("/d/ 755\n/d/opt a file\n/x [0]\n");
}

TEST(made_directories_are_plain)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	const struct cfs_node *n;

	begin();
	tar_file(&layer[0], "d/f", "1");
	CHECK_EQ(merge(CFS_LAYERS_CREATE_PARENTS, &tree), 0);
	n = tree->root->dir.first;
	CHECK_EQ(n->mode, (S_IFDIR | 0755));
	CHECK(n->uid == 0 && n->gid == 0);
	CHECK(n->mtime_sec == 0 && n->mtime_nsec == 0);
	CHECK(!n->xattrs);
	CHECK(n->nlink == 2 && n->size == 0);
}

TEST(nothing_is_put_below_what_is_no_directory)
{
	begin();
	tar_dir(&layer[0], "d", 0755);
	tar_link(&layer[0], '2', "l", "d");
	tar_file(&layer[1], "l/f", "1");
	is_refused(-ENOTDIR, "entry 'l/f' at offset 0: /l is not a directory");
	begin();
	tar_file(&layer[0], "f", "1");
	tar_file(&layer[0], "f/g/h", "1");
	is_refused(-ENOTDIR, "/f is not a directory");
}

TEST(the_way_to_the_last_entry_is_not_taken_when_it_is_gone)
{
	begin();
	tar_dir(&layer[0], "a", 0755);
	tar_dir(&layer[0], "a/b", 0755);
	tar_file(&layer[0], "a/b/f", "1");
	whiteout(&layer[0], "a/.wh.b");
	tar_file(&layer[0], "a/b/g", "2");
	tar_dir(&layer[0], "a/b", 0700);
	gives("/a/ 755\n/a/b/ 700\n/a/b/g 2\n");
	tar_file(&layer[0], "a/b", "3");
	tar_dir(&layer[0], "a/b", 0711);
	tar_file(&layer[0], "a/b/h", "4");
	tar_dir(&layer[0], "a/bc", 0755);
	tar_file(&layer[0], "a/bc/i", "5");
	tar_file(&layer[0], "a/b/i", "6");
	gives("/a/ 755\n/a/b/ 711\n/a/b/h 4\n/a/b/i 6\n"
	      "/a/bc/ 755\n/a/bc/i 5\n");
}

TEST(layers_have_a_limit)
{
	CFS_AUTO(cfs_layers_free) struct cfs_layers *m = NULL;

	CHECK_EQ(cfs_layers_new(0, &m, &err), 0);
	for (unsigned i = 0; i < CFS_LAYERS_MAX; i++)
		CHECK_EQ(cfs_layers_begin(m, &err), 0);
	CHECK_EQ(cfs_layers_begin(m, &err), -E2BIG);
}

TEST(a_tree_is_removed_from_the_bottom_up)
{
	char path[100] = "";

	begin();
	for (unsigned i = 0; i < 40; i++) {
		strcat(path, "d/");
		tar_dir(&layer[0], path, 0755);
	}
	strcat(path, "f");
	tar_file(&layer[0], path, "1");
	for (unsigned i = 40; i-- > 1;) {
		strcpy(path + 2 * i, ".wh..wh..opq");
		whiteout(&layer[1], path);
		strcpy(path + 2 * i, ".wh.d");
		whiteout(&layer[1], path);
	}
	gives("/d/ 755\n");
}
