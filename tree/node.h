/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A file system tree in memory: what dumpfiles, directories, layers and
 * images are read into and written from.
 *
 * The tree owns its nodes and every string in one arena; nothing is freed
 * singly.  Build it with the functions below, then call cfs_tree_finish()
 * once: before that children are in no order and link counts are not set.
 *
 * Source: the input model of composefs, libcomposefs/lcfs-writer.h and
 * composefs-rs crates/composefs/src/tree.rs.
 */
#ifndef CFS_TREE_NODE_H
#define CFS_TREE_NODE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/own.h"
#include "fsverity/digest.h"
#include "tree/arena.h"
#include "tree/table.h"
#include "tree/xattr.h"

/* Source: linux/limits.h NAME_MAX; PATH_MAX without its NUL. */
#define CFS_NAME_MAX   255
#define CFS_TARGET_MAX 4095
/* Longest content of a file that lives in the image itself, as composefs
 * takes it.  Files read from a disk or a layer are inline up to 64 bytes. */
#define CFS_INLINE_MAX	     5000
#define CFS_INLINE_FROM_DISK 64
#define CFS_NODES_MAX	     (1u << 30)
/*
 * Levels of directories below the root, for everything that reads or writes a
 * tree.  No path of PATH_MAX bytes names half as many; composefs' C knows no
 * limit, and composefs-rs reads images of 2047.
 */
#define CFS_DEPTH_MAX 4095

enum cfs_node_flags {
	/* Another name of the inode @link; only parent, name and the type in
	 * mode count. */
	CFS_NODE_LINK = 1,
	/* Regular file whose content is file.data, size bytes. */
	CFS_NODE_INLINE = 2,
	/* Regular file whose backing path is the object path of its digest:
	 * file.data is NULL, cfs_node_backing() makes it. */
	CFS_NODE_OBJECT = 4,
	/* Directory whose children may not be in order. */
	CFS_NODE_UNSORTED = 8,
	/* Removed; cfs_tree_finish() takes it out of its directory. */
	CFS_NODE_GONE = 16,
	/* Private mark of the tree room. */
	CFS_NODE_SEEN = 32,
	/* Directory that exists only because something is in it; private to
	 * tree/tar/merge.c, and of no finished tree. */
	CFS_NODE_IMPLICIT = 64,
};

struct cfs_node {
	struct cfs_node *parent; /* NULL: the root */
	struct cfs_node *next;	 /* sibling; in name order when finished */
	union {			 /* by type; see flags */
		struct {
			struct cfs_node *first, *last;
		} dir;
		/*
		 * Regular files and symlinks.  data: content, backing path or
		 * target (strings NUL-terminated), or NULL; digest: of the
		 * tree's alg, or NULL.
		 */
		struct {
			const void *data;
			const uint8_t *digest;
		} file;
		struct cfs_node *link; /* never itself a CFS_NODE_LINK */
	};
	const struct cfs_xattrs *xattrs; /* NULL: none */
	uint64_t size;
	int64_t mtime_sec;
	uint32_t mtime_nsec;
	uint32_t mode; /* with the type, S_IFMT */
	uint32_t nlink;
	uint32_t uid, gid;
	uint32_t rdev; /* Linux encoding, as glibc's makedev */
	uint32_t seq;  /* unique, below the tree's nodes */
	uint8_t flags;
	uint8_t name_len;
	char name[]; /* NUL-terminated; "" for the root */
};

struct cfs_tree {
	struct cfs_node *root;
	enum cfs_alg alg;  /* of all digests; 0 while there are none */
	uint32_t nodes;	   /* ever made */
	bool has_whiteout; /* when finished */
	struct cfs_arena arena;
	struct cfs_xattr_store xattrs;
	struct cfs_table index; /* (directory, name), made when asked for */
	/* Inline files that became objects; the latest first. */
	const struct cfs_small_object *small; /* tree/small_objects.h */
};

/* A tree of a root directory: mode 0755, all else zero.  Errors: -ENOMEM. */
int cfs_tree_new(struct cfs_tree **ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_tree_free(struct cfs_tree *tree);
CFS_DEFINE_AUTO(struct cfs_tree, cfs_tree_free);

/* Is the type in @mode one of the seven there are? */
bool cfs_mode_is_known(uint32_t mode);

/*
 * Adds a node of @mode (with its type) to directory @dir; all else is zero.
 * Whether the name is taken already is found out by cfs_tree_finish(), or
 * by asking cfs_node_find() before.
 * Errors: -EINVAL (no name, "." or "..", a slash or NUL in it, unknown type),
 * -ENAMETOOLONG, -ENFILE (over CFS_NODES_MAX), -ENOMEM.
 */
int cfs_node_add(struct cfs_tree *tree, struct cfs_node *dir,
		 struct cfs_bytes name, uint32_t mode, struct cfs_node **ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Makes the empty leaf @node another name of @inode, which is no directory.
 * @inode may be a link itself. */
void cfs_node_set_link(struct cfs_node *node,
		       struct cfs_node *inode) CFS_NONNULL;

/* Makes the leaf @node, a link or new, an inode of its own that is like
 * @inode, which is no link.  nlink is for cfs_tree_finish(). */
void cfs_node_copy_inode(struct cfs_node *node,
			 const struct cfs_node *inode) CFS_NONNULL;

/* Symlink target; sets the size.
 * Errors: -EINVAL (empty, NUL), -ENAMETOOLONG, -ENOMEM. */
int cfs_node_set_target(struct cfs_tree *tree, struct cfs_node *node,
			struct cfs_bytes target,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Content of a regular file, kept in the image; sets the size.
 * Errors: -EFBIG over CFS_INLINE_MAX, -ENOMEM. */
int cfs_node_set_content(struct cfs_tree *tree, struct cfs_node *node,
			 struct cfs_bytes content,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Says that regular file @node of @size > 0 bytes is the object @digest.
 * Errors: -EINVAL when the tree's digests are of the other algorithm,
 * -ENOMEM. */
int cfs_node_set_object(struct cfs_tree *tree, struct cfs_node *node,
			uint64_t size, const struct cfs_digest *digest,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The same when the digest, of @alg, comes later: *@ret is where its bytes are
 * to be written.  Errors: as above.
 */
int cfs_node_reserve_object(struct cfs_tree *tree, struct cfs_node *node,
			    uint64_t size, enum cfs_alg alg, uint8_t **ret,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The general case, for images of composefs' C tools: regular file @node of
 * @size > 0 bytes with the backing path @path (empty: none) and the digest
 * @digest (NULL: not known).
 * Errors: as above, and -ENAMETOOLONG over CFS_TARGET_MAX.
 */
int cfs_node_set_backing(struct cfs_tree *tree, struct cfs_node *node,
			 uint64_t size, struct cfs_bytes path,
			 const struct cfs_digest *digest,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 6)));

/* Takes @node, with all below it, out of the tree.  Other names of the inodes
 * concerned keep them.  Never the root. */
void cfs_node_remove(struct cfs_tree *tree, struct cfs_node *node) CFS_NONNULL;

/* Removes everything below directory @dir. */
void cfs_node_clear(struct cfs_tree *tree, struct cfs_node *dir) CFS_NONNULL;

/* Takes removed nodes out of the list of children of @dir, which keeps them
 * otherwise until the tree is sorted. */
void cfs_node_prune(struct cfs_node *dir) CFS_NONNULL;

/* Looks for @name in directory @dir.  The first call indexes the tree.
 * Returns 1 with *@ret, or 0.  Errors: -ENOMEM. */
int cfs_node_find(struct cfs_tree *tree, const struct cfs_node *dir,
		  struct cfs_bytes name, struct cfs_node **ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns the child of directory @dir whose name is @name, or NULL, after
 * looking at one child after the other.  Needs no index: for a few names. */
struct cfs_node *cfs_node_child(const struct cfs_node *dir,
				const char *name) CFS_NONNULL;

/*
 * Follows @path from the root; slashes separate names, empty ones do not
 * count, symlinks are not followed.
 * Returns 1 with *@ret (perhaps a CFS_NODE_LINK), or 0.  Errors: -ENOMEM.
 */
int cfs_tree_lookup(struct cfs_tree *tree, const char *path,
		    struct cfs_node **ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Puts children in order, takes removed ones out, makes every link point to
 * its inode directly, and counts nlink of directories (2 + subdirectories).
 * Errors: -EEXIST for a name that occurs twice.
 */
int cfs_tree_sort(struct cfs_tree *tree,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * cfs_tree_sort(), then makes the first name of every inode in depth-first
 * order the one that is no link, and nlink of leaves the number of their
 * names.
 * Errors: -EEXIST, -ELOOP for a directory beyond CFS_DEPTH_MAX.
 */
int cfs_tree_finish(struct cfs_tree *tree,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The next node in depth-first order, parents first, below and with @top;
 * start with @at == NULL.  Returns NULL at the end. */
struct cfs_node *cfs_node_walk(struct cfs_node *top, struct cfs_node *at)
	__attribute__((nonnull(1)));

/* The inode that a name stands for. */
static inline struct cfs_node *cfs_node_inode(struct cfs_node *node)
{
	return node->flags & CFS_NODE_LINK ? node->link : node;
}

static inline bool cfs_node_is_dir(const struct cfs_node *node)
{
	return S_ISDIR(node->mode);
}

/* The content of a file that is CFS_NODE_INLINE, or the target of a symlink:
 * both are in memory, which is more than their 64-bit size says. */
static inline struct cfs_bytes cfs_node_bytes(const struct cfs_node *node)
{
	return (struct cfs_bytes){ node->file.data, (size_t)node->size };
}

/* Regular file whose bytes are elsewhere. */
static inline bool cfs_node_is_external(const struct cfs_node *node)
{
	return S_ISREG(node->mode) && node->size > 0 &&
	       !(node->flags & (CFS_NODE_INLINE | CFS_NODE_LINK));
}

/* A character device 0:0 says "deleted" to overlayfs. */
static inline bool cfs_node_is_whiteout(const struct cfs_node *node)
{
	return S_ISCHR(node->mode) && node->rdev == 0 &&
	       !(node->flags & CFS_NODE_LINK);
}

/* Is @node a directory that has a whiteout directly in it? */
bool cfs_node_holds_whiteout(const struct cfs_node *node) CFS_NONNULL;

/* Does @node (no link) have a digest?  If so it is copied to @ret. */
bool cfs_node_digest(const struct cfs_tree *tree, const struct cfs_node *node,
		     struct cfs_digest *ret) CFS_NONNULL;

/*
 * The backing path of an external file: NULL when it has none; else a string
 * of the tree, or made in @buf.
 */
const char *cfs_node_backing(const struct cfs_tree *tree,
			     const struct cfs_node *node,
			     char buf[static CFS_OBJECT_PATH_MAX]) CFS_NONNULL;

/* Appends the path of @node, "/" for the root, as its bytes are. */
void cfs_node_path(const struct cfs_node *node,
		   struct cfs_buf *buf) CFS_NONNULL;

/*
 * The path for messages: in @buf, NUL-terminated, unprintable bytes as '?',
 * a long one cut in front.  Returns @buf.
 */
#define CFS_NODE_NAME_MAX 400
const char *cfs_node_name(const struct cfs_node *node,
			  char buf[static CFS_NODE_NAME_MAX]) CFS_NONNULL;

#endif
