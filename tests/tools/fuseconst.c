/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * fuseconst IMAGE OBJECTS MOUNTPOINT: like `cfsctl fuse-serve --foreground
 * --mode overlay`, but questions for xattrs are answered without a look at the
 * image: every file with an object has the xattrs of the first one.  No server
 * can take less time for the messages of a walk; contents are wrong.
 */
#include <string.h>
#include <sys/uio.h>

#include "erofs/reader.h"
#include "fuse/server.h"
#include "tests/tools/fusefile.h"

static struct {
	uint8_t *external; /* a bit for each nid */
	struct cfs_erofs_metacopy metacopy;
	size_t metacopy_len;
	char redirect[1 + CFS_FUSE_PATH_MAX];
} answer;

/* These two are linked in place of the server's own. */
void cfs_fuse_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name,
		       size_t size)
{
	struct iovec iov = { &answer.metacopy, answer.metacopy_len };

	if (!(answer.external[ino / 8] >> ino % 8 & 1)) {
		(void)fuse_reply_err(req, ENODATA);
		return;
	}
	if (strcmp(name, "user.overlay.redirect") == 0) {
		iov.iov_base = answer.redirect;
		iov.iov_len = strlen(answer.redirect);
	}
	if (size == 0)
		(void)fuse_reply_xattr(req, iov.iov_len);
	else
		(void)fuse_reply_iov(req, &iov, 1);
}

void cfs_fuse_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	(void)ino;
	(void)size;
	(void)fuse_reply_err(req, ENOSYS);
}

/* Makes the answers those of the file @st. */
static void take(const struct cfs_erofs_view *view,
		 const struct cfs_erofs_stat *st, struct cfs_err *e)
{
	struct cfs_erofs_backing backing;

	if (cfs_erofs_view_backing(view, st, &backing, e) < 0 ||
	    cfs_fuse_object_path(&backing, answer.redirect + 1, e) < 0)
		errx(1, "%s", e->msg);
	answer.redirect[0] = '/';
	answer.metacopy_len =
		cfs_erofs_metacopy_of(&backing.digest, &answer.metacopy);
}

/* Notes which inodes have objects. */
static void prepare(struct cfs_bytes image)
{
	CFS_AUTO(cfs_erofs_view_free) struct cfs_erofs_view *view = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	const struct cfs_erofs_detail **details;
	struct cfs_erofs_stat st;
	struct cfs_err e = { 0 };
	unsigned version;

	answer.external = calloc(1, image.len / 8 + 1);
	if (!answer.external)
		err(1, "calloc");
	if (cfs_erofs_view_new(image, &view, &e) < 0 ||
	    cfs_erofs_read_details(image, &tree, &version, &details, &e) < 0)
		errx(1, "%s", e.msg);
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n)) {
		uint64_t nid = details[n->seq] ? details[n->seq]->nid : 0;

		if (!S_ISREG(n->mode) || nid == 0 ||
		    cfs_erofs_view_stat(view, nid, &st, &e) < 0 ||
		    st.layout != CFS_EROFS_CHUNKS)
			continue;
		if (answer.metacopy_len == 0)
			take(view, &st, &e);
		answer.external[nid / 8] |= (uint8_t)(1u << nid % 8);
	}
}

int main(int argc, char **argv)
{
	const struct cfs_fuse_params params = { .mode = CFS_FUSE_OVERLAY,
						.verify = CFS_FUSE_VERIFY_NOT,
						.source = "fuseconst" };
	struct cfs_bytes image;

	if (argc != 4)
		errx(2, "usage: fuseconst IMAGE OBJECTS MOUNTPOINT");
	image = map_file(argv[1]);
	prepare(image);
	serve_file(&params, image, argv[2], argv[3]);
	free(answer.external);
	return 0;
}
