/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/create.h"

#include "base/io.h"
#include "erofs/writer.h"
#include "repo/keeper.h"
#include "repo/object.h"
#include "repo/ref.h"

/* Stores the image of @tree in @format and commits it. */
static int commit(struct cfs_store *store, const struct cfs_tree *tree,
		  unsigned format, struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	int r;

	r = cfs_erofs_write(tree, format, 0, &image, err);
	if (r == 0)
		r = cfs_object_add_bytes(store, cfs_buf_bytes(&image), ret,
					 err);
	if (r == 0)
		r = cfs_image_commit(store, ret, err);
	return r;
}

/* A dumpfile has no contents: its objects must be there. */
static int check_objects(const struct cfs_store *store,
			 const struct cfs_tree *tree, struct cfs_err *err)
{
	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n)) {
		char path[CFS_OBJECT_PATH_MAX];
		struct cfs_digest id;
		int r;

		if (!cfs_node_is_external(n))
			continue;
		if (!cfs_node_digest(tree, n, &id) ||
		    id.alg != store->repo.meta.alg) {
			char name[CFS_NODE_NAME_MAX];

			return cfs_fail(err, EINVAL,
					"%s has no %s digest in the dumpfile",
					cfs_node_name(n, name),
					cfs_alg_name(store->repo.meta.alg));
		}
		cfs_digest_to_path(&id, path);
		r = cfs_name_exists(store->objects, path);
		if (r <= 0)
			return cfs_fail(err, ENOENT,
					"objects/%s is not in the repository",
					path);
	}
	return 0;
}

static int read_source(struct cfs_store *store, const struct cfs_create *params,
		       struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	const struct cfs_tree_source *source = params->source;
	struct cfs_keeper keeper;
	int r;

	cfs_store_keeper(store, &keeper);
	r = cfs_digester_new(store->repo.meta.alg, source->threads, &keeper,
			     &digester, err);
	if (r < 0)
		return r;
	r = cfs_tree_source_read(source, digester, params->watch, params->notes,
				 ret, err);
	if (r == 0 && source->dumpfile)
		r = check_objects(store, *ret, err);
	return r;
}

/* Makes the images of all formats; *@ret is that of the default one. */
static int commit_all(struct cfs_store *store, const struct cfs_tree *tree,
		      const struct cfs_create *params, struct cfs_digest *ret,
		      struct cfs_err *err)
{
	unsigned format = store->repo.meta.erofs_default;
	unsigned extra = store->repo.meta.erofs_extra;
	struct cfs_digest ignored;
	int r;

	if (params->format != CFS_CREATE_AS_REPO) {
		format = (unsigned)params->format;
		extra = 0;
	}
	cfs_note_losses(tree, format, params->notes);
	r = commit(store, tree, format, ret, err);
	for (unsigned i = 0; r == 0 && i <= CFS_META_FORMAT_MAX; i++) {
		if (!(extra & 1U << i))
			continue;
		cfs_note_losses(tree, i, params->notes);
		r = commit(store, tree, i, &ignored, err);
	}
	return r;
}

int cfs_create_image(struct cfs_store *store, const struct cfs_create *params,
		     struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int r = read_source(store, params, &tree, err);

	if (r == 0)
		r = commit_all(store, tree, params, ret, err);
	if (r == 0 && params->name)
		r = cfs_ref_set(store, params->name, ret, err);
	return r;
}
