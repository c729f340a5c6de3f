/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How a directory is read: depth first, by descriptors alone.  Every name is
 * opened relative to the directory it was read from and never followed, so that
 * renames and symlinks made meanwhile cannot lead the scan elsewhere.  Types,
 * inode numbers and times are compared before and after; a tree that changes
 * under the scan is refused, since the image would be of no state that ever
 * existed.
 */
#include "tree/scan.h"

#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/io.h"
#include "base/vec.h"

/* Directories above the one being read that stay open; those further up are
 * opened again on the way back. */
#define OPEN_MAX_DIRS 128

/* Source: linux/limits.h, XATTR_LIST_MAX and XATTR_SIZE_MAX. */
#define XATTR_ROOM 65536

/* Tried first: the kernel allocates and clears as much as it is offered. */
#define XATTR_FIRST 512

#define ENTRIES_ROOM 65536

#define LEAF_FLAGS (O_NOFOLLOW | O_CLOEXEC)

/* An inode that may come by another name. */
struct seen {
	dev_t dev;
	ino_t ino;
	struct cfs_node *node;
};

struct scanner {
	const struct cfs_scan *scan;
	struct cfs_tree *tree;
	struct cfs_table seen;
	CFS_VEC(const struct cfs_xattr *) pairs;
	size_t depth;
	struct level {
		int fd;
		dev_t dev;
		ino_t ino;
	} levels[CFS_DEPTH_MAX + 1];
	char names[XATTR_ROOM];
	uint8_t value[XATTR_ROOM];
	_Alignas(struct dirent64) char entries[ENTRIES_ROOM];
};

static uint64_t seen_hash(const void *entry)
{
	const struct seen *seen = entry;

	return cfs_table_hash(&seen->ino, sizeof(seen->ino), seen->dev);
}

static bool same_inode(const void *entry, const void *key)
{
	const struct seen *a = entry, *b = key;

	return a->ino == b->ino && a->dev == b->dev;
}

static int changed(struct cfs_err *err)
{
	return cfs_fail(err, ESTALE, "changed while it was read");
}

static void fill(const struct scanner *sc, struct cfs_node *node,
		 const struct stat *st)
{
	node->mode = st->st_mode & (S_IFMT | 07777);
	node->uid = st->st_uid;
	node->gid = st->st_gid;
	if (sc->scan->flags & CFS_SCAN_EPOCH)
		return;
	node->mtime_sec = st->st_mtim.tv_sec;
	node->mtime_nsec = (uint32_t)st->st_mtim.tv_nsec;
}

/* What xattr calls are made with: the descriptor, or its name in /proc if it
 * was opened with O_PATH, which fgetxattr() and flistxattr() refuse. */
struct handle {
	int fd;
	bool only_path;
	char path[CFS_FD_PATH_MAX];
};

static struct handle handle_of(int fd, bool only_path)
{
	struct handle h = { .fd = fd, .only_path = only_path };

	if (only_path)
		cfs_fd_path(fd, h.path);
	return h;
}

static ssize_t get_value(struct scanner *sc, const struct handle *h,
			 const char *name, size_t room)
{
	return h->only_path ? getxattr(h->path, name, sc->value, room)
			    : fgetxattr(h->fd, name, sc->value, room);
}

static ssize_t get_names(struct scanner *sc, const struct handle *h,
			 size_t room)
{
	return h->only_path ? listxattr(h->path, sc->names, room)
			    : flistxattr(h->fd, sc->names, room);
}

static int read_xattr(struct scanner *sc, const struct handle *h,
		      const char *name, struct cfs_err *err)
{
	const struct cfs_xattr *x;
	struct cfs_bytes key = { (const uint8_t *)name, strlen(name) };
	struct cfs_bytes value = { sc->value, 0 };
	ssize_t n = get_value(sc, h, name, XATTR_FIRST);

	if (n < 0 && errno == ERANGE)
		n = get_value(sc, h, name, sizeof(sc->value));
	/* The name was listed a moment ago. */
	if (n < 0 && errno == ENODATA)
		return changed(err);
	if (n < 0)
		return cfs_fail_errno(err, "read xattr %s", name);
	value.len = (size_t)n;
	if (cfs_xattr_add(&sc->tree->xattrs, key, value, &x, err) < 0)
		return -err->code;
	return cfs_vec_add(&sc->pairs, x) ? 0 : cfs_no_memory(err);
}

static int read_xattrs(struct scanner *sc, const struct handle *h,
		       struct cfs_node *node, struct cfs_err *err)
{
	bool user_only = sc->scan->flags & CFS_SCAN_USER_XATTRS;
	ssize_t n;

	if (sc->scan->flags & CFS_SCAN_NO_XATTRS)
		return 0;
	n = get_names(sc, h, XATTR_FIRST);
	if (n < 0 && errno == ERANGE)
		n = get_names(sc, h, sizeof(sc->names));
	/* Files of a file system without xattrs have none. */
	if (n == 0 || (n < 0 && errno == EOPNOTSUPP))
		return 0;
	if (n < 0)
		return cfs_fail_errno(err, "list xattrs");
	sc->pairs.n = 0;
	for (const char *name = sc->names; name < sc->names + n;
	     name += strlen(name) + 1) {
		int r;

		if (user_only && strncmp(name, "user.", 5) != 0)
			continue;
		r = read_xattr(sc, h, name, err);
		if (r < 0)
			return r;
	}
	return cfs_xattrs_add(&sc->tree->xattrs, sc->pairs.v, sc->pairs.n,
			      &node->xattrs, err);
}

/* Is @node another name of an inode that is in the tree already? */
static int find_inode(struct scanner *sc, struct cfs_node *node,
		      const struct stat *st, struct cfs_err *err)
{
	struct seen key = { .dev = st->st_dev, .ino = st->st_ino };
	const struct seen *known;
	struct seen *added;
	const void **slot;

	/* Overlayfs gives all whiteouts of a file system names of one inode; in
	 * an image each is an inode of its own. */
	if (st->st_nlink < 2 || (S_ISCHR(st->st_mode) && st->st_rdev == 0))
		return 0;
	if (!cfs_table_reserve(&sc->seen))
		return cfs_no_memory(err);
	slot = cfs_table_slot(&sc->seen, seen_hash(&key), same_inode, &key);
	if (*slot) {
		known = *slot;
		node->mode = known->node->mode;
		if (sc->scan->flags & CFS_SCAN_NO_HARDLINKS)
			cfs_node_copy_inode(node, known->node);
		else
			cfs_node_set_link(node, known->node);
		return 1;
	}
	added = cfs_arena_alloc(&sc->tree->arena, sizeof(*added));
	if (!added)
		return cfs_no_memory(err);
	*added = key;
	added->node = node;
	cfs_table_fill(&sc->seen, slot, added);
	return 0;
}

static int read_inline(struct scanner *sc, int fd, const struct stat *st,
		       struct cfs_node *node, struct cfs_err *err)
{
	uint8_t data[CFS_INLINE_FROM_DISK + 1];
	size_t size = (size_t)st->st_size, done = 0;
	ssize_t n;

	/* Normally a single read: asking for one byte too many reveals a file
	 * that grew, also one of no bytes, and a short read is continued. */
	do {
		n = read(fd, data + done, sizeof(data) - done);
		if (n > 0)
			done += (size_t)n;
	} while ((n > 0 && done < size) || (n < 0 && errno == EINTR));
	if (n < 0)
		return cfs_fail_errno(err, "read");
	if (done != size)
		return changed(err);
	return cfs_node_set_content(sc->tree, node,
				    (struct cfs_bytes){ data, done }, err);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The digester works ahead: its failure may be about an earlier file. */
static int blame(const struct scanner *sc, struct cfs_err *err)
{
	const struct cfs_node *node = cfs_digester_culprit(sc->scan->digester);
	char path[CFS_NODE_NAME_MAX];

	return node ? cfs_ctx(err, "%s", cfs_node_name(node, path))
		    : -err->code;
}

/* Is the content of a file kept in the tree? */
static bool is_inline(const struct scanner *sc, const struct stat *st)
{
	if (st->st_size == 0)
		return true;
	/* The kernel's IPE judges a program by its file's fs-verity digest,
	 * which content inside the image does not have. */
	if (sc->scan->flags & CFS_SCAN_EXEC_OBJECTS && st->st_mode & 0111)
		return false;
	return st->st_size <= CFS_INLINE_FROM_DISK;
}

static int read_regular(struct scanner *sc, int *fd, const struct stat *st,
			struct cfs_node *node, struct cfs_err *err)
{
	struct cfs_digester *d = sc->scan->digester;
	uint64_t size = (uint64_t)st->st_size;
	uint8_t *digest;
	int r;

	if (is_inline(sc, st))
		return read_inline(sc, *fd, st, node, err);
	r = cfs_node_reserve_object(sc->tree, node, size, cfs_digester_alg(d),
				    &digest, err);
	if (r < 0)
		return r;
	if (cfs_digester_add(d, fd, st, digest, node, err) < 0)
		return blame(sc, err);
	if (sc->scan->seen)
		sc->scan->seen(sc->scan->ctx, size);
	return 0;
}

static int read_symlink(struct scanner *sc, int fd, struct cfs_node *node,
			struct cfs_err *err)
{
	uint8_t target[CFS_TARGET_MAX + 1];
	ssize_t n = readlinkat(fd, "", (char *)target, sizeof(target));

	if (n < 0)
		return cfs_fail_errno(err, "read symlink");
	return cfs_node_set_target(
		sc->tree, node, (struct cfs_bytes){ target, (size_t)n }, err);
}

/* On entry, @node's mode holds the type that the directory reported. */
static int read_leaf(struct scanner *sc, int dirfd, struct cfs_node *node,
		     struct cfs_err *err)
{
	bool regular = S_ISREG(node->mode);
	CFS_AUTOFD int fd = -EBADF;
	struct handle h;
	struct stat st;
	int r;

	/*
	 * The name may be something else by now: opening a FIFO must not wait
	 * for a writer, and a terminal must not become our controlling one.
	 * Everything but a regular file is opened with O_PATH, since opening a
	 * device or a FIFO can have effects of its own.
	 */
	fd = openat(dirfd, node->name,
		    regular ? LEAF_FLAGS | O_RDONLY | O_NONBLOCK | O_NOCTTY
			    : LEAF_FLAGS | O_PATH);
	if (fd < 0)
		return cfs_fail_errno(err, "open");
	if (fstat(fd, &st) < 0)
		return cfs_fail_errno(err, "stat");
	if ((st.st_mode & S_IFMT) != (node->mode & S_IFMT))
		return changed(err);
	r = find_inode(sc, node, &st, err);
	if (r != 0)
		return r < 0 ? r : 0;
	fill(sc, node, &st);
	h = handle_of(fd, !regular);
	r = read_xattrs(sc, &h, node, err);
	if (r < 0)
		return r;
	if (regular)
		return read_regular(sc, &fd, &st, node, err);
	if (S_ISLNK(st.st_mode))
		return read_symlink(sc, fd, node, err);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		/* EROFS inodes hold 32 bits. */
		if (st.st_rdev > UINT32_MAX)
			return cfs_fail(err, EOVERFLOW,
					"device number over 32 bits");
		node->rdev = (uint32_t)st.st_rdev;
	}
	return 0;
}

/* The type bits of @entry, asking the file system when it did not say. */
static int type_of(int dirfd, const struct dirent64 *entry, uint32_t *ret,
		   struct cfs_err *err)
{
	struct stat st;

	*ret = DTTOIF(entry->d_type);
	if (entry->d_type != DT_UNKNOWN)
		return 0;
	if (fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return cfs_fail_errno(err, "stat %s", entry->d_name);
	*ret = st.st_mode & S_IFMT;
	return 0;
}

static int read_entry(struct scanner *sc, int dirfd, struct cfs_node *dir,
		      const struct dirent64 *entry, struct cfs_err *err)
{
	struct cfs_bytes name = { (const uint8_t *)entry->d_name,
				  strlen(entry->d_name) };
	char path[CFS_NODE_NAME_MAX];
	struct cfs_node *node;
	uint32_t type = 0;

	if (type_of(dirfd, entry, &type, err) < 0)
		return -err->code;
	if ((S_ISCHR(type) || S_ISBLK(type)) &&
	    sc->scan->flags & CFS_SCAN_NO_DEVICES)
		return 0;
	if (cfs_node_add(sc->tree, dir, name, type, &node, err) < 0)
		return -err->code;
	if (S_ISDIR(type)) /* its turn comes when this one is read */
		return 0;
	if (read_leaf(sc, dirfd, node, err) == 0)
		return 0;
	/* A path in front means that the digester named an earlier file. */
	if (err->msg[0] != '/')
		return cfs_ctx(err, "%s", cfs_node_name(node, path));
	return -err->code;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' &&
	       (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static int read_entries(struct scanner *sc, int dirfd, struct cfs_node *node,
			struct cfs_err *err)
{
	ssize_t n;

	while ((n = getdents64(dirfd, sc->entries, sizeof(sc->entries))) > 0) {
		const struct dirent64 *entry;

		for (ssize_t at = 0; at < n; at += entry->d_reclen) {
			int r;

			entry = (const void *)(sc->entries + at);
			if (is_dots(entry->d_name))
				continue;
			r = read_entry(sc, dirfd, node, entry, err);
			if (r < 0)
				return r;
		}
	}
	return n < 0 ? cfs_fail_errno(err, "read directory") : 0;
}

/* Reads directory @node, open as the level of this depth. */
static int read_dir(struct scanner *sc, struct cfs_node *node,
		    struct cfs_err *err)
{
	struct level *level = &sc->levels[sc->depth];
	struct stat before, after;
	struct handle h;
	int r;

	if (fstat(level->fd, &before) < 0)
		return cfs_fail_errno(err, "stat");
	level->dev = before.st_dev;
	level->ino = before.st_ino;
	fill(sc, node, &before);
	h = handle_of(level->fd, false);
	r = read_xattrs(sc, &h, node, err);
	if (r < 0)
		return r;
	r = read_entries(sc, level->fd, node, err);
	if (r < 0)
		return r;
	/* Adding, removing or renaming an entry changes the directory's
	 * mtime. */
	if (fstat(level->fd, &after) < 0)
		return cfs_fail_errno(err, "stat");
	return same_file(&before, &after) ? 0 : changed(err);
}

static int enter(struct scanner *sc, struct cfs_node *node, struct cfs_err *err)
{
	int dirfd = sc->levels[sc->depth].fd, fd;

	if (sc->depth + 1 > CFS_DEPTH_MAX)
		return cfs_fail(err, ELOOP,
				"over %d directories within each other",
				CFS_DEPTH_MAX);
	fd = openat(dirfd, node->name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP
			       ? changed(err)
			       : cfs_fail_errno(err, "open");
	sc->depth++;
	sc->levels[sc->depth].fd = fd;
	if (sc->depth >= OPEN_MAX_DIRS)
		cfs_closep(&sc->levels[sc->depth - OPEN_MAX_DIRS].fd);
	return read_dir(sc, node, err);
}

/* Goes back to the directory above.  If its descriptor was closed, ".." leads
 * there, unless this directory was moved meanwhile. */
static int leave(struct scanner *sc, struct cfs_err *err)
{
	struct level *level = &sc->levels[sc->depth];
	struct level *above = level - 1;
	struct stat st;

	if (above->fd < 0) {
		above->fd = openat(level->fd, "..",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (above->fd < 0 || fstat(above->fd, &st) < 0)
			return cfs_fail_errno(err, "open the directory above");
		if (st.st_dev != above->dev || st.st_ino != above->ino)
			return changed(err);
	}
	cfs_closep(&level->fd);
	sc->depth--;
	return 0;
}

static struct cfs_node *next_dir(struct cfs_node *node)
{
	while (node && !S_ISDIR(node->mode))
		node = node->next;
	return node;
}

static int walk(struct scanner *sc, struct cfs_err *err)
{
	struct cfs_node *node = sc->tree->root, *next;
	char path[CFS_NODE_NAME_MAX];
	int r = read_dir(sc, node, err);

	while (r == 0) {
		next = next_dir(node->dir.first);
		while (!next && node->parent && r == 0) {
			next = next_dir(node->next);
			node = node->parent;
			r = leave(sc, err);
		}
		if (r < 0 || !next)
			break;
		node = next;
		r = enter(sc, node, err);
	}
	/* An error of a leaf starts with its path; the directory's is not
	 * added. */
	if (r < 0 && err->msg[0] != '/')
		return cfs_ctx(err, "%s", cfs_node_name(node, path));
	return r;
}

static void scanner_free(struct scanner **sc)
{
	if (!*sc)
		return;
	for (size_t i = 0; i <= (*sc)->depth; i++)
		cfs_closep(&(*sc)->levels[i].fd);
	cfs_tree_free((*sc)->tree);
	cfs_table_free(&(*sc)->seen);
	cfs_vec_free(&(*sc)->pairs);
	free(*sc);
}

static int scan_all(struct scanner *sc, struct cfs_err *err)
{
	int r = walk(sc, err);

	if (r == 0 && cfs_digester_finish(sc->scan->digester, err) < 0)
		r = blame(sc, err);
	return r == 0 ? cfs_tree_finish(sc->tree, err) : r;
}

int cfs_tree_scan(int dirfd, const struct cfs_scan *scan, struct cfs_tree **ret,
		  struct cfs_err *err)
{
	__attribute__((cleanup(scanner_free))) struct scanner *sc =
		calloc(1, sizeof(*sc));
	int r;

	if (!sc)
		return cfs_no_memory(err);
	sc->scan = scan;
	sc->seen.hash_of = seen_hash;
	/* The caller's descriptor may be O_PATH, which cannot be read from. */
	sc->levels[0].fd =
		openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sc->levels[0].fd < 0)
		return cfs_fail_errno(err, "open directory");
	if (cfs_tree_new(&sc->tree, err) < 0)
		return -err->code;
	r = scan_all(sc, err);
	if (r < 0) {
		/* The digester's threads write into the tree, freed on
		 * return. */
		cfs_digester_cancel(scan->digester);
		return r;
	}
	*ret = cfs_steal_ptr(&sc->tree);
	return 0;
}
