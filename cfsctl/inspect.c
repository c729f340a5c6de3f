/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What is inside an image of the repository. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cfsctl/cfsctl.h"
#include "erofs/reader.h"
#include "repo/ref.h"
#include "tree/dump.h"

/* An image, mapped.  Its bytes were checked and nobody changes objects. */
struct mapped {
	struct cfs_bytes bytes;
};

static void unmap(struct mapped *m)
{
	if (m->bytes.len > 0)
		(void)munmap((void *)(uintptr_t)m->bytes.data, m->bytes.len);
}

static int map_image(const struct cfs_globals *g, const struct cfs_repo *repo,
		     const char *name, struct mapped *ret, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id;
	struct stat st;
	void *data;
	int secure, r;

	secure = cmd_demands_verity(g, repo, err);
	if (secure < 0)
		return secure;
	r = cmd_find_image(repo, name, &id, err);
	if (r == 0)
		r = cfs_image_open(repo, &id, secure > 0, &fd, err);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return cfs_fail_errno(err, "stat image %s", name);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return cfs_fail_errno(err, "map image %s", name);
	ret->bytes = (struct cfs_bytes){ data, (size_t)st.st_size };
	return 0;
}

struct ids {
	size_t n, room;
	struct cfs_digest *v; /* owned */
};

static int add_id(void *ctx, const struct cfs_digest *id, struct cfs_err *err)
{
	struct ids *ids = ctx;

	if (ids->n == ids->room) {
		size_t room = ids->room ? 2 * ids->room : 256;
		struct cfs_digest *v = reallocarray(ids->v, room, sizeof(*v));

		if (!v)
			return cfs_fail(err, ENOMEM, "out of memory");
		ids->v = v;
		ids->room = room;
	}
	ids->v[ids->n++] = *id;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	const struct cfs_digest *x = a, *y = b;

	return memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

static void print_ids(const struct ids *ids)
{
	char hex[CFS_DIGEST_HEX_MAX];

	if (ids->n > 0)
		qsort(ids->v, ids->n, sizeof(*ids->v), by_bytes);
	for (size_t i = 0; i < ids->n; i++) {
		if (i > 0 && cfs_digest_equal(&ids->v[i], &ids->v[i - 1]))
			continue;
		cfs_digest_to_hex(&ids->v[i], hex);
		printf("%s:%s\n", cfs_alg_name(ids->v[i].alg), hex);
	}
}

int cmd_image_objects(const struct cfs_globals *g, int argc, char **argv,
		      struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct mapped image = { 0 };
	struct ids ids = { 0 };
	int r;

	r = cmd_options(NULL, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 1, 1, err);
	if (r == 0)
		r = cmd_open_repo(g, &repo, err);
	if (r == 0)
		r = map_image(g, &repo, argv[1], &image, err);
	if (r == 0)
		r = cfs_erofs_objects(image.bytes, repo.meta.alg, add_id, &ids,
				      err);
	if (r == 0)
		print_ids(&ids);
	unmap(&image);
	free(ids.v);
	return r;
}

static int print_backing(const struct cfs_tree *tree, const char *path,
			 const struct cfs_node *node, struct cfs_err *err)
{
	char room[CFS_OBJECT_PATH_MAX];
	const char *backing = NULL;

	if (cfs_node_is_dir(node))
		return cfs_fail(err, EISDIR, "%s is a directory", path);
	if (cfs_node_is_external(node))
		backing = cfs_node_backing(tree, node, room);
	printf("%s %s\n", path, backing ? backing : "inline");
	return 0;
}

static int dump_file(struct cfs_tree *tree, const char *path, bool backing_only,
		     struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_node *node;
	int r;

	r = cfs_tree_lookup(tree, path, &node, err);
	if (r == 0)
		return cfs_fail(err, ENOENT, "%s not found", path);
	if (r > 0 && backing_only)
		return print_backing(tree, path, cfs_node_inode(node), err);
	if (r > 0)
		r = cfs_dump_write_below(tree, node, &text, err);
	if (r == 0)
		fwrite(text.data, 1, text.len, stdout);
	return r;
}

int cmd_dump_files(const struct cfs_globals *g, int argc, char **argv,
		   struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct mapped image = { 0 };
	bool backing_only = false;
	const struct cfs_opt opts[] = {
		{ .name = "backing-path-only", .flag = &backing_only },
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 2, INT32_MAX, err);
	if (r == 0)
		r = cmd_open_repo(g, &repo, err);
	if (r == 0)
		r = map_image(g, &repo, argv[1], &image, err);
	if (r == 0)
		r = cfs_erofs_read(image.bytes, 0, &tree, NULL, err);
	unmap(&image);
	for (int i = 2; r == 0 && i < argc; i++)
		r = dump_file(tree, argv[i], backing_only, err);
	return r;
}
