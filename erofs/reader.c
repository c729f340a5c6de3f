/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/reader.h"

#include <string.h>

#include "erofs/prefix.h"
#include "erofs/read_tree.h"

/* The maximum number of names in an image; a real system has a few hundred
 * thousand. */
#define NAMES_MAX (1u << 24)

/* An inode that has been read. */
struct inode {
	uint64_t nid;
	struct cfs_node *node;
	const struct cfs_erofs_detail *detail; /* NULL: not wanted */
	uint32_t nlink;			       /* in the inode */
	uint32_t names;			       /* found so far */
	uint8_t file_type;
};

/* A directory whose entries have not been read yet. */
struct cfs_erofs_pending {
	struct cfs_node *node;
	struct cfs_erofs_stat st;
	uint64_t parent; /* nid */
	unsigned depth;
};

static uint64_t nid_hash(const void *entry)
{
	const struct inode *inode = entry;

	return cfs_table_hash(&inode->nid, sizeof(inode->nid), 0);
}

static bool same_nid(const void *entry, const void *key)
{
	const struct inode *inode = entry;

	return inode->nid == *(const uint64_t *)key;
}

static int add_inode(struct cfs_erofs_reading *rd,
		     const struct cfs_erofs_stat *st, struct cfs_node *node,
		     struct inode **ret, struct cfs_err *err)
{
	struct inode *inode;
	const void **slot;

	/* Before the slot is looked for: growing the table would move it. */
	if (!cfs_table_reserve(&rd->inodes))
		return cfs_no_memory(err);
	slot = cfs_table_slot(&rd->inodes, nid_hash(&st->nid), same_nid,
			      &st->nid);
	inode = cfs_arena_alloc(&rd->tree->arena, sizeof(*inode));
	if (!inode)
		return cfs_no_memory(err);
	*inode = (struct inode){
		.nid = st->nid,
		.node = node,
		.detail = rd->detail,
		.nlink = st->nlink,
		.names = 1,
		.file_type = cfs_erofs_file_type(st->mode),
	};
	cfs_table_fill(&rd->inodes, slot, inode);
	*ret = inode;
	return 0;
}

static struct inode *find_inode(const struct cfs_erofs_reading *rd,
				uint64_t nid)
{
	const struct inode key = { .nid = nid };
	struct inode *inode;

	/* A slot is a const void *, and a name that follows is counted in the
	 * inode. */
	memcpy(&inode,
	       cfs_table_slot(&rd->inodes, nid_hash(&key), same_nid, &nid),
	       sizeof(inode));
	return inode;
}

/* Returns the value of a name of two hex digits, or -1 for any other name. */
static int hex_value(const char *name)
{
	static const char digits[] = "0123456789abcdef";
	const char *hi = strchr(digits, name[0]);
	const char *lo = hi && name[0] ? strchr(digits, name[1]) : NULL;

	if (!lo || !name[1] || name[2])
		return -1;
	return (int)(hi - digits) << 4 | (int)(lo - digits);
}

/*
 * Returns 1 for a stub, which does not become part of the tree, and 0 for
 * anything but a whiteout.  Any other whiteout is an error: the writer escapes
 * them, so this one is meant to hide files from overlayfs.
 */
static int read_stub(struct cfs_erofs_reading *rd,
		     const struct cfs_erofs_stat *st, struct cfs_node *dir,
		     const char *name, struct cfs_err *err)
{
	struct cfs_node stub = { .parent = dir };
	const struct cfs_xattr *label =
		cfs_xattrs_get(dir->xattrs, "security.selinux");

	if (!S_ISCHR(st->mode) || st->u != 0 || !rd->image.rules->stubs)
		return 0;
	if (cfs_erofs_node_read(rd, st, &stub, err) < 0)
		return -err->code;
	if (dir->parent || hex_value(name) < 0 ||
	    st->mode != (S_IFCHR | 0644) || st->nlink != 1 ||
	    st->uid != dir->uid || st->gid != dir->gid ||
	    st->mtime_sec != dir->mtime_sec ||
	    st->mtime_nsec != dir->mtime_nsec ||
	    cfs_xattrs_get(stub.xattrs, "security.selinux") != label ||
	    (stub.xattrs ? stub.xattrs->n : 0) != (label ? 1 : 0))
		return cfs_fail(err, EBADMSG, "a whiteout that hides files");
	rd->stubs++;
	return 1;
}

static int add_name(struct cfs_erofs_reading *rd, struct inode *inode,
		    struct cfs_node *dir,
		    const struct cfs_erofs_entry_read *entry,
		    struct cfs_err *err)
{
	struct cfs_node *node;

	/* A directory with two names could contain itself. */
	if (S_ISDIR(inode->node->mode))
		return cfs_fail(err, EBADMSG,
				"directory has more than one name");
	if (!rd->image.rules->escapes_whiteouts &&
	    cfs_node_is_whiteout(inode->node))
		return cfs_fail(err, EBADMSG,
				"whiteout has more than one name");
	/* readdir(3) reports the type in the entry, stat(2) that of the
	 * inode. */
	if (entry->file_type != inode->file_type)
		return cfs_fail(err, EBADMSG,
				"wrong file type in the directory entry");
	if (cfs_node_add(rd->tree, dir, entry->name, inode->node->mode, &node,
			 err) < 0)
		return cfs_erofs_bad(err);
	cfs_node_set_link(node, inode->node);
	inode->names++;
	return 0;
}

static int add_inode_and_name(struct cfs_erofs_reading *rd,
			      const struct cfs_erofs_pending *dir,
			      const struct cfs_erofs_entry_read *entry,
			      struct cfs_err *err)
{
	struct cfs_erofs_pending below = { .parent = dir->st.nid,
					   .depth = dir->depth + 1 };
	char name[CFS_NAME_MAX + 1];
	struct inode *inode;
	int r;

	memcpy(name, entry->name.data, entry->name.len);
	name[entry->name.len] = '\0';
	if (cfs_erofs_inode_read(&rd->image, entry->nid, &below.st, err) < 0)
		return -err->code;
	if (entry->file_type != cfs_erofs_file_type(below.st.mode))
		return cfs_fail(err, EBADMSG,
				"wrong file type in the directory entry");
	r = read_stub(rd, &below.st, dir->node, name, err);
	if (r != 0)
		return r < 0 ? r : 0;
	if (cfs_node_add(rd->tree, dir->node, entry->name, below.st.mode,
			 &below.node, err) < 0)
		return cfs_erofs_bad(err);
	if (cfs_erofs_node_read(rd, &below.st, below.node, err) < 0 ||
	    add_inode(rd, &below.st, below.node, &inode, err) < 0)
		return -err->code;
	if (!S_ISDIR(below.st.mode))
		return 0;
	if (below.depth > CFS_DEPTH_MAX)
		return cfs_fail(err, EBADMSG, "over %d levels deep",
				CFS_DEPTH_MAX);
	return cfs_vec_add(&rd->dirs, below) ? 0 : cfs_no_memory(err);
}

static bool is_name(const struct cfs_erofs_entry_read *entry, const char *name)
{
	return entry->name.len == strlen(name) &&
	       memcmp(entry->name.data, name, entry->name.len) == 0;
}

static int read_entry(struct cfs_erofs_reading *rd,
		      const struct cfs_erofs_pending *dir,
		      const struct cfs_erofs_entry_read *entry, unsigned *dots,
		      struct cfs_err *err)
{
	bool self = is_name(entry, "."), parent = is_name(entry, "..");
	struct inode *inode;

	/* They are not part of the tree, but the kernel goes where they
	 * lead. */
	if (self || parent) {
		if (entry->nid != (self ? dir->st.nid : dir->parent) ||
		    entry->file_type != CFS_EROFS_FT_DIR)
			return cfs_fail(err, EBADMSG, "it leads elsewhere");
		++*dots;
		return 0;
	}
	if (rd->tree->nodes >= NAMES_MAX)
		return cfs_fail(err, EBADMSG, "over %u names", NAMES_MAX);
	/* A file of the tree hides a directory of objects as well as a stub. */
	if (!dir->node->parent && entry->name.len == 2) {
		const char name[3] = { (char)entry->name.data[0],
				       (char)entry->name.data[1] };

		if (hex_value(name) >= 0)
			rd->hex_names[hex_value(name)] = true;
	}
	inode = find_inode(rd, entry->nid);
	if (inode)
		return add_name(rd, inode, dir->node, entry, err);
	return add_inode_and_name(rd, dir, entry, err);
}

/* Prefixes @err with a name of the image, in which everything but printable
 * ASCII is replaced. */
static int name_fault(struct cfs_bytes name, struct cfs_err *err)
{
	char text[CFS_NAME_MAX + 1];
	size_t len = name.len < CFS_NAME_MAX ? name.len : CFS_NAME_MAX;

	for (size_t i = 0; i < len; i++)
		text[i] = name.data[i] > 0x20 && name.data[i] < 0x7f
				  ? (char)name.data[i]
				  : '?';
	text[len] = '\0';
	return cfs_ctx(err, "%s", text);
}

static int read_dir(struct cfs_erofs_reading *rd,
		    const struct cfs_erofs_pending *dir, struct cfs_err *err)
{
	struct cfs_erofs_entry_read entry = { 0 };
	struct cfs_erofs_dir_read it;
	unsigned dots = 0;
	int r;

	cfs_erofs_dir_open(&it, &dir->st);
	while ((r = cfs_erofs_dir_read(&it, &entry, err)) > 0) {
		if (read_entry(rd, dir, &entry, &dots, err) < 0)
			return name_fault(entry.name, err);
	}
	if (r < 0)
		return r;
	/* Names are sorted and none occurs twice, so that these are both. */
	return dots == 2 ? 0
			 : cfs_fail(err, EBADMSG, "directory lacks . or ..");
}

/* Reads all directories breadth first, without recursion. */
static int read_dirs(struct cfs_erofs_reading *rd, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];
	struct cfs_erofs_pending dir;

	for (size_t i = 0; i < rd->dirs.n; i++) {
		/* A copy: reading appends to the queue, which may move. */
		dir = rd->dirs.v[i];
		if (read_dir(rd, &dir, err) < 0)
			return cfs_ctx(err, "%s",
				       cfs_node_name(dir.node, name));
	}
	return 0;
}

static int read_root(struct cfs_erofs_reading *rd, struct cfs_err *err)
{
	struct cfs_node *root = rd->tree->root;
	struct cfs_erofs_pending dir = { .node = root,
					 .parent = rd->image.root_nid };
	struct inode *inode;

	if (cfs_erofs_inode_read(&rd->image, rd->image.root_nid, &dir.st, err) <
	    0)
		return -err->code;
	if (!S_ISDIR(dir.st.mode))
		return cfs_fail(err, EBADMSG, "/ is not a directory");
	if (cfs_erofs_node_read(rd, &dir.st, root, err) < 0 ||
	    add_inode(rd, &dir.st, root, &inode, err) < 0)
		return cfs_ctx(err, "/");
	return cfs_vec_add(&rd->dirs, dir) ? 0 : cfs_no_memory(err);
}

static int check_whole(const struct cfs_erofs_reading *rd, struct cfs_err *err)
{
	/* An inode that no name leads to could hold anything. */
	if (rd->inodes.used + rd->stubs != rd->image.inos)
		return cfs_fail(err, EBADMSG,
				"%zu inodes, but the superblock says %llu",
				rd->inodes.used + (size_t)rd->stubs,
				(unsigned long long)rd->image.inos);
	for (unsigned i = 0; i < 256 && rd->image.rules->stubs; i++) {
		if (!rd->hex_names[i])
			return cfs_fail(err, EBADMSG,
					"the stub /%02x, which hides a "
					"directory of objects, is missing",
					i);
	}
	return 0;
}

/* Compares link counts with the number of names, which was counted when the
 * tree was finished. */
static int check_links(const struct cfs_erofs_reading *rd, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];

	for (size_t i = 0; i <= rd->inodes.mask; i++) {
		const struct inode *inode = rd->inodes.slots[i];
		struct cfs_node *node;

		if (!inode)
			continue;
		node = cfs_node_inode(inode->node);
		/* composefs' C programs write the count of the dumpfile, right
		 * or wrong, and show it. */
		if (rd->info && !S_ISDIR(node->mode) &&
		    (rd->image.rules->escapes_whiteouts ||
		     !cfs_node_is_whiteout(node)))
			node->nlink = inode->nlink;
		else if (node->nlink != inode->nlink)
			return cfs_fail(
				err, EBADMSG,
				"%s: link count is %u, but %u were found",
				cfs_node_name(node, name), inode->nlink,
				node->nlink);
	}
	return 0;
}

static void reading_free(struct cfs_erofs_reading *rd)
{
	cfs_erofs_image_close(&rd->image);
	cfs_tree_free(rd->tree);
	cfs_table_free(&rd->inodes);
	cfs_table_free(&rd->memo.table);
	cfs_vec_free(&rd->attrs.list);
	cfs_buf_free(&rd->content);
	cfs_vec_free(&rd->dirs);
}

/* Makes room for all inodes at once, of which there are no more than the image
 * has slots, whatever the superblock says. */
static int reserve_inodes(struct cfs_erofs_reading *rd, struct cfs_err *err)
{
	uint64_t n = rd->image.bytes.len / CFS_EROFS_SLOT;

	if (n > rd->image.inos)
		n = rd->image.inos;
	return cfs_table_reserve_many(&rd->inodes, (size_t)n)
		       ? 0
		       : cfs_no_memory(err);
}

static int read_image(struct cfs_erofs_reading *rd, struct cfs_bytes image,
		      struct cfs_err *err)
{
	rd->inodes.hash_of = nid_hash;
	cfs_erofs_memo_init(&rd->memo);
	if (cfs_tree_new(&rd->tree, err) < 0 ||
	    cfs_erofs_image_open(&rd->image, image, err) < 0 ||
	    reserve_inodes(rd, err) < 0)
		return -err->code;
	if (read_root(rd, err) < 0 || read_dirs(rd, err) < 0 ||
	    check_whole(rd, err) < 0)
		return -err->code;
	if (cfs_tree_finish(rd->tree, err) < 0)
		return cfs_erofs_bad(err);
	return check_links(rd, err) < 0 ? -err->code
					: cfs_erofs_unmark(rd, err);
}

/* Puts the details in the order of the finished tree, by which callers know its
 * inodes; they were read breadth first. */
static int gather_details(const struct cfs_erofs_reading *rd,
			  const struct cfs_erofs_detail ***ret,
			  struct cfs_err *err)
{
	const struct cfs_erofs_detail **list = cfs_arena_alloc(
		&rd->tree->arena, rd->tree->nodes * sizeof(const void *));

	if (!list)
		return cfs_no_memory(err);
	for (uint32_t i = 0; i < rd->tree->nodes; i++)
		list[i] = NULL;
	for (size_t i = 0; i <= rd->inodes.mask; i++) {
		const struct inode *inode = rd->inodes.slots[i];

		if (inode)
			list[cfs_node_inode(inode->node)->seq] = inode->detail;
	}
	*ret = list;
	return 0;
}

int cfs_erofs_read(struct cfs_bytes image, unsigned flags,
		   struct cfs_tree **ret, unsigned *ret_version,
		   struct cfs_err *err)
{
	__attribute__((cleanup(reading_free))) struct cfs_erofs_reading rd = {
		.info = flags & CFS_EROFS_READ_INFO,
	};

	if (read_image(&rd, image, err) < 0)
		return cfs_ctx(err, "image");
	if (ret_version)
		*ret_version = rd.image.rules->version;
	*ret = cfs_steal_ptr(&rd.tree);
	return 0;
}

int cfs_erofs_read_details(struct cfs_bytes image, struct cfs_tree **ret,
			   unsigned *ret_version,
			   const struct cfs_erofs_detail ***ret_details,
			   struct cfs_err *err)
{
	__attribute__((cleanup(reading_free))) struct cfs_erofs_reading rd = {
		.info = true,
		.details = true,
	};

	if (read_image(&rd, image, err) < 0 ||
	    gather_details(&rd, ret_details, err) < 0)
		return cfs_ctx(err, "image");
	*ret_version = rd.image.rules->version;
	*ret = cfs_steal_ptr(&rd.tree);
	return 0;
}

/* Sets *@ret to the digest of which @path is the object path.  Returns false if
 * it is not an object path. */
static bool object_of_path(const char *path, struct cfs_digest *ret)
{
	size_t len = path ? strlen(path) : 0;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_err ignored;

	if (len < 4 || len - 1 >= sizeof(hex) || path[2] != '/')
		return false;
	memcpy(hex, path, 2);
	memcpy(hex + 2, path + 3, len - 3);
	return cfs_digest_from_hex(hex, len - 1, ret, &ignored) == 0;
}

/* Tells @found of the object that @node needs. @alg: all have to be of it, or 0
 * if other backing files are fine, too. */
static int report(const struct cfs_tree *tree, const struct cfs_node *node,
		  enum cfs_alg alg,
		  int (*found)(void *ctx, const struct cfs_digest *digest,
			       struct cfs_err *err),
		  void *ctx, struct cfs_err *err)
{
	struct cfs_digest digest;
	const char *path = node->flags & CFS_NODE_OBJECT ? NULL
							 : node->file.data;
	bool has_digest = cfs_node_digest(tree, node, &digest);
	bool is_object = !has_digest && object_of_path(path, &digest);

	/* overlayfs follows the path, whatever the digest is. */
	if (alg && path && !is_object)
		return cfs_fail(err, EBADMSG,
				"its backing path is not an object path");
	if (!has_digest && !is_object)
		return 0;
	if (alg && digest.alg != alg)
		return cfs_fail(err, EBADMSG, "its object is of %s, not %s",
				cfs_alg_name(digest.alg), cfs_alg_name(alg));
	return found(ctx, &digest, err);
}

int cfs_erofs_objects(struct cfs_bytes image, enum cfs_alg alg,
		      int (*found)(void *ctx, const struct cfs_digest *digest,
				   struct cfs_err *err),
		      void *ctx, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	char name[CFS_NODE_NAME_MAX];
	int r = cfs_erofs_read(image, 0, &tree, NULL, err);

	for (struct cfs_node *n = r < 0 ? NULL : tree->root; n && r == 0;
	     n = cfs_node_walk(tree->root, n)) {
		if (!cfs_node_is_external(n))
			continue;
		r = report(tree, n, alg, found, ctx, err);
		if (r < 0)
			cfs_ctx(err, "image: %s", cfs_node_name(n, name));
	}
	return r;
}
