/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Roots of a garbage collection that have no name in the repository. */
#include <fcntl.h>
#include <string.h>

#include "boot/roots.h"
#include "boot/running.h"
#include "cfsctl/gc.h"
#include "repo/link.h"
#include "repo/ref.h"

/* A search of a directory for images that are booted. */
struct search {
	struct cfs_gc *gc;
	const char *dir; /* what is found there is called @dir/... */
	bool stops;	 /* if an entry is broken */
	bool expected;	 /* what is found should be in the repository */
};

/* DIR/WHERE; the caller frees it. */
static char *path_of(const struct search *s, const char *where)
{
	size_t n = strlen(s->dir);
	bool slash = n > 0 && s->dir[n - 1] == '/';
	char *path = NULL;

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

static void report_broken(void *arg, const char *where, const char *reason)
{
	const struct search *s = arg;
	CFS_AUTOFREE char *path = path_of(s, where);
	const struct cfs_gc_finding finding = { .code = CFS_GC_UNREADABLE,
						.where = path ? path : where,
						.reason = reason,
						.stops = s->stops };

	cfs_gc_report(s->gc, &finding);
}

static int search_boot(const struct cfs_gc_options *o, const char *dir,
		       struct cfs_gc *gc, struct cfs_err *err)
{
	struct search s = { .gc = gc,
			    .dir = dir,
			    .stops = !o->ignore_broken_entries,
			    .expected = true };
	const struct cfs_boot_visitor visitor = { add, report_broken, &s };
	CFS_AUTOFD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return cfs_fail_errno(err, "--roots-from-boot %s", dir);
	r = cfs_boot_roots(fd, &visitor, err);
	return r < 0 ? r : cfs_boot_deployments(fd, &visitor, err);
}

/* state/deploy stands beside the repository, as composefs-rs and bootc have
 * it. */
static int search_deployments(const struct cfs_globals *g,
			      const struct cfs_gc_options *o,
			      const struct cfs_repo *repo, struct cfs_gc *gc,
			      struct cfs_err *err)
{
	CFS_AUTOFREE char *dir = NULL;
	struct search s = { .gc = gc,
			    .stops = o->roots_from_boot.n > 0 &&
				     !o->ignore_broken_entries };
	const struct cfs_boot_visitor visitor = { add, report_broken, &s };
	CFS_AUTOFD int fd =
		openat(repo->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return cfs_fail_errno(err, "open %s/..", g->repo);
	if (asprintf(&dir, "%s/..", g->repo) < 0) {
		dir = NULL;
		return cfs_no_memory(err);
	}
	s.dir = dir;
	return cfs_boot_deployments(fd, &visitor, err);
}

static int search_running(const struct cfs_gc_options *o, struct cfs_gc *gc,
			  struct cfs_err *err)
{
	struct search s = { .gc = gc,
			    .dir = "/",
			    .stops = o->roots_from_boot.n > 0 &&
				     !o->ignore_broken_entries };
	const struct cfs_boot_visitor visitor = { add, report_broken, &s };
	CFS_AUTOFD int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return cfs_fail_errno(err, "open /");
	return cfs_boot_running(fd, &visitor, err);
}

/* "HEX" of "sha512:HEX". */
static const char *without_alg(const char *text)
{
	for (enum cfs_alg alg = CFS_ALG_SHA256; alg <= CFS_ALG_SHA512; alg++) {
		const char *name = cfs_alg_name(alg);
		size_t n = strlen(name);

		if (strncmp(text, name, n) == 0 && text[n] == ':')
			return text + n + 1;
	}
	return text;
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
	const char *entry = without_alg(text);
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
	return cfs_fail(err, ENOENT,
			"--root %s: no image, stream or name is called that",
			text);
}

int cmd_gc_roots(const struct cfs_globals *g, const struct cfs_gc_options *o,
		 const struct cfs_repo *repo, struct cfs_gc *gc,
		 struct cfs_err *err)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < o->root.n; i++)
		r = add_named(repo, o->root.v[i], gc, err);
	for (unsigned i = 0; r == 0 && i < o->roots_from_boot.n; i++)
		r = search_boot(o, o->roots_from_boot.v[i], gc, err);
	if (r == 0)
		r = search_deployments(g, o, repo, gc, err);
	return r < 0 ? r : search_running(o, gc, err);
}
