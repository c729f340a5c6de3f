/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/collect.h"

#include <fcntl.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "boot/roots.h"
#include "boot/running.h"
#include "oci/subject.h"
#include "ops/access.h"
#include "repo/link.h"
#include "repo/name.h"
#include "repo/store.h"

/* A search of a directory for images that are booted. */
struct search {
	struct cfs_gc *gc;
	const char *dir;  /* what is found there is called @dir/... */
	bool stops;	  /* if an entry is broken */
	const char *list; /* stops if this is, or NULL: a list of entries */
	bool expected;	  /* what is found should be in the repository */
	int unread;	  /* stops if this is set: see cfs_boot_visitor */
};

/* DIR/WHERE, or DIR if WHERE is "."; the caller frees it. */
static char *path_of(const struct search *s, const char *where)
{
	size_t n = strlen(s->dir);
	bool slash = n > 0 && s->dir[n - 1] == '/';
	char *path = NULL;

	if (strcmp(where, ".") == 0)
		return strdup(s->dir);
	if (*where == '/')
		where++;
	if (asprintf(&path, "%s%s%s", s->dir, slash ? "" : "/", where) < 0)
		return NULL;
	return path;
}

static int add(void *arg, const char *where, const struct cfs_digest *id,
	       struct cfs_err *err)
{
	const struct search *s = arg;
	CFS_AUTOFREE char *path = path_of(s, where);
	char hex[CFS_DIGEST_HEX_MAX], reason[CFS_DIGEST_HEX_MAX + 64];
	struct cfs_gc_finding finding = { .code = CFS_GC_MISSING_ROOT,
					  .where = path,
					  .reason = reason };
	int r;

	if (!path)
		return cfs_no_memory(err);
	r = cfs_gc_add_root(s->gc, path, id, err);
	if (r == 0 && s->expected) {
		cfs_digest_to_hex(id, hex);
		snprintf(reason, sizeof(reason),
			 "it boots image %s, which the repository lacks", hex);
		cfs_gc_report(s->gc, &finding);
	}
	return r < 0 ? r : 0;
}

/* Is @where what says which entries there are? */
static bool is_list(const struct search *s, const char *where)
{
	return s->list && strcmp(s->list, where) == 0;
}

static void report_broken(void *arg, const char *where, const char *reason)
{
	const struct search *s = arg;
	CFS_AUTOFREE char *path = path_of(s, where);
	const struct cfs_gc_finding finding = { .code = CFS_GC_UNREADABLE,
						.where = path ? path : where,
						.reason = reason,
						.stops = s->stops ||
							 s->unread != 0 ||
							 is_list(s, where) };

	cfs_gc_report(s->gc, &finding);
}

static int search_boot(const struct cfs_collect *params, const char *dir,
		       struct cfs_gc *gc, struct cfs_err *err)
{
	struct search s = { .gc = gc,
			    .dir = dir,
			    .stops = !params->ignore_broken,
			    .expected = true };
	const struct cfs_boot_visitor visitor = { add, report_broken, &s };
	CFS_AUTOFD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return cfs_fail_errno(err, "--roots-from-boot %s", dir);
	r = cfs_boot_roots(fd, &visitor, err);
	return r < 0 ? r : cfs_boot_deployments(fd, &visitor, err);
}

/* Keeps the images of the system's repository that its boot partition can boot,
 * without being told to.  The partition may be absent, or hold entries of other
 * systems too, so an entry that cannot be read is only a warning. */
static int search_usual_boot(const struct cfs_collect *params,
			     struct cfs_gc *gc, struct cfs_err *err)
{
	struct search s = { .gc = gc, .dir = CFS_SYSTEM_BOOT };
	const struct cfs_boot_visitor visitor = { add, report_broken, &s };
	CFS_AUTOFD int fd = -EBADF;

	if (params->n_boot > 0 || strcmp(params->path, CFS_SYSTEM_REPO) != 0)
		return 0;
	fd = open(CFS_SYSTEM_BOOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (cfs_name_exists(fd, "loader/entries") != 1 &&
		       cfs_name_exists(fd, "EFI/Linux") != 1))
		return 0;
	return cfs_boot_roots(fd, &visitor, err);
}

/* Whoever names a boot partition wants to be sure of the rest, too. */
static bool broken_stops(const struct cfs_collect *params)
{
	return params->n_boot > 0 && !params->ignore_broken;
}

/* state/deploy stands beside the repository, as composefs-rs and bootc have
 * it. */
static int search_deployments(const struct cfs_repo *repo,
			      const struct cfs_collect *params,
			      struct cfs_gc *gc, struct cfs_err *err)
{
	CFS_AUTOFREE char *dir = NULL;
	/* A foreign entry is no deployment; without the list none is known. */
	struct search s = { .gc = gc,
			    .stops = broken_stops(params),
			    .list = params->ignore_broken ? NULL
							  : "state/deploy" };
	const struct cfs_boot_visitor visitor = { add, report_broken, &s };
	CFS_AUTOFD int fd =
		openat(repo->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return cfs_fail_errno(err, "open %s/..", params->path);
	if (asprintf(&dir, "%s/..", params->path) < 0) {
		dir = NULL;
		return cfs_no_memory(err);
	}
	s.dir = dir;
	return cfs_boot_deployments(fd, &visitor, err);
}

static int search_running(const struct cfs_collect *params, struct cfs_gc *gc,
			  struct cfs_err *err)
{
	struct search s = { .gc = gc,
			    .dir = "/",
			    .stops = broken_stops(params) };
	/* A file that cannot be parsed may belong to another program; one that
	 * cannot be read may name the image that this system runs from. */
	const struct cfs_boot_visitor visitor = {
		.found = add,
		.broken = report_broken,
		.arg = &s,
		.unread = params->ignore_broken ? NULL : &s.unread,
	};
	CFS_AUTOFD int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return cfs_fail_errno(err, "open /");
	return cfs_boot_running(fd, &visitor, err);
}

/* Names below refs/ are roots anyway. */
static bool is_name(const struct cfs_repo *repo, const char *text)
{
	static const char *const tops[] = { "images/refs", "streams/refs" };
	char last[CFS_LINK_MAX];
	struct cfs_err ignored;

	if (strncmp(text, "refs/", strlen("refs/")) == 0)
		text += strlen("refs/");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(tops); i++)
		if (cfs_link_get(repo, tops[i], text, last, &ignored) == 1)
			return true;
	return false;
}

static int add_named(const struct cfs_repo *repo, const char *text,
		     struct cfs_gc *gc, struct cfs_err *err)
{
	const struct cfs_gc_finding finding = {
		.code = CFS_GC_MISSING_ROOT,
		.where = text,
		.reason = "the repository has no such image",
	};
	enum cfs_alg alg;
	const char *entry = cfs_name_digits(text, &alg);
	struct cfs_digest id;
	struct cfs_err ignored;
	int r = cfs_gc_add_named(gc, text, entry, err);

	if (r != 0 || is_name(repo, text))
		return r < 0 ? r : 0;
	/* A deployment may have lost its image, and that is no reason to keep
	 * everything else; a typing error is. */
	if (cfs_digest_from_hex(entry, strlen(entry), &id, &ignored) == 0) {
		cfs_gc_report(gc, &finding);
		return 0;
	}
	(void)cfs_fail(err, ENOENT,
		       "--root %s: no image, stream or name is called that",
		       text);
	return cfs_err_path(err, text);
}

/* Adds the roots that have no name in the repository. */
static int add_roots(const struct cfs_repo *repo,
		     const struct cfs_collect *params, struct cfs_gc *gc,
		     struct cfs_err *err)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < params->n_roots; i++)
		r = add_named(repo, params->roots[i], gc, err);
	for (unsigned i = 0; r == 0 && i < params->n_boot; i++)
		r = search_boot(params, params->boot[i], gc, err);
	if (r == 0)
		r = search_usual_boot(params, gc, err);
	if (r == 0)
		r = search_deployments(repo, params, gc, err);
	return r < 0 ? r : search_running(params, gc, err);
}

/* Gets the lock that keeps others from adding objects. */
static int lock_alone(const struct cfs_repo *repo,
		      const struct cfs_collect *params, struct cfs_err *err)
{
	int r = cfs_repo_check_writable(repo, err);

	if (r < 0)
		return cfs_ctx(err, "repository %s", params->path);
	r = cfs_repo_lock(repo, CFS_LOCK_EXCLUSIVE, params->waiting, err);
	if (r == 0)
		return cfs_fail(err, ENOLCK,
				"%s: this file system has no locks, and "
				"without one the objects that another process "
				"is adding would be lost; use a file system "
				"with flock(2)",
				params->path);
	return r < 0 ? r : 0;
}

int cfs_collect_garbage(const struct cfs_repo *repo,
			const struct cfs_collect *params, struct cfs_gc **ret,
			struct cfs_gc_result *ret_result, struct cfs_err *err)
{
	const struct cfs_gc_params gc_params = { .found = params->found,
						 .arg = params->arg,
						 .subject = cfs_oci_subject };
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	int r = params->how == CFS_GC_COUNT ? 0 : lock_alone(repo, params, err);

	if (r == 0)
		r = cfs_gc_new(repo, &gc_params, &gc, err);
	if (r == 0)
		r = add_roots(repo, params, gc, err);
	if (r == 0)
		r = cfs_gc_mark(gc, err);
	if (r == 0 && cfs_gc_stops(gc) == 0)
		r = cfs_gc_sweep(gc, params->how, ret_result, err);
	if (r == 0)
		*ret = cfs_steal_ptr(&gc);
	return r;
}
