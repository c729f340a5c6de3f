/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/repair.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "erofs/format.h"
#include "fsverity/digester.h"
#include "fsverity/merkle.h"
#include "repo/dir.h"
#include "repo/object.h"
#include "repo/ref.h"
#include "tree/node.h"

/* Files of a directory that are hashed together. */
#define BATCH 1024

/* A file of the directory at hand. */
struct item {
	char *name; /* owned */
	uint8_t have[CFS_DIGEST_MAX];
};

struct source {
	struct cfs_repair *repair;
	struct cfs_store *store;
	struct cfs_digester *digester; /* NULL until it is needed */
};

void cfs_repair_free(struct cfs_repair *repair)
{
	cfs_digest_set_free(&repair->wanted);
	cfs_digest_set_free(&repair->images);
	cfs_digest_set_free(&repair->objects_mended);
	cfs_digest_set_free(&repair->images_mended);
	free(repair->done);
	repair->done = NULL;
}

/* Is the place of one object to blame, so that others may still be stored? */
static bool is_about_one(int r)
{
	return r == -ESTALE || r == -EISDIR || r == -ENOTDIR ||
	       r == -ENOTEMPTY || r == -ELOOP || r == -EXDEV || r == -EINVAL;
}

bool cfs_repair_is_good(const struct cfs_store *store,
			const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err ignored;
	struct cfs_digest have;
	int r;

	if (cfs_object_open(store->objects, id, &fd, &ignored) <= 0)
		return false;
	r = cfs_object_check(fd, id, &ignored);
	/* The kernel measures without reading: damage below fs-verity shows
	 * only when the data is hashed. */
	if (r == CFS_CHECKED_MEASURED)
		return cfs_verity_digest_fd(id->alg, fd, &have, NULL,
					    &ignored) == 0 &&
		       cfs_digest_equal(&have, id);
	return r >= 0 && !store->secure;
}

/* Stores the object wanted->v[@i] from @fd, if that is what it holds. */
static int take(struct source *s, size_t i, int fd, struct cfs_err *err)
{
	struct cfs_repair *repair = s->repair;
	const struct cfs_digest *id = &repair->wanted.v[i];
	struct cfs_err why;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return 0;
	r = cfs_object_add_copy(s->store, fd, (uint64_t)st.st_size, id, &why);
	if (is_about_one(r))
		return 0;
	if (r < 0) {
		*err = why;
		return r;
	}
	repair->done[i] = true;
	repair->left--;
	return cfs_digest_set_add(&repair->objects_mended, id, err);
}

/* Is @id wanted still?  Returns its index, or -1. */
static ssize_t find_wanted(struct cfs_repair *repair,
			   const struct cfs_digest *id)
{
	ssize_t i = cfs_digest_set_find(&repair->wanted, id);

	return i >= 0 && !repair->done[i] ? i : -1;
}

/* By name from the objects/ of another repository, which may be damaged
 * itself. */
static int from_objects(struct source *s, int objects, struct cfs_err *err)
{
	struct cfs_digest_set *wanted = &s->repair->wanted;
	int r = 0;

	for (size_t i = 0; r == 0 && i < wanted->n; i++) {
		CFS_AUTOFD int fd = -EBADF;
		struct cfs_err ignored;

		if (!s->repair->done[i] &&
		    cfs_object_open(objects, &wanted->v[i], &fd, &ignored) > 0)
			r = take(s, i, fd, err);
	}
	return r;
}

static int open_file(int dir, const char *name, struct stat *st)
{
	CFS_AUTOFD int fd = openat(dir, name,
				   O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
					   O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0 || !S_ISREG(st->st_mode))
		return -EBADF;
	return cfs_steal_fd(&fd);
}

/* Hashes @n files together.  Returns 1, or 0 when that failed, for whatever
 * file it was. */
static int hash(struct source *s, int dir, struct item *items, size_t n,
		struct cfs_err *err)
{
	enum cfs_alg alg = s->store->repo.meta.alg;
	struct cfs_err ignored;
	int r = 0;

	if (!s->digester)
		r = cfs_digester_new(alg, s->repair->threads, NULL,
				     &s->digester, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < n; i++) {
		CFS_AUTOFD int fd = -EBADF;
		struct stat st;

		fd = open_file(dir, items[i].name, &st);
		if (fd >= 0)
			r = cfs_digester_add(s->digester, &fd, &st,
					     items[i].have, NULL, &ignored);
	}
	if (r == 0)
		r = cfs_digester_finish(s->digester, &ignored);
	if (r == 0)
		return 1;
	cfs_digester_free(s->digester);
	s->digester = NULL;
	return 0;
}

/* What is wanted of the @n files that were hashed is taken; those of a batch
 * that failed are hashed one by one. */
static int take_items(struct source *s, int dir, struct item *items, size_t n,
		      struct cfs_err *err)
{
	enum cfs_alg alg = s->store->repo.meta.alg;
	int r = hash(s, dir, items, n, err);
	bool hashed = r > 0;

	for (size_t i = 0; r >= 0 && i < n; i++) {
		struct cfs_digest id = { .alg = alg };
		CFS_AUTOFD int fd = -EBADF;
		struct cfs_err ignored;
		struct stat st;
		ssize_t at;

		memcpy(id.bytes, items[i].have, cfs_alg_size(alg));
		if (hashed && find_wanted(s->repair, &id) < 0)
			continue;
		fd = open_file(dir, items[i].name, &st);
		if (fd < 0 ||
		    (!hashed &&
		     cfs_verity_digest_fd(alg, fd, &id, NULL, &ignored) < 0))
			continue;
		at = find_wanted(s->repair, &id);
		r = at < 0 ? 0 : take(s, (size_t)at, fd, err);
	}
	return r < 0 ? r : 0;
}

/* Takes the files in @dir, a batch at a time. */
static int take_files(struct source *s, int dir,
		      const struct cfs_dir_names *names, struct cfs_err *err)
{
	CFS_AUTOFREE struct item *items = calloc(BATCH, sizeof(*items));
	size_t n = 0;
	int r = 0;

	if (!items)
		return cfs_no_memory(err);
	for (unsigned i = 0; r == 0 && i < names->n; i++) {
		struct stat st;

		if (fstatat(dir, names->v[i].name, &st, AT_SYMLINK_NOFOLLOW) <
			    0 ||
		    !S_ISREG(st.st_mode))
			continue;
		items[n++] = (struct item){ .name = names->v[i].name };
		if (n < BATCH)
			continue;
		r = take_items(s, dir, items, n, err);
		n = 0;
	}
	return r < 0 || n == 0 ? r : take_items(s, dir, items, n, err);
}

static int from_tree(struct source *s, int parent, const char *name,
		     unsigned depth, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int dir = cfs_dir_open(parent, name);
	int r;

	/* A directory that cannot be read has nothing to give. */
	if (dir < 0 || depth > CFS_DEPTH_MAX)
		return 0;
	r = cfs_dir_list(dir, ".", &names, err);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = take_files(s, dir, &names, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		struct stat st;

		if (s->repair->left == 0)
			break;
		if (fstatat(dir, names.v[i].name, &st, AT_SYMLINK_NOFOLLOW) ==
			    0 &&
		    S_ISDIR(st.st_mode))
			r = from_tree(s, dir, names.v[i].name, depth + 1, err);
	}
	return r;
}

/* What is good already is not wanted: a link to it may be all that is wrong. */
static int prepare(struct cfs_repair *repair, struct cfs_store *store,
		   struct cfs_err *err)
{
	struct cfs_digest_set *wanted = &repair->wanted;

	if (repair->done)
		return 0;
	cfs_digest_set_sort(wanted);
	repair->done = calloc(wanted->n + 1, sizeof(*repair->done));
	if (!repair->done)
		return cfs_no_memory(err);
	for (size_t i = 0; i < wanted->n; i++) {
		repair->done[i] = wanted->v[i].alg != store->repo.meta.alg ||
				  cfs_repair_is_good(store, &wanted->v[i]);
		repair->left += !repair->done[i];
	}
	return 0;
}

/* Has a lookup by name found in @path whatever there is to be found? */
static bool is_like(const struct cfs_store *store, const char *path)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_err ignored;

	return cfs_repo_open(AT_FDCWD, path, &repo, &ignored) > 0 &&
	       repo.has_meta && repo.meta.alg == store->repo.meta.alg;
}

int cfs_repair_from(struct cfs_repair *repair, struct cfs_store *store,
		    const char *path, struct cfs_err *err)
{
	CFS_AUTOFD int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CFS_AUTOFD int objects = -EBADF;
	struct source s = { .repair = repair, .store = store };
	int r = dir < 0 ? cfs_fail_errno(err, "open %s", path)
			: prepare(repair, store, err);

	if (r < 0)
		return r;
	/* These objects were found damaged by a closer look than the store
	 * takes. */
	store->replaces = true;
	objects = cfs_dir_open(dir, "objects");
	if (objects >= 0)
		r = from_objects(&s, objects, err);
	if (r == 0 && repair->left > 0 && !is_like(store, path))
		r = from_tree(&s, dir, ".", 0, err);
	store->replaces = false;
	cfs_digester_free(s.digester);
	if (r == 0)
		r = cfs_store_flush(store, err);
	return r < 0 ? cfs_ctx(err, "repair from %s", path) : 0;
}

/* Only what is an image is named as one. */
static bool is_image(struct cfs_store *store, const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err ignored;
	cfs_le32 magic;

	return cfs_object_open(store->objects, id, &fd, &ignored) > 0 &&
	       cfs_object_check(fd, id, &ignored) >= 0 &&
	       cfs_pread_full(fd, &magic, sizeof(magic),
			      CFS_EROFS_SUPER_START) == sizeof(magic) &&
	       cfs_get32(magic) == CFS_EROFS_MAGIC;
}

int cfs_repair_links(struct cfs_repair *repair, struct cfs_store *store,
		     struct cfs_err *err)
{
	struct cfs_digest_set *images = &repair->images;
	int r = 0;

	cfs_digest_set_sort(images);
	for (size_t i = 0; r == 0 && i < images->n; i++) {
		const struct cfs_digest *id = &images->v[i];
		struct cfs_err why;

		if (!is_image(store, id))
			continue;
		r = cfs_image_commit(store, id, &why);
		if (r == 0)
			r = cfs_digest_set_add(&repair->images_mended, id, err);
		else if (is_about_one(r))
			r = 0;
		else
			*err = why;
	}
	return r;
}
