/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "fuse/server.h"
#include "tree/node.h"

/* An image never changes: the kernel may keep what it knows of it for as long
 * as it can count, in seconds. */
#define FOREVER 1e9

/* The buffer of a readdir request is a few pages; a larger one is not used. */
#define READDIR_MAX (1u << 20)

/* FUSE wants its own number for the root directory, which is the nid of no
 * inode: it would be inside the header. */
uint64_t cfs_fuse_nid(const struct cfs_fuse_server *server, fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? cfs_erofs_view_root(server->view) : ino;
}

static fuse_ino_t ino_of(const struct cfs_fuse_server *server, uint64_t nid)
{
	return nid == cfs_erofs_view_root(server->view) ? FUSE_ROOT_ID : nid;
}

int cfs_fuse_stat(fuse_req_t req, fuse_ino_t ino, struct cfs_erofs_stat *ret)
{
	const struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	struct cfs_err err = { 0 };
	int r = cfs_erofs_view_stat(server->view, cfs_fuse_nid(server, ino),
				    ret, &err);

	return cfs_fuse_is_lost(req) || r < 0 ? EIO : 0;
}

static struct stat attributes(const struct cfs_erofs_stat *st)
{
	uint64_t blocks =
		st->size / CFS_EROFS_BLOCK + (st->size % CFS_EROFS_BLOCK > 0);
	struct stat ret = {
		.st_ino = st->nid,
		.st_mode = st->mode,
		.st_nlink = st->nlink,
		.st_uid = st->uid,
		.st_gid = st->gid,
		.st_size = (off_t)st->size,
		.st_blksize = CFS_EROFS_BLOCK,
		.st_blocks = (blkcnt_t)(blocks * (CFS_EROFS_BLOCK / 512)),
		.st_mtim = { st->mtime_sec, st->mtime_nsec },
	};

	if (S_ISCHR(st->mode) || S_ISBLK(st->mode))
		ret.st_rdev = st->u;
	ret.st_atim = ret.st_ctim = ret.st_mtim;
	return ret;
}

static struct fuse_entry_param entry_of(const struct cfs_fuse_server *server,
					const struct cfs_erofs_stat *st)
{
	return (struct fuse_entry_param){
		.ino = ino_of(server, st->nid),
		.attr = attributes(st),
		.attr_timeout = FOREVER,
		.entry_timeout = FOREVER,
	};
}

static void init(void *userdata, struct fuse_conn_info *conn)
{
	struct cfs_fuse_server *server = userdata;

	/* Attributes come with names, always: no lookup is ever needed. */
	(void)fuse_set_feature_flag(conn, FUSE_CAP_READDIRPLUS);
	fuse_unset_feature_flag(conn, FUSE_CAP_READDIRPLUS_AUTO);
	(void)fuse_set_feature_flag(conn, FUSE_CAP_CACHE_SYMLINKS);
	(void)fuse_set_feature_flag(conn, FUSE_CAP_PARALLEL_DIROPS);
	(void)fuse_set_feature_flag(conn, FUSE_CAP_NO_OPENDIR_SUPPORT);
	(void)fuse_set_feature_flag(conn, FUSE_CAP_NO_OPEN_SUPPORT);
	/* In another namespace an ACL of a user without a number there would
	 * make its file inaccessible to all. */
	if (server->has_root && cfs_erofs_view_has_acls(server->view))
		(void)fuse_set_feature_flag(conn, FUSE_CAP_POSIX_ACL);
	if (server->params->mode <= CFS_FUSE_PASSTHROUGH &&
	    fuse_set_feature_flag(conn, FUSE_CAP_PASSTHROUGH))
		/* Objects on no stacked file system: otherwise an overlay could
		 * not be made of the mount. */
		conn->max_backing_stack_depth = 0;
	server->is_used = true;
}

static void lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	const struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	struct cfs_bytes bytes = { (const uint8_t *)name, strlen(name) };
	struct fuse_entry_param entry = { .entry_timeout = FOREVER };
	struct cfs_erofs_stat dir, st;
	struct cfs_err err = { 0 };
	/* The kernel asks for names that are longer than any of an image. */
	int r = bytes.len > CFS_NAME_MAX ? ENAMETOOLONG
					 : cfs_fuse_stat(req, parent, &dir);

	if (r > 0) {
		(void)fuse_reply_err(req, r);
		return;
	}
	r = cfs_erofs_view_find(server->view, &dir, bytes, &st, &err);
	if (cfs_fuse_is_lost(req) || r < 0) {
		(void)fuse_reply_err(req, r == -ENOTDIR ? ENOTDIR : EIO);
		return;
	}
	/* Without a number the kernel remembers that there is no such name. */
	if (r > 0)
		entry = entry_of(server, &st);
	(void)fuse_reply_entry(req, &entry);
}

static void get_attributes(fuse_req_t req, fuse_ino_t ino,
			   struct fuse_file_info *fi)
{
	struct cfs_erofs_stat st;
	struct stat attr;
	int r = cfs_fuse_stat(req, ino, &st);

	(void)fi;
	if (r > 0) {
		(void)fuse_reply_err(req, r);
		return;
	}
	attr = attributes(&st);
	(void)fuse_reply_attr(req, &attr, FOREVER);
}

/* A reply to a readdir or readdirplus request in the making. */
struct listing {
	fuse_req_t req;
	bool plus;
	char *buf;
	size_t len, size;
};

static bool is_dots(struct cfs_bytes name)
{
	return (name.len == 1 || (name.len == 2 && name.data[1] == '.')) &&
	       name.data[0] == '.';
}

static int add_entry(void *ctx, const struct cfs_erofs_entry *entry,
		     struct cfs_err *err)
{
	struct listing *list = ctx;
	struct fuse_entry_param param =
		entry_of(cfs_fuse_server_of(list->req), &entry->st);
	size_t rest = list->size - list->len, len;
	char name[CFS_NAME_MAX + 1];

	(void)err;
	memcpy(name, entry->name.data, entry->name.len);
	name[entry->name.len] = '\0';
	/* The kernel looks these two up by itself. */
	if (is_dots(entry->name))
		param.ino = 0;
	if (list->plus)
		len = fuse_add_direntry_plus(list->req, list->buf + list->len,
					     rest, name, &param,
					     (off_t)entry->next);
	else
		len = fuse_add_direntry(list->req, list->buf + list->len, rest,
					name, &param.attr, (off_t)entry->next);
	if (len > rest)
		return 1;
	list->len += len;
	return 0;
}

static void list_dir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		     bool plus)
{
	const struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	struct listing list = {
		.req = req,
		.plus = plus,
		.size = size < READDIR_MAX ? size : READDIR_MAX,
	};
	struct cfs_err err = { 0 };
	struct cfs_erofs_stat dir;
	int r = cfs_fuse_stat(req, ino, &dir);

	list.buf = r == 0 ? malloc(list.size + 1) : NULL;
	if (r == 0 && !list.buf)
		r = ENOMEM;
	if (r == 0 && cfs_erofs_view_list(server->view, &dir, (uint64_t)off,
					  add_entry, &list, &err) < 0)
		r = err.code == ENOTDIR ? ENOTDIR : EIO;
	if (cfs_fuse_is_lost(req)) {
		r = EIO;
		list.len = 0;
	}
	/* What comes before a fault is listed first. */
	if (r > 0 && list.len == 0)
		(void)fuse_reply_err(req, r);
	else
		(void)fuse_reply_buf(req, list.buf, list.len);
	free(list.buf);
}

static void readdir_plain(fuse_req_t req, fuse_ino_t ino, size_t size,
			  off_t off, struct fuse_file_info *fi)
{
	(void)fi;
	list_dir(req, ino, size, off, false);
}

static void readdir_plus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			 struct fuse_file_info *fi)
{
	(void)fi;
	list_dir(req, ino, size, off, true);
}

/* Copies the contents of @st, which are in the image, and ends them with a
 * NUL. */
static void join(const struct cfs_erofs_stat *st, char *to)
{
	if (st->blocks.len > 0)
		memcpy(to, st->blocks.data, st->blocks.len);
	if (st->tail.len > 0)
		memcpy(to + st->blocks.len, st->tail.data, st->tail.len);
	to[st->blocks.len + st->tail.len] = '\0';
}

static void read_link(fuse_req_t req, fuse_ino_t ino)
{
	char target[CFS_TARGET_MAX + 1];
	struct cfs_erofs_stat st;
	int r = cfs_fuse_stat(req, ino, &st);

	if (r == 0 && !S_ISLNK(st.mode))
		r = EINVAL;
	if (r == 0 && st.blocks.len + st.tail.len > CFS_TARGET_MAX)
		r = EIO;
	if (r == 0) {
		join(&st, target);
		r = cfs_fuse_is_lost(req) ? EIO : 0;
	}
	if (r > 0)
		(void)fuse_reply_err(req, r);
	else
		(void)fuse_reply_readlink(req, target);
}

/* From now on the kernel opens directories without a message, and keeps what it
 * has read of them. */
static void open_dir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	(void)fuse_reply_err(req, ENOSYS);
}

static void forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
	(void)ino;
	(void)n;
	fuse_reply_none(req);
}

static void forget_many(fuse_req_t req, size_t n, struct fuse_forget_data *list)
{
	(void)n;
	(void)list;
	fuse_reply_none(req);
}

static void stat_fs(fuse_req_t req, fuse_ino_t ino)
{
	const struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	const struct statvfs ret = {
		.f_bsize = CFS_EROFS_BLOCK,
		.f_frsize = CFS_EROFS_BLOCK,
		.f_blocks = server->params->image.len / CFS_EROFS_BLOCK,
		.f_files = cfs_erofs_view_inodes(server->view),
		.f_namemax = CFS_NAME_MAX,
	};

	(void)ino;
	(void)fuse_reply_statfs(req, &ret);
}

const struct fuse_lowlevel_ops cfs_fuse_ops = {
	.init = init,
	.lookup = lookup,
	.forget = forget,
	.forget_multi = forget_many,
	.getattr = get_attributes,
	.readlink = read_link,
	.open = cfs_fuse_open,
	.release = cfs_fuse_release,
	.opendir = open_dir,
	.read = cfs_fuse_read,
	.readdir = readdir_plain,
	.readdirplus = readdir_plus,
	.statfs = stat_fs,
	.getxattr = cfs_fuse_getxattr,
	.listxattr = cfs_fuse_listxattr,
};
