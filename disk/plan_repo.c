/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A repository, or some of its images, in a plan. */
#include "disk/plan.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "disk/ext4.h"
#include "disk/walk.h"
#include "fsverity/enable.h"
#include "fsverity/merkle.h"
#include "repo/dir.h"
#include "repo/init.h"

#define HEX	      "0123456789abcdef"
#define SIGNATURE_END ".p7s"

/* Looks up signatures/<hex>.p7s.  Returns 1 with *@ret_size, or 0. */
static int signature(int repo_fd, const char *hex, uint64_t *ret_size,
		     struct cfs_err *err)
{
	char path[sizeof("signatures/") + CFS_DIGEST_HEX_MAX +
		  sizeof(SIGNATURE_END)];
	struct stat st;

	snprintf(path, sizeof(path), "signatures/%.*s" SIGNATURE_END,
		 CFS_DIGEST_HEX_MAX, hex);
	if (fstatat(repo_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : cfs_fail_errno(err, "%s", path);
	/* The size decides how many blocks the object's metadata takes. */
	if (!S_ISREG(st.st_mode) || st.st_size < 1 ||
	    st.st_size > CFS_SIGNATURE_MAX)
		return cfs_fail(err, EINVAL,
				"%s is no signature (1 to %d bytes)", path,
				CFS_SIGNATURE_MAX);
	*ret_size = (uint64_t)st.st_size;
	return 1;
}

/* Looks up the signature of the object @id in the packs.  The digest of the
 * signature stands for its bytes in the identity of the disk. */
static int signature_in_pack(const struct cfs_plan *plan,
			     const struct cfs_digest *id,
			     struct cfs_plan_entry *e, uint64_t *ret_size,
			     struct cfs_err *err)
{
	struct cfs_bytes der;

	if (!cfs_sigpacks_find(&plan->packs, id, &der))
		return 0;
	e->in_pack = true;
	*ret_size = der.len;
	return cfs_verity_digest_bytes(plan->alg, der, &e->digest, err);
}

/* The repository that is planned. */
struct source {
	struct cfs_plan *plan;
	int repo_fd;
	const struct cfs_plan_choice *only; /* NULL: everything */
};

/* Adds the object @path, named by @hex; other names are not objects. */
static int add_object(const struct source *src, unsigned parent,
		      const char *hex, const char *path, struct cfs_err *err)
{
	struct cfs_plan *plan = src->plan;
	char name[NAME_MAX + 1];
	struct cfs_plan_entry e = { .kind = CFS_PLAN_OBJECT,
				    .parent = parent,
				    .name = name,
				    .mode = 0644 };
	uint64_t sig_size = 0;
	struct cfs_digest id;
	struct stat st;
	int r = 0;

	/* In lower case alone, as every reader spells the path of a digest;
	 * cfs_digest_from_hex() takes both cases. */
	if (strlen(hex) != 2 * cfs_alg_size(plan->alg) ||
	    strspn(hex, HEX) != strlen(hex) ||
	    cfs_digest_from_hex(hex, strlen(hex), &id, err) < 0 ||
	    (src->only && !cfs_digest_set_has(src->only->objects, &id)))
		return 0;
	if (fstatat(src->repo_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return cfs_fail_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return cfs_fail(err, EINVAL, "%s is not a regular file", path);
	if (plan->with_signatures)
		r = signature(src->repo_fd, hex, &sig_size, err);
	e.has_signature = r > 0;
	if (r == 0)
		r = signature_in_pack(plan, &id, &e, &sig_size, err);
	if (r < 0)
		return r;
	/* The first two digits are the name of the directory. */
	snprintf(name, sizeof(name), "%s", hex + 2);
	e.size = (uint64_t)st.st_size;
	e.blocks = cfs_ext4_file_blocks(e.size, plan->alg, (int64_t)sig_size);
	return cfs_plan_entry(plan, &e, NULL, err);
}

static int add_shard(const struct source *src, unsigned objects,
		     const char *shard, struct cfs_err *err)
{
	char dir[sizeof("objects/") + 2], path[PATH_MAX], hex[NAME_MAX + 3];
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	size_t before = src->plan->n;
	unsigned parent;
	int r;

	snprintf(dir, sizeof(dir), "objects/%.2s", shard);
	r = cfs_dir_list(src->repo_fd, dir, &names, err);
	if (r == 0)
		r = cfs_plan_dir(src->plan, objects, shard, 0755, &parent, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names.v[i].name);
		snprintf(hex, sizeof(hex), "%s%s", shard, names.v[i].name);
		r = add_object(src, parent, hex, path, err);
	}
	/* A directory without any object that was chosen. */
	if (r == 0 && src->only && src->plan->n == before + 1)
		cfs_plan_drop_last(src->plan);
	return r;
}

static int add_objects(const struct source *src, unsigned parent,
		       struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	unsigned objects;
	int r = cfs_dir_list(src->repo_fd, "objects", &names, err);

	if (r == 0)
		r = cfs_plan_dir(src->plan, parent, "objects", 0755, &objects,
				 err);
	for (unsigned i = 0; r == 0 && i < names.n; i++)
		/* Anything else is a temporary file or not the repository's. */
		if (strlen(names.v[i].name) == 2 &&
		    strspn(names.v[i].name, HEX) == 2)
			r = add_shard(src, objects, names.v[i].name, err);
	return r;
}

static int add_meta(struct cfs_plan *plan, int repo_fd, unsigned parent,
		    struct cfs_err *err)
{
	char name[] = "meta.json";
	struct cfs_plan_entry e = { .kind = CFS_PLAN_META,
				    .parent = parent,
				    .name = name,
				    .mode = 0644 };
	struct stat st;

	if (fstatat(repo_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return cfs_fail_errno(err, "%s", name);
	if (!S_ISREG(st.st_mode))
		return cfs_fail(err, EINVAL, "%s is not a regular file", name);
	e.size = (uint64_t)st.st_size;
	/* It gets fs-verity like the objects, and no signature. */
	e.blocks = cfs_ext4_file_blocks(e.size, plan->alg, 0);
	return cfs_plan_entry(plan, &e, NULL, err);
}

static const char *last_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The image that images/HEX, images/refs/NAME or signatures/HEX.p7s is of.  A
 * name is a link to images/HEX, from however deep below refs/: only the last
 * component of its target matters. */
static bool image_of(const struct cfs_plan_walk *w, const char *path,
		     struct cfs_digest *ret)
{
	const char *hex = last_of(path);
	size_t len = strlen(hex);
	char target[PATH_MAX];
	struct cfs_err ignored;
	ssize_t n;

	if (strncmp(path, "images/refs/", strlen("images/refs/")) == 0) {
		n = readlinkat(w->dirfd, path, target, sizeof(target) - 1);
		if (n < 0)
			return false;
		target[n] = '\0';
		hex = last_of(target);
		len = strlen(hex);
	} else if (len > strlen(SIGNATURE_END) &&
		   strcmp(hex + len - strlen(SIGNATURE_END), SIGNATURE_END) ==
			   0) {
		len -= strlen(SIGNATURE_END);
	}
	return cfs_digest_from_hex(hex, len, ret, &ignored) == 0;
}

/* Is it a pack?  A disk needs none: its signatures are in the fs-verity of the
 * objects. */
static bool is_pack(const char *path)
{
	struct cfs_digest ignored;

	return strncmp(path, "signatures/", strlen("signatures/")) == 0 &&
	       cfs_signature_file_of(last_of(path), &ignored) ==
		       CFS_SIGNATURE_FILE_PACK;
}

static bool is_chosen(const struct cfs_plan_walk *w, const char *path)
{
	const struct cfs_plan_choice *only = w->arg;
	struct cfs_digest id;

	return !is_pack(path) &&
	       (!only || (image_of(w, path, &id) &&
			  cfs_digest_set_has(only->images, &id)));
}

/* Adds images/, streams/ and signatures/.  Streams are of no image. */
static int add_trees(const struct source *src, unsigned parent,
		     struct cfs_err *err)
{
	static const char *const trees[] = { "images", "signatures",
					     "streams" };
	struct cfs_plan_walk w = { .plan = src->plan,
				   .dirfd = src->repo_fd,
				   .from_repo = true,
				   .arg = src->only };
	unsigned dir;
	int r = 0;

	for (size_t i = 0; r == 0 && i < CFS_ARRAY_SIZE(trees); i++) {
		w.files = strcmp(trees[i], "signatures") == 0;
		w.wanted = src->only || w.files ? is_chosen : NULL;
		r = cfs_plan_dir(src->plan, parent, trees[i], 0755, &dir, err);
		if (r == 0 && !(src->only && strcmp(trees[i], "streams") == 0))
			r = cfs_plan_walk_dir(&w, dir, trees[i], err);
	}
	return r;
}

int cfs_plan_repo(struct cfs_plan *plan, const struct cfs_repo *repo,
		  const struct cfs_plan_choice *only, struct cfs_err *err)
{
	const struct source src = { plan, repo->fd, only };
	unsigned top;
	int r = cfs_plan_start(plan, err);

	if (r < 0)
		return r;
	/* On the disk its fs-verity says that all objects have theirs. */
	if (!repo->has_meta)
		return cfs_fail(err, ENOENT,
				"the repository has no meta.json: add it with "
				"`cfsctl init --ensure`");
	plan->alg = repo->meta.alg;
	r = cfs_plan_dir(plan, 0, "composefs", CFS_REPO_MODE, &top, err);
	if (r == 0 && plan->with_signatures)
		r = cfs_sigpacks_read(repo, only ? only->images : NULL,
				      &plan->packs, err);
	if (r == 0)
		r = add_meta(plan, repo->fd, top, err);
	if (r == 0)
		r = add_objects(&src, top, err);
	return r < 0 ? r : add_trees(&src, top, err);
}
