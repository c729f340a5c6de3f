/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/signable.h"

#include <elf.h>
#include <string.h>

#include "base/io.h"
#include "erofs/reader.h"
#include "ops/image_map.h"
#include "ops/whole.h"
#include "repo/object.h"

struct listing {
	int objects; /* objects/ of the repository */
	enum cfs_signable_which which;
	struct cfs_signable *ret;
	struct cfs_digest_set executable, rest;
};

static void listing_free(struct listing *l)
{
	cfs_closep(&l->objects);
	cfs_digest_set_free(&l->executable);
	cfs_digest_set_free(&l->rest);
}

void cfs_signable_free(struct cfs_signable *s)
{
	for (size_t i = 0; i < s->inline_programs.n; i++)
		free(s->inline_programs.v[i]);
	cfs_vec_free(&s->inline_programs);
	cfs_digest_set_free(&s->objects);
}

static int add_inline(void *arg, const struct cfs_inline_program *program,
		      struct cfs_err *err)
{
	struct cfs_signable *s = arg;
	char *path = strdup(program->path);

	if (path && cfs_vec_add(&s->inline_programs, path))
		return 0;
	free(path);
	return cfs_no_memory(err);
}

/* Puts all objects of @tree into one of two sets, by the modes of their
 * files. */
static int sort_objects(const struct cfs_tree *tree, struct listing *l,
			struct cfs_err *err)
{
	struct cfs_node *node = NULL;
	int r = 0;

	while (r == 0 && (node = cfs_node_walk(tree->root, node))) {
		struct cfs_digest id = { .alg = tree->alg };
		bool sign = l->which == CFS_SIGNABLE_ALL || node->mode & 0111;

		if (!cfs_node_is_external(node))
			continue;
		if (!node->file.digest)
			return cfs_fail(err, EBADMSG,
					"the image has a file without a "
					"digest");
		memcpy(id.bytes, node->file.digest, cfs_alg_size(id.alg));
		r = cfs_digest_set_add(sign ? &l->executable : &l->rest, &id,
				       err);
	}
	return r;
}

/* Does the object @id begin as an ELF file does?  What cannot be read is not
 * executed either. */
static bool is_elf(int objects, const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err ignored;
	char magic[SELFMAG];

	return cfs_object_open(objects, id, &fd, &ignored) > 0 &&
	       cfs_pread_full(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	       memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* Moves those that begin as an ELF file does from the rest to the executables,
 * and counts the others. */
static int add_elf_files(struct listing *l, struct cfs_err *err)
{
	struct cfs_digest_set found = { 0 };
	int r = 0;

	cfs_digest_set_sort(&l->rest);
	for (size_t i = 0; r == 0 && i < l->rest.n; i++) {
		const struct cfs_digest *id = &l->rest.v[i];

		/* Another file with these contents may have an x bit. */
		if (cfs_digest_set_has(&l->executable, id))
			continue;
		if (is_elf(l->objects, id))
			r = cfs_digest_set_add(&found, id, err);
		else
			l->ret->others++;
	}
	for (size_t i = 0; r == 0 && i < found.n; i++)
		r = cfs_digest_set_add(&l->executable, &found.v[i], err);
	cfs_digest_set_free(&found);
	return r;
}

static int list(const struct cfs_tree *tree, struct listing *l,
		struct cfs_err *err)
{
	int r = cfs_inline_programs(tree, add_inline, l->ret, err);

	if (r == 0)
		r = sort_objects(tree, l, err);
	if (r == 0)
		r = add_elf_files(l, err);
	if (r < 0)
		return r;
	cfs_digest_set_sort(&l->executable);
	l->ret->objects = l->executable;
	l->executable = (struct cfs_digest_set){ 0 };
	return 0;
}

int cfs_signable_find(const struct cfs_signable_of *of,
		      enum cfs_signable_which which, struct cfs_signable *ret,
		      struct cfs_err *err)
{
	__attribute__((cleanup(listing_free))) struct listing l = {
		.objects = -EBADF, .which = which, .ret = ret
	};
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOMAP struct cfs_image_map image = { 0 };
	int r = cfs_image_map(of->access, of->repo, &of->id, &image, err);

	if (r == 0)
		r = cfs_require_whole(of->repo, &of->id, of->name, err);
	if (r == 0)
		r = cfs_erofs_read(image.bytes, 0, &tree, NULL, err);
	if (r == 0)
		r = l.objects = cfs_repo_open_objects(of->repo, err);
	return r < 0 ? r : list(tree, &l, err);
}
