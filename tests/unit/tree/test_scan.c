/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/scan.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/io.h"
#include "fsverity/merkle.h"
#include "tests/test.h"
#include "tree/dump/dump.h"

static struct cfs_err err;
static int files;
static uint64_t least; /* bytes of the smallest file that is to be counted */

static void count_file(void *ctx, uint64_t bytes)
{
	CHECK_EQ(ctx, &files);
	CHECK(bytes >= least);
	files++;
}

/* Scans with a digester of its own. */
static int scan_with(int dir, unsigned flags, unsigned threads,
		     const struct cfs_keeper *keeper, struct cfs_tree **ret)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	struct cfs_scan scan = { .flags = flags,
				 .seen = count_file,
				 .ctx = &files };

	CHECK_EQ(cfs_digester_new(CFS_ALG_SHA256, threads, keeper, &digester,
				  &err),
		 0);
	scan.digester = digester;
	files = 0;
	least = flags & CFS_SCAN_EXEC_OBJECTS ? 1 : CFS_INLINE_FROM_DISK + 1;
	return cfs_tree_scan(dir, &scan, ret, &err);
}

static int scan(int dir, unsigned flags, struct cfs_tree **ret)
{
	return scan_with(dir, flags, 1, NULL, ret);
}

static int fresh(void)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/scan-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

static void put(int dirfd, const char *name, size_t size)
{
	CFS_AUTOFD int fd =
		openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL, 0640);
	static const uint8_t data[5000];

	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, data, size), 0);
}

static struct cfs_node *get(struct cfs_tree *tree, const char *path)
{
	struct cfs_node *node;

	CHECK_EQ(cfs_tree_lookup(tree, path, &node, &err), 1);
	return node;
}

TEST(every_kind_of_file_becomes_what_it_is)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOFD int dir = fresh();
	char object[CFS_OBJECT_PATH_MAX];
	struct cfs_node *node;

	put(dir, "empty", 0);
	put(dir, "small", 64);
	put(dir, "large", 4096);
	CHECK_EQ(mkdirat(dir, "d", 0700), 0);
	CHECK_EQ(symlinkat("to/where", dir, "d/link"), 0);
	CHECK_EQ(mkfifoat(dir, "fifo", 0600), 0);
	CHECK_EQ(scan(dir, 0, &tree), 0);
	CHECK_EQ(files, 1);

	node = get(tree, "empty");
	CHECK_EQ(node->size, 0);
	CHECK(!node->file.digest);
	CHECK_EQ(node->nlink, 1);
	node = get(tree, "small");
	CHECK_EQ(node->size, 64);
	CHECK(node->flags & CFS_NODE_INLINE);
	node = get(tree, "large");
	CHECK(cfs_node_is_external(node));
	CHECK_EQ((node->mode & 07777), 0640);
	/* Source: `fsverity digest` of 4096 zero bytes. */
	CHECK_STR(cfs_node_backing(tree, node, object),
		  "ba/bc284ee4ffe7f449377fbf6692715b43aec7bc39c094a95878904"
		  "d34bac97e");
	node = get(tree, "d");
	CHECK(S_ISDIR(node->mode));
	CHECK_EQ((node->mode & 07777), 0700);
	CHECK_EQ(node->nlink, 2);
	CHECK_EQ(tree->root->nlink, 3);
	node = get(tree, "d/link");
	CHECK(S_ISLNK(node->mode));
	CHECK_EQ(node->size, 8);
	CHECK_STR(node->file.data, "to/where");
	CHECK(S_ISFIFO(get(tree, "fifo")->mode));
}

TEST(names_of_one_inode_stay_together_and_it_is_read_once)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *split = NULL;
	CFS_AUTOFD int dir = fresh();

	CHECK_EQ(mkdirat(dir, "a", 0755), 0);
	CHECK_EQ(mkdirat(dir, "z", 0755), 0);
	put(dir, "m", 100);
	CHECK_EQ(linkat(dir, "m", dir, "a/l", 0), 0);
	CHECK_EQ(linkat(dir, "m", dir, "z/l", 0), 0);
	CHECK_EQ(scan(dir, 0, &tree), 0);
	CHECK_EQ(files, 1);
	CHECK(!(get(tree, "a/l")->flags & CFS_NODE_LINK));
	CHECK_EQ(get(tree, "a/l")->nlink, 3);
	CHECK_EQ(get(tree, "m")->link, get(tree, "a/l"));
	CHECK_EQ(get(tree, "z/l")->link, get(tree, "a/l"));

	CHECK_EQ(scan(dir, CFS_SCAN_NO_HARDLINKS, &split), 0);
	CHECK_EQ(files, 1);
	CHECK_EQ(get(split, "m")->nlink, 1);
	CHECK_EQ(get(split, "m")->size, 100);
	CHECK_EQ(get(split, "z/l")->nlink, 1);
	CHECK_MEM(get(split, "m")->file.digest, get(tree, "a/l")->file.digest,
		  32);
	CHECK_EQ(get(split, "m")->file.digest, get(split, "z/l")->file.digest);
}

TEST(whiteouts_of_one_inode_are_whiteouts_of_their_own)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOFD int dir = fresh();

	/* As overlayfs does it in an upper directory. */
	if (mknodat(dir, "a", S_IFCHR, 0) < 0) {
		printf("# no whiteouts: %s\n", strerror(errno));
		return;
	}
	CHECK_EQ(mkdirat(dir, "d", 0755), 0);
	CHECK_EQ(linkat(dir, "a", dir, "b", 0), 0);
	CHECK_EQ(linkat(dir, "a", dir, "d/c", 0), 0);
	CHECK_EQ(scan(dir, 0, &tree), 0);
	CHECK(cfs_node_is_whiteout(get(tree, "a")));
	CHECK(cfs_node_is_whiteout(get(tree, "b")));
	CHECK(cfs_node_is_whiteout(get(tree, "d/c")));
	CHECK_EQ(get(tree, "a")->nlink, 1);
	CHECK_EQ(get(tree, "d/c")->nlink, 1);
}

TEST(xattrs_are_read_and_can_be_left_out)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *bare = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *part = NULL;
	CFS_AUTOFD int dir = fresh();
	const struct cfs_xattr *x;
	CFS_AUTOFD int fd = -EBADF;

	put(dir, "f", 1);
	fd = openat(dir, "f", O_RDONLY | O_CLOEXEC);
	if (fsetxattr(fd, "user.k", "v", 1, 0) < 0) {
		printf("# no user xattrs on this file system\n");
		return;
	}
	CHECK_EQ(scan(dir, 0, &tree), 0);
	x = cfs_xattrs_get(get(tree, "f")->xattrs, "user.k");
	CHECK(x);
	CHECK_EQ(x->value_len, 1);
	CHECK_EQ(x->value[0], 'v');
	CHECK_EQ(scan(dir, CFS_SCAN_NO_XATTRS, &bare), 0);
	CHECK(!get(bare, "f")->xattrs);
	CHECK_EQ(scan(dir, CFS_SCAN_USER_XATTRS, &part), 0);
	CHECK_EQ(get(part, "f")->xattrs->n, 1);
}

TEST(times_can_be_left_out)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *zero = NULL;
	const struct timespec times[2] = { { 5, 6 }, { 7, 8 } };
	CFS_AUTOFD int dir = fresh();

	put(dir, "f", 1);
	CHECK_EQ(utimensat(dir, "f", times, 0), 0);
	CHECK_EQ(scan(dir, 0, &tree), 0);
	CHECK_EQ(get(tree, "f")->mtime_sec, 7);
	CHECK_EQ(get(tree, "f")->mtime_nsec, 8);
	CHECK_EQ(scan(dir, CFS_SCAN_EPOCH, &zero), 0);
	CHECK_EQ(get(zero, "f")->mtime_sec, 0);
	CHECK_EQ(get(zero, "f")->mtime_nsec, 0);
	CHECK_EQ(zero->root->mtime_sec, 0);
}

TEST(devices_are_read_and_can_be_left_out)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *less = NULL;
	CFS_AUTOFD int dir = fresh();

	if (mknodat(dir, "null", S_IFCHR | 0666, makedev(1, 3)) < 0) {
		printf("# no right to make devices\n");
		return;
	}
	CHECK_EQ(scan(dir, 0, &tree), 0);
	CHECK(S_ISCHR(get(tree, "null")->mode));
	CHECK_EQ(get(tree, "null")->rdev, 0x103);
	CHECK_EQ(scan(dir, CFS_SCAN_NO_DEVICES, &less), 0);
	CHECK(!less->root->dir.first);
}

/* Somebody writes to the file between stat and read. */
static void disturb(void *ctx, uint64_t bytes)
{
	const int *dir = ctx;
	CFS_AUTOFD int w = openat(*dir, "d/busy", O_WRONLY | O_APPEND);

	CHECK_EQ(bytes, 4000);
	CHECK(w >= 0);
	CHECK_EQ(cfs_write_full(w, "x", 1), 0);
}

TEST(a_file_that_changes_is_an_error_that_names_it)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_scan changing = { .seen = disturb };
	CFS_AUTOFD int dir = fresh();

	CHECK_EQ(mkdirat(dir, "d", 0755), 0);
	put(dir, "d/busy", 4000);
	/* With more than one thread, so few files are read in the end. */
	CHECK_EQ(cfs_digester_new(CFS_ALG_SHA256, 2, NULL, &digester, &err), 0);
	changing.digester = digester;
	changing.ctx = &dir;
	CHECK_EQ(cfs_tree_scan(dir, &changing, &tree, &err), -ESTALE);
	CHECK_STR(err.msg, "/d/busy: changed while it was read");
	CHECK(!tree);
}

static int refuse(void *ctx, struct cfs_bytes data, const struct cfs_digest *id,
		  const void *who, struct cfs_err *e)
{
	(void)ctx;
	(void)id;
	(void)who;
	return data.len == 65 ? cfs_fail(e, ENOSPC, "no space") : 0;
}

TEST(the_keepers_failure_is_passed_on_with_the_path)
{
	const struct cfs_keeper keeper = { .keep = refuse };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOFD int dir = fresh();

	put(dir, "e", 66);
	put(dir, "f", 65);
	put(dir, "g", 67);
	for (unsigned threads = 1; threads < 4; threads++) {
		CHECK_EQ(scan_with(dir, 0, threads, &keeper, &tree), -ENOSPC);
		CHECK_STR(err.msg, "/f: no space");
	}
	CHECK_EQ(scan(-1, 0, &tree), -EBADF);
	CHECK(!tree);
}

TEST(a_deep_tree_needs_no_more_descriptors_than_a_shallow_one)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOFD int dir = fresh();
	int at = fcntl(dir, F_DUPFD_CLOEXEC, 0), depth = 0;

	for (int i = 0; i < 300; i++) {
		int next;

		CHECK_EQ(mkdirat(at, "d", 0755), 0);
		put(at, "f", 10);
		CHECK_EQ(mkdirat(at, "e", 0755), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK(next >= 0);
		close(at);
		at = next;
	}
	close(at);
	CHECK_EQ(scan(dir, 0, &tree), 0);
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n))
		depth++;
	CHECK_EQ(depth, 901);
}

TEST(with_a_flag_small_executables_are_objects_too)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL, *plain = NULL;
	CFS_AUTOFD int dir = fresh();

	put(dir, "data", 64);
	put(dir, "empty", 0);
	put(dir, "other", 1);
	put(dir, "user", 64);
	CHECK_EQ(fchmodat(dir, "empty", 0755, 0), 0);
	CHECK_EQ(fchmodat(dir, "other", 0641, 0), 0);
	CHECK_EQ(fchmodat(dir, "user", 0700, 0), 0);
	CHECK_EQ(linkat(dir, "user", dir, "zname", 0), 0);
	CHECK_EQ(scan(dir, CFS_SCAN_EXEC_OBJECTS, &tree), 0);
	CHECK_EQ(files, 2);
	CHECK(get(tree, "data")->flags & CFS_NODE_INLINE);
	CHECK(!cfs_node_is_external(get(tree, "empty")));
	CHECK(cfs_node_is_external(get(tree, "other")));
	CHECK(get(tree, "other")->file.digest);
	CHECK(cfs_node_is_external(get(tree, "user")));
	CHECK(cfs_node_inode(get(tree, "zname")) == get(tree, "user"));

	CHECK_EQ(scan(dir, 0, &plain), 0);
	CHECK_EQ(files, 0);
	CHECK(get(plain, "user")->flags & CFS_NODE_INLINE);
}
