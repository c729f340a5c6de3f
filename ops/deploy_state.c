/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/deploy_state.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "base/dir_names.h"
#include "base/io.h"
#include "erofs/reader.h"
#include "ops/etc_write.h"
#include "ops/image_map.h"
#include "ops/state_dir.h"
#include "repo/dir.h"
#include "tree/scan.h"

#define SHARED "state/os/default"
#define TO_VAR "../../os/default/var" /* from a directory of CFS_STATE_DIR */
/* Space that is left for directories and the rounding of sizes. */
#define SLACK (UINT64_C(1) << 20)

/* An image and its /etc. */
struct image {
	struct cfs_image_map map;
	struct cfs_tree *tree;
	struct cfs_node *etc; /* NULL: it has none */
};

/* A state directory that is made. */
struct job {
	const struct cfs_deploy_state *how;
	const struct cfs_digest *id;
	char hex[CFS_DIGEST_HEX_MAX];
	char temporary[CFS_DIGEST_HEX_MAX + sizeof("." CFS_STATE_NEW)];
	int parent;			 /* borrowed */
	int state, from, users, objects; /* owned */
	enum cfs_etc_layout layout;
	struct image old, new;
	struct cfs_tree *users_tree;
	struct cfs_etc_merged merged;
};

static void image_free(struct image *image)
{
	if (image->tree)
		cfs_tree_free(image->tree);
	cfs_image_unmap(&image->map);
}

static void job_free(struct job *job)
{
	cfs_closep(&job->state);
	cfs_closep(&job->from);
	cfs_closep(&job->users);
	cfs_closep(&job->objects);
	cfs_etc_merged_free(&job->merged);
	if (job->users_tree)
		cfs_tree_free(job->users_tree);
	image_free(&job->old);
	image_free(&job->new);
}

static int read_image(const struct job *job, const struct cfs_digest *id,
		      struct image *image, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	int r = cfs_image_map(job->how->access, job->how->repo, id, &image->map,
			      err);

	if (r == 0)
		r = cfs_erofs_read(image->map.bytes, 0, &image->tree, NULL,
				   err);
	if (r == 0)
		r = cfs_tree_lookup(image->tree, "/etc", &image->etc, err);
	if (r == 0 || (r > 0 && !cfs_node_is_dir(image->etc)))
		image->etc = NULL;
	if (r >= 0)
		return 0;
	cfs_digest_to_hex(id, hex);
	return cfs_ctx(err, "image %s", hex);
}

/* Does a state directory with layers have the name? */
static bool is_of_layers(const char *name)
{
	static const char *const names[] = { "upper", "work", ".upper.new" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Opens what users have of /etc, by the rules of setup-root/state.c.  -ENOENT:
 * nothing. */
static int open_users(struct job *job)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int etc = job->from < 0 ? -ENOENT : cfs_dir_open(job->from, "etc");
	int r = etc < 0 ? etc : cfs_dir_names_read(&etc, &names);

	if (r < 0)
		return r;
	for (size_t i = 0; i < names.n; i++)
		if (!is_of_layers(names.v[i].name))
			job->layout = CFS_ETC_WHOLE;
	return cfs_dir_open(job->from,
			    job->layout == CFS_ETC_WHOLE ? "etc" : "etc/upper");
}

/* Makes the tree of users who changed nothing: its root is the old /etc. */
static int make_empty(struct job *job, struct cfs_err *err)
{
	const struct cfs_node *etc = job->old.etc;
	int r = cfs_tree_new(&job->users_tree, err);
	struct cfs_node *root;

	if (r < 0 || !etc)
		return r;
	root = job->users_tree->root;
	root->mode = etc->mode;
	root->uid = etc->uid;
	root->gid = etc->gid;
	root->xattrs = etc->xattrs;
	return 0;
}

static int read_users(struct job *job, struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	struct cfs_scan scan = { 0 };
	int r;

	job->users = open_users(job);
	if (job->users == -ENOENT)
		return make_empty(job, err);
	if (job->users < 0)
		return cfs_fail_code(err, job->users, "open etc of %s",
				     CFS_STATE_DIR);
	r = cfs_digester_new(job->id->alg, 1, NULL, &digester, err);
	if (r < 0)
		return r;
	scan.digester = digester;
	r = cfs_tree_scan(job->users, &scan, &job->users_tree, err);
	return r < 0 ? cfs_ctx(err, "/etc") : 0;
}

static int merge(struct job *job, struct cfs_err *err)
{
	const struct cfs_etc_merge in = {
		.layout = job->layout,
		.old_tree = job->old.tree,
		.users_tree = job->users_tree,
		.new_tree = job->new.tree,
		.old_etc = job->old.etc,
		.new_etc = job->new.etc,
	};

	return cfs_etc_merge(&in, &job->merged, err);
}

static int read_all(struct job *job, struct cfs_err *err)
{
	bool has_from = job->from >= 0;
	int r = read_image(job, job->id, &job->new, err);

	/* Without a deployment before, the image is merged with itself. */
	if (r == 0)
		r = read_image(job, has_from ? job->how->from : job->id,
			       &job->old, err);
	if (r == 0)
		r = read_users(job, err);
	return r < 0 ? r : merge(job, err);
}

static int check_space(const struct job *job, struct cfs_err *err)
{
	uint64_t need = cfs_etc_space(&job->merged) + SLACK, have;
	struct statvfs fs;

	if (fstatvfs(job->parent, &fs) < 0)
		return cfs_fail_errno(err, "look for space for %s",
				      CFS_STATE_DIR);
	have = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (have >= need)
		return 0;
	return cfs_fail(err, ENOSPC,
			"the file system of %s has %llu bytes left, and the "
			"deployment needs %llu: `cfsctl undeploy` and "
			"`cfsctl gc` make room",
			CFS_STATE_DIR, (unsigned long long)have,
			(unsigned long long)need);
}

static int sync_state(const struct job *job, struct cfs_err *err)
{
	if (!job->how->no_sync && syncfs(job->state) < 0)
		return cfs_fail_errno(err, "sync %s", CFS_STATE_DIR);
	return 0;
}

static int sweep(const struct job *job, struct cfs_err *err)
{
	static const char *const ends[] = { CFS_STATE_NEW, CFS_STATE_REMOVED,
					    NULL };
	int r = cfs_state_sweep(job->state, ends, err);

	return r < 0 ? r : 0;
}

/* Makes the directory @path, whatever the umask is, and returns it. */
static int make_dir(int at, const char *path, struct cfs_err *err)
{
	CFS_AUTOFD int made = cfs_make_dirs(at, path, 0755);
	CFS_AUTOFD int fd = made < 0 ? made
				     : cfs_reopen(made, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return cfs_fail_code(err, fd, "make the directory %s", path);
	if (fchmod(fd, 0755) < 0)
		return cfs_fail_errno(err, "make the directory %s", path);
	return cfs_steal_fd(&fd);
}

static int write_etc(struct job *job, int dir, struct cfs_err *err)
{
	const struct cfs_etc_write write = { .merged = &job->merged,
					     .users = job->users,
					     .objects = job->objects };
	bool whole = job->layout == CFS_ETC_WHOLE;
	CFS_AUTOFD int etc = make_dir(dir, whole ? "etc" : "etc/upper", err);
	CFS_AUTOFD int work = -EBADF;

	if (etc < 0)
		return etc;
	if (!whole) {
		work = make_dir(dir, "etc/work", err);
		if (work < 0)
			return work;
	}
	return cfs_etc_write(&write, etc, err);
}

/* Says what to do when both names exist. */
static int two_vars(const struct job *job, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(job->how->from, hex);
	return cfs_fail(err, EEXIST,
			"%s/%s has a var of its own, and %s/var exists, which "
			"deployments share: move the files to one of them, and "
			"make var of the deployment a link to %s",
			CFS_STATE_DIR, hex, SHARED, TO_VAR);
}

/* Is SHARED/var the link that an interrupted run made to exchange it? */
static bool is_link(int shared)
{
	char target[sizeof(TO_VAR) + 1];
	ssize_t n = readlinkat(shared, "var", target, sizeof(target));

	return n == (ssize_t)strlen(TO_VAR) &&
	       memcmp(target, TO_VAR, (size_t)n) == 0;
}

/* Is there a var of the deployment before that cannot become that of all? */
static int check_var(const struct job *job, struct cfs_err *err)
{
	CFS_AUTOFD int own = job->from < 0 ? -ENOENT
					   : cfs_dir_open(job->from, "var");
	CFS_AUTOFD int shared = own < 0 ? own
					: cfs_dir_open(job->parent, SHARED);

	if (shared >= 0 && cfs_name_exists(shared, "var") > 0 &&
	    !is_link(shared))
		return two_vars(job, err);
	return 0;
}

/* Makes the var of the deployment before one for all, and that a link to it. */
static int share_var(const struct job *job, int shared, struct cfs_err *err)
{
	/* First, so that there are two names to exchange at once. */
	if (symlinkat(TO_VAR, shared, "var") < 0 && errno != EEXIST)
		return cfs_fail_errno(err, "make %s/var", SHARED);
	if (!is_link(shared))
		return two_vars(job, err);
	if (syscall(SYS_renameat2, job->from, "var", shared, "var",
		    RENAME_EXCHANGE) < 0)
		return cfs_fail_errno(err,
				      "exchange var of the deployment before "
				      "and %s/var",
				      SHARED);
	return 0;
}

/* Makes sure that there is one var for all. */
static int make_shared(const struct job *job, struct cfs_err *err)
{
	CFS_AUTOFD int shared = make_dir(job->parent, SHARED, err);
	CFS_AUTOFD int var = -EBADF;
	int r = shared;

	if (r >= 0)
		r = job->from < 0 ? 0 : cfs_name_exists(job->from, "var");
	if (r > 0)
		return share_var(job, shared, err);
	if (r == 0)
		r = var = make_dir(shared, "var", err);
	return r < 0 ? r : 0;
}

/* Makes var: the link that the deployment before has, or one to the var of
 * all. */
static int make_var(const struct job *job, int dir, struct cfs_err *err)
{
	char target[PATH_MAX];
	ssize_t n = job->from < 0 ? -1
				  : readlinkat(job->from, "var", target,
					       sizeof(target) - 1);
	int r = 0;

	if (n >= 0) {
		target[n] = '\0';
	} else {
		strcpy(target, TO_VAR);
		r = make_shared(job, err);
	}
	if (r == 0 && symlinkat(target, dir, "var") < 0)
		return cfs_fail_errno(err, "make var");
	return r;
}

static int write_origin(const struct job *job, int dir, struct cfs_err *err)
{
	const char *text = job->how->origin;
	char name[CFS_DIGEST_HEX_MAX + sizeof(".origin")];
	int r = 0;

	snprintf(name, sizeof(name), "%s.origin", job->hex);
	if (text && job->layout == CFS_ETC_WHOLE)
		r = cfs_replace_file(dir, name, text, strlen(text));
	return r < 0 ? cfs_fail_code(err, r, "write %s", name) : 0;
}

static int write_all(struct job *job, struct cfs_err *err)
{
	CFS_AUTOFD int dir = make_dir(job->state, job->temporary, err);
	int r = dir < 0 ? dir : write_etc(job, dir, err);

	if (r == 0)
		r = make_var(job, dir, err);
	if (r == 0)
		r = write_origin(job, dir, err);
	if (r == 0)
		r = sync_state(job, err);
	if (r < 0)
		return r;
	/* Complete and on the disk before it has its name. */
	r = cfs_rename_new(job->state, job->temporary, job->hex);
	return r < 0 ? cfs_fail_code(err, r, "rename %s to %s", job->temporary,
				     job->hex)
		     : 0;
}

/* Does the state directory have a var with files? */
static bool has_var(const struct job *job)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	char path[CFS_DIGEST_HEX_MAX + sizeof("/var")];
	int fd;

	snprintf(path, sizeof(path), "%s/var", job->hex);
	fd = cfs_dir_open(job->state, path);
	/* A link, or nothing. */
	if (fd == -ENOENT || fd == -ELOOP)
		return false;
	return fd < 0 || cfs_dir_names_read(&fd, &names) < 0 || names.n > 0;
}

static int make(struct job *job, struct cfs_err *err)
{
	int r = read_all(job, err);

	if (r == 0)
		r = check_space(job, err);
	if (r == 0)
		r = check_var(job, err);
	if (r < 0 || job->how->check)
		return r;
	/* From here on something is written. */
	r = sweep(job, err);
	if (r == 0)
		r = cfs_state_hide(job->state, job->hex, err);
	if (r >= 0)
		r = write_all(job, err);
	return r < 0 ? r : sweep(job, err);
}

/* Opens the directories.  Returns 0 if the state exists and is to stay. */
static int open_all(struct job *job, struct cfs_err *err)
{
	const struct cfs_digest *from = job->how->from;
	char hex[CFS_DIGEST_HEX_MAX];
	int r;

	job->state = job->how->check
			     ? cfs_dir_open(job->parent, CFS_STATE_DIR)
			     : make_dir(job->parent, CFS_STATE_DIR, err);
	if (job->state < 0 && job->how->check)
		return job->state == -ENOENT
			       ? 1
			       : cfs_fail_code(err, job->state,
					       "open " CFS_STATE_DIR);
	if (job->state < 0)
		return job->state;
	r = cfs_name_exists(job->state, job->hex);
	if (r < 0)
		return cfs_fail_code(err, r, "look for %s/%s", CFS_STATE_DIR,
				     job->hex);
	if (r > 0 && (!job->how->anew || has_var(job)))
		return 0;
	job->objects = cfs_repo_open_objects(job->how->repo, err);
	if (job->objects < 0)
		return job->objects;
	if (!from || cfs_digest_equal(from, job->id))
		return 1;
	cfs_digest_to_hex(from, hex);
	job->from = cfs_dir_open(job->state, hex);
	return job->from == -ENOENT || job->from >= 0
		       ? 1
		       : cfs_fail_code(err, job->from, "open %s/%s",
				       CFS_STATE_DIR, hex);
}

int cfs_deploy_state(const struct cfs_deploy_state *how, int parent,
		     const struct cfs_digest *id, struct cfs_state_made *ret,
		     struct cfs_err *err)
{
	__attribute__((cleanup(job_free))) struct job job = {
		.how = how,
		.id = id,
		.parent = parent,
		.state = -EBADF,
		.from = -EBADF,
		.users = -EBADF,
		.objects = -EBADF,
	};
	int r;

	cfs_digest_to_hex(id, job.hex);
	snprintf(job.temporary, sizeof(job.temporary), ".%s" CFS_STATE_NEW,
		 job.hex);
	r = open_all(&job, err);
	if (r > 0) {
		r = make(&job, err);
		ret->users = job.merged.users;
		cfs_etc_conflicts_free(&ret->conflicts);
		cfs_vec_move(&ret->conflicts, &job.merged.conflicts);
	} else if (r == 0) {
		ret->kept = true;
	}
	return r < 0 ? cfs_ctx(err, "the state of %s", job.hex) : 0;
}
