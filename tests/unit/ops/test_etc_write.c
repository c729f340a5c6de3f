/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/etc_write.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "fsverity/merkle.h"
#include "tests/unit/boot/visits.h"
#include "tests/unit/ops/etc.h"

static char top[4096];

/* A result of @words, as cfs_etc_merge() makes it. */
static struct cfs_etc_merged merged_of(const char *words)
{
	struct cfs_etc_merged merged = { .tree = tree_of("", words) };

	for (uint32_t i = 0; i <= merged.tree->nodes; i++)
		CHECK(cfs_vec_add(&merged.from, NULL));
	/* Whoever runs the test may own files. */
	for (struct cfs_node *n = merged.tree->root; n;
	     n = cfs_node_walk(merged.tree->root, n)) {
		if (n->flags & CFS_NODE_LINK)
			continue;
		n->uid = getuid();
		n->gid = getgid();
	}
	return merged;
}

static int write_it(const struct cfs_etc_merged *merged)
{
	CFS_AUTOFD int dir = -EBADF;
	const struct cfs_etc_write write = { merged, -EBADF, -EBADF };

	strcpy(top, fresh_dir());
	dir = open_dir(top);
	return cfs_etc_write(&write, dir, &err);
}

static struct stat stat_of(const char *name)
{
	CFS_AUTOFREE char *path = below(top, name);
	struct stat st;

	CHECK_EQ(lstat(path, &st), 0);
	return st;
}

TEST(files_are_written_with_all_that_they_have)
{
	CFS_AUTOETC struct cfs_etc_merged merged =
		merged_of("@4711:a=1 @500:d/ d/b=22 d/h@a l>t");
	struct stat a;

	CHECK_EQ(write_it(&merged), 0);
	a = stat_of("a");
	CHECK_EQ(a.st_mode, S_IFREG | 04711);
	CHECK_EQ(a.st_size, 1);
	CHECK_EQ(a.st_mtim.tv_sec, 1);
	CHECK_EQ(a.st_nlink, 2);
	CHECK_EQ(stat_of("d/h").st_ino, a.st_ino);
	CHECK_EQ(stat_of("d").st_mode, S_IFDIR | 0500);
	CHECK_EQ(stat_of("d").st_mtim.tv_sec, 1);
	CHECK_EQ(stat_of("d/b").st_size, 2);
	CHECK(S_ISLNK(stat_of("l").st_mode));
	CHECK_EQ(stat_of("l").st_mtim.tv_sec, 1);
	CHECK_EQ(stat_of("").st_mode, S_IFDIR | 0755);
}

TEST(a_whiteout_is_a_device_of_overlayfs)
{
	CFS_AUTOETC struct cfs_etc_merged merged = merged_of("w!");
	struct stat st;

	/* Old kernels allow it to root alone. */
	if (write_it(&merged) == -EPERM)
		return;
	st = stat_of("w");
	CHECK(S_ISCHR(st.st_mode) && st.st_rdev == 0);
}

TEST(what_is_there_already_is_not_replaced)
{
	CFS_AUTOETC struct cfs_etc_merged merged = merged_of("a=1");
	const struct cfs_etc_write write = { &merged, -EBADF, -EBADF };
	CFS_AUTOFD int dir = -EBADF;

	CHECK_EQ(write_it(&merged), 0);
	dir = open_dir(top);
	CHECK_EQ(cfs_etc_write(&write, dir, &err), -EEXIST);
	CHECK(strstr(err.msg, "/etc/a: create"));
}

TEST(space_is_counted_in_blocks)
{
	CFS_AUTOETC struct cfs_etc_merged merged = merged_of("a=1 d/ d/b=1");

	CHECK_EQ(cfs_etc_space(&merged), 4 * 4096);
}

/* A long file of users, which is in another directory. */
static int write_long(const char *now)
{
	CFS_AUTOETC struct cfs_etc_merged merged = merged_of("a=1");
	CFS_AUTO(cfs_tree_free) struct cfs_tree *users = NULL;
	CFS_AUTOFD int from = -EBADF, dir = -EBADF;
	struct cfs_etc_write write = { .merged = &merged, .objects = -EBADF };
	struct cfs_node *node = merged.tree->root->dir.first;
	char text[101], source[4096];
	struct cfs_digest id;

	memset(text, 'x', 100);
	text[100] = '\0';
	CHECK_EQ(cfs_verity_digest_bytes(
			 CFS_ALG_SHA256,
			 (struct cfs_bytes){ (uint8_t *)text, 100 }, &id, &err),
		 0);
	CHECK_EQ(cfs_node_set_object(merged.tree, node, 100, &id, &err), 0);
	node->flags &= (uint8_t)~CFS_NODE_INLINE;
	users = tree_of("", "a=1");
	merged.from.v[node->seq] = users->root->dir.first;
	strcpy(source, fresh_dir());
	put(source, "a", now ? now : text);
	from = open_dir(source);
	write.users = from;
	strcpy(top, fresh_dir());
	dir = open_dir(top);
	return cfs_etc_write(&write, dir, &err);
}

TEST(contents_of_users_are_compared_with_what_was_read)
{
	CHECK_EQ(write_long(NULL), 0);
	CHECK_EQ(stat_of("a").st_size, 100);
	CHECK_EQ(write_long("another"), -ESTALE);
	CHECK(strstr(err.msg, "/etc/a"));
}
