/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/inside.h"
#include "base/io.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/tree_source.h"
#include "erofs/writer.h"
#include "fsverity/digester.h"
#include "repo/keeper.h"
#include "repo/object.h"
#include "repo/ref.h"

struct options {
	struct cfs_tree_source source;
};

static const struct cfs_opt options[] = {
	CFS_SOURCE_OPTIONS(struct options, source),
	{ 0 },
};

/* Stores the image of @tree in @format and commits it. */
static int commit(struct cfs_store *store, const struct cfs_tree *tree,
		  unsigned format, struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	int r;

	cmd_source_warn(tree, format);
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

static int read_source(struct cfs_store *store,
		       const struct cfs_tree_source *source,
		       struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	struct cfs_keeper keeper;
	int r;

	cfs_store_keeper(store, &keeper);
	r = cfs_digester_new(store->repo.meta.alg, source->threads, &keeper,
			     &digester, err);
	if (r < 0)
		return r;
	r = cmd_source_read(source, digester, "stored", ret, err);
	if (r == 0 && source->dumpfile)
		r = check_objects(store, *ret, err);
	return r;
}

/* A repository that grows while it is read would never be done with. */
static int check_place(const struct cfs_globals *g, const char *path,
		       struct cfs_err *err)
{
	CFS_AUTOFD int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dir < 0)
		return cfs_fail_errno(err, "read %s: open %s", path, path);
	r = cfs_is_inside(g->repo, dir, err);
	if (r > 0)
		return cfs_fail(err, EINVAL,
				"the repository %s is inside %s, and would "
				"become part of the image: use one elsewhere",
				g->repo, path);
	return r;
}

/* All formats of the repository; the default one is printed and named. */
static int create(const struct cfs_globals *g,
		  const struct cfs_tree_source *source, const char *name,
		  struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest ignored;
	unsigned format, extra;
	int r;

	r = source->path ? check_place(g, source->path, err) : 0;
	if (r == 0)
		r = cmd_open_store(g, &store, err);
	if (r == 0)
		r = read_source(&store, source, &tree, err);
	if (r < 0)
		return r;
	format = store.repo.meta.erofs_default;
	extra = store.repo.meta.erofs_extra;
	if (g->erofs_version >= 0) {
		format = (unsigned)g->erofs_version;
		extra = 0;
	}
	r = commit(&store, tree, format, ret, err);
	for (unsigned i = 0; r == 0 && i <= CFS_META_FORMAT_MAX; i++)
		if (extra & 1U << i)
			r = commit(&store, tree, i, &ignored, err);
	if (r == 0 && name)
		r = cfs_ref_set(&store, name, ret, err);
	if (r == 0 && store.stats.repaired > 0)
		fprintf(stderr, "replaced %llu objects that were damaged\n",
			(unsigned long long)store.stats.repaired);
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct cfs_tree_source source = o->source;
	int next = cmd_source_operand(&source, call);
	const char *name = next < call->n ? call->operand[next] : NULL;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	int r;

	r = name ? cfs_name_check_new(name, err) : 0;
	if (r == 0)
		r = create(call->g, &source, name, &id, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&id, hex);
	printf("%s:%s\n", cfs_alg_name(id.alg), hex);
	return 0;
}

const struct cfs_cmd cmd_create_image = {
	.name = "create-image",
	.help = "store a directory and make an image of it",
	.options = options,
	.size = sizeof(struct options),
	.operands = { CFS_SOURCE_OPERAND, { "NAME", .optional = true } },
	.run = run,
};
