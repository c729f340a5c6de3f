/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/server.h"

#include <stdatomic.h>

#include "erofs/reader.h"
#include "fuse/guard.h"
#include "fuse/namespace.h"

int cfs_fuse_server_init(struct cfs_fuse_server *server,
			 const struct cfs_fuse_params *params,
			 struct cfs_err *err)
{
	static atomic_uint servers;

	*server = (struct cfs_fuse_server){
		.params = params,
		.number = atomic_fetch_add(&servers, 1) + 1,
		.has_root = cfs_fuse_has_root(),
		.mode = CFS_FUSE_PLAIN,
	};
	if (cfs_erofs_view_new(params->image, &server->view, err) < 0)
		return -err->code;
	return cfs_fuse_objects_new(server->view, params->objects_fd,
				    params->verify, &server->objects, err);
}

void cfs_fuse_server_free(struct cfs_fuse_server *server)
{
	cfs_fuse_objects_freep(&server->objects);
	cfs_erofs_view_freep(&server->view);
}

bool cfs_fuse_is_lost(fuse_req_t req)
{
	struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	const struct cfs_fuse_params *params = server->params;

	if (!cfs_fuse_guard_tripped())
		return false;
	if (!atomic_exchange(&server->loss_reported, true) && params->report)
		params->report(params->ctx,
			       "the image cannot be read any more: it was "
			       "truncated, or its disk fails; all of the mount "
			       "is refused from now on");
	return true;
}

void cfs_fuse_reply_image(fuse_req_t req, const struct iovec *iov, int n)
{
	/* Bytes that the kernel cannot read make no signal: it replies EIO. */
	if (fuse_reply_iov(req, iov, n) == -EFAULT)
		cfs_fuse_guard_trip();
}

/* So many faults are named by their path. */
#define NAMED_MAX 32

/* Finds a path of inode @nid, by reading the whole image: it is only needed to
 * report a fault.  Returns false if that cannot be done. */
static bool find_path(struct cfs_bytes image, uint64_t nid,
		      char path[static CFS_NODE_NAME_MAX])
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	const struct cfs_erofs_detail **details;
	struct cfs_err ignored = { 0 };
	unsigned version;

	if (cfs_erofs_read_details(image, &tree, &version, &details, &ignored) <
	    0)
		return false;
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n)) {
		if (!details[n->seq] || details[n->seq]->nid != nid)
			continue;
		(void)cfs_node_name(n, path);
		return true;
	}
	return false;
}

void cfs_fuse_report(const struct cfs_fuse_server *server, uint64_t nid,
		     const struct cfs_err *err)
{
	const struct cfs_fuse_params *params = server->params;
	static atomic_uint faults;
	struct cfs_err line = *err;
	char path[CFS_NODE_NAME_MAX];

	if (!params->report)
		return;
	/* A user who reads all files of a mount without its objects must not
	 * have the image read as often. */
	if (atomic_fetch_add(&faults, 1) < NAMED_MAX &&
	    find_path(params->image, nid, path))
		(void)cfs_ctx(&line, "%s", path);
	else
		(void)cfs_ctx(&line, "inode %llu", (unsigned long long)nid);
	params->report(params->ctx, line.msg);
}
