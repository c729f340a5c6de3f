/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/transform.h"

#include <string.h>

#include "tree/selinux/relabel.h"
#include "tree/transform.h"

static int find_dir(const struct cfs_tree *tree, const char *name,
		    struct cfs_node **ret, struct cfs_err *err)
{
	int r = cfs_transform_dir(tree, name, ret, err);

	return r == -ENOENT
		       ? cfs_fail(
				 err, ENOENT,
				 "there is no /%s: an image to boot needs the "
				 "directories /usr, /boot and /sysroot; add it "
				 "where the tree is made",
				 name)
		       : r;
}

/*
 * A kernel image in /boot can hold the digest of the image as an argument, and
 * cannot be part of what it is the digest of; /boot and /sysroot are mounted
 * over in the booted system.  The image has empty ones, as old as /usr.
 */
static int empty_for_boot(struct cfs_tree *tree, const char *name,
			  const struct cfs_node *usr, struct cfs_err *err)
{
	struct cfs_node *dir;
	int r = find_dir(tree, name, &dir, err);

	if (r < 0)
		return r;
	dir->mtime_sec = usr->mtime_sec;
	dir->mtime_nsec = usr->mtime_nsec;
	cfs_node_clear(tree, dir);
	return 0;
}

int cfs_transform_boot(struct cfs_tree *tree, const struct cfs_content *content,
		       struct cfs_err *err)
{
	struct cfs_node *usr;
	int r = find_dir(tree, "usr", &usr, err);

	if (r < 0)
		return r;
	r = empty_for_boot(tree, "boot", usr, err);
	if (r < 0)
		return r;
	r = empty_for_boot(tree, "sysroot", usr, err);
	if (r < 0)
		return r;
	/* Labels come last, since they are those of the tree as it boots. */
	r = cfs_tree_finish(tree, err);
	return r < 0 ? r : cfs_tree_relabel(tree, content, err);
}

int cfs_transform_mountpoints(struct cfs_tree *tree, struct cfs_err *err)
{
	static const char *const names[] = { "boot", "dev", "etc",     "proc",
					     "run",  "sys", "sysroot", "var" };
	const struct cfs_node *usr = cfs_node_child(tree->root, "usr");

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++) {
		const struct cfs_bytes name = { (const uint8_t *)names[i],
						strlen(names[i]) };
		struct cfs_node *dir;

		/* An existing entry is kept even if it is not a directory,
		 * since that may be intended. */
		if (cfs_node_child(tree->root, names[i]))
			continue;
		if (cfs_node_add(tree, tree->root, name, S_IFDIR | 0755, &dir,
				 err) < 0)
			return -err->code;
		dir->mtime_sec = usr ? usr->mtime_sec : 0;
		dir->mtime_nsec = usr ? usr->mtime_nsec : 0;
	}
	return 0;
}
