/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/deployments.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <strings.h>

#include "base/io.h"
#include "boot/running.h"
#include "ops/pin.h"
#include "ops/state_dir.h"
#include "ops/whole.h"
#include "repo/find.h"
#include "repo/name.h"

/* A list that is made. */
struct job {
	const struct cfs_repo *repo;
	const struct cfs_deployments_params *params;
	int sysroot, boot, root; /* descriptors; boot may be -EBADF */
	const char *dir;	 /* that is looked through, for reports */
	struct cfs_deployments *to;
	struct cfs_digest booted; /* if has_booted */
	bool has_booted;
};

static void free_deployment(struct cfs_deployment *d)
{
	free(d->unverified);
	cfs_origin_file_free(&d->origin);
	cfs_vec_free(&d->entries);
}

void cfs_deployments_free(struct cfs_deployments *list)
{
	for (size_t i = 0; i < list->n; i++)
		free_deployment(&list->v[i]);
	cfs_vec_free(list);
	cfs_boot_entries_free(&list->entries);
	cfs_loader_free(&list->loader);
	cfs_vec_free(&list->order);
}

/* Reports @where below the directory that is looked through. */
static void report(void *arg, const char *where, const char *reason)
{
	const struct job *job = arg;
	size_t n = strlen(job->dir);
	CFS_AUTOFREE char *path = NULL;

	if (*where == '/')
		where++;
	if (asprintf(&path, "%s%s%s", job->dir,
		     n > 0 && job->dir[n - 1] == '/' ? "" : "/", where) < 0)
		path = NULL;
	job->params->broken(job->params->arg, path ? path : where, reason);
}

int cfs_deployments_complete(const struct cfs_deployments *list,
			     struct cfs_err *err)
{
	const struct cfs_boot_entries *entries = &list->entries;

	return entries->unread ? cfs_fail_code(err, -entries->unread_error,
					       "read all boot entries: %s",
					       entries->unread)
			       : 0;
}

struct cfs_deployment *cfs_deployments_find(const struct cfs_deployments *list,
					    const struct cfs_digest *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (cfs_digest_equal(&list->v[i].id, id))
			return &list->v[i];
	return NULL;
}

/* The deployment of @id, which is added if it is new; NULL without memory. */
static struct cfs_deployment *get(struct cfs_deployments *list,
				  const struct cfs_digest *id)
{
	struct cfs_deployment *d = cfs_deployments_find(list, id);

	if (!d && (d = cfs_vec_new(list)))
		d->id = *id;
	return d;
}

/* The state directory of @id; links may lead about the physical root, as they
 * may at boot. */
static bool has_state(const struct job *job, const struct cfs_digest *id)
{
	char path[sizeof(CFS_STATE_DIR "/") + CFS_DIGEST_HEX_MAX] =
		CFS_STATE_DIR "/";
	CFS_AUTOFD int fd = -EBADF;

	cfs_digest_to_hex(id, path + strlen(path));
	fd = cfs_openat2(job->sysroot, path, O_PATH | O_DIRECTORY, 0,
			 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	return fd >= 0;
}

static bool is_in_repo(const struct job *job, const struct cfs_digest *id)
{
	char path[sizeof("images/") + CFS_DIGEST_HEX_MAX] = "images/";

	cfs_digest_to_hex(id, path + strlen(path));
	return cfs_name_exists(job->repo->fd, path) == 1;
}

/* The image that @entry boots: as at boot, the first one that is there, and of
 * these the first one that has state, if any has. */
static const struct cfs_digest *image_of(const struct job *job,
					 const struct cfs_boot_entry *entry)
{
	const struct cfs_digest *present = NULL;

	for (size_t i = 0; i < entry->images.n; i++) {
		const struct cfs_digest *id = &entry->images.v[i];

		if (!is_in_repo(job, id))
			continue;
		if (has_state(job, id))
			return id;
		present = present ? present : id;
	}
	return present || entry->images.n == 0 ? present : &entry->images.v[0];
}

static int add_entry(const struct job *job, size_t i, struct cfs_err *err)
{
	const struct cfs_boot_entry *entry = &job->to->entries.v[i];
	const struct cfs_digest *id = image_of(job, entry);
	struct cfs_deployment *d = id ? get(job->to, id) : NULL;

	if (!id)
		return 0;
	if (!d || !cfs_vec_add(&d->entries, i))
		return cfs_no_memory(err);
	d->staged |= entry->staged;
	return 0;
}

/* The deployment that the entry @i boots, or NULL. */
static struct cfs_deployment *owner(struct cfs_deployments *list, size_t i)
{
	for (size_t k = 0; k < list->n; k++)
		for (size_t m = 0; m < list->v[k].entries.n; m++)
			if (list->v[k].entries.v[m] == i)
				return &list->v[k];
	return NULL;
}

/* Marks what is started next, which is the first of the order, and what is
 * started in its place, unless that is another system. */
static void mark_next(struct cfs_deployments *list)
{
	struct cfs_deployment *next = NULL;

	for (size_t i = 0; i < list->order.n; i++) {
		size_t at = list->order.v[i];
		struct cfs_deployment *d = owner(list, at);

		if (i == 0) {
			next = d;
			if (d)
				d->next = true;
		} else if (!(d && d == next) &&
			   list->entries.v[at].tries_left != 0) {
			if (d)
				d->fallback = true;
			return;
		}
	}
}

static int add_entries(const struct job *job, struct cfs_err *err)
{
	const struct cfs_boot_order *order = &job->to->order;
	int r = 0;

	for (size_t i = 0; r == 0 && i < order->n; i++)
		r = add_entry(job, order->v[i], err);
	/* Entries that the loader does not offer, and staged ones, come
	 * last. */
	for (size_t i = 0; r == 0 && i < job->to->entries.n; i++) {
		const struct cfs_boot_entry *entry = &job->to->entries.v[i];

		if (!entry->offered || entry->staged)
			r = add_entry(job, i, err);
	}
	return r;
}

static bool names(const struct cfs_boot_entry *entry,
		  const struct cfs_digest *id)
{
	for (size_t i = 0; i < entry->images.n; i++)
		if (cfs_digest_equal(&entry->images.v[i], id))
			return true;
	return false;
}

/* Is the running system one of these deployments? */
static bool is_here(const struct job *job)
{
	const struct cfs_boot_entries *entries = &job->to->entries;

	if (!job->has_booted)
		return false;
	for (size_t i = 0; i < entries->n; i++)
		if (names(&entries->v[i], &job->booted))
			return true;
	return has_state(job, &job->booted);
}

static void warn_of_loader(struct job *job)
{
	const struct cfs_loader *loader = &job->to->loader;

	if (!cfs_loader_is_systemd_boot(loader))
		job->params->broken(job->params->arg,
				    loader->info ? loader->info
						 : "unknown boot loader",
				    "not systemd-boot, by whose rules the next "
				    "deployment is found out");
}

static int read_boot(struct job *job, struct cfs_err *err)
{
	struct cfs_deployments *list = job->to;
	int r;

	if (job->boot < 0)
		return 0;
	job->dir = job->params->boot;
	r = cfs_boot_entries_read(job->boot, report, job, &list->entries, err);
	list->here = is_here(job);
	if (r == 0)
		/* EFI variables are about the running system, and no other. */
		r = cfs_loader_read(job->boot, list->here ? job->root : -EBADF,
				    report, job, &list->loader, err);
	if (r == 0 && list->here)
		warn_of_loader(job);
	if (r == 0)
		r = cfs_loader_order(&list->loader, &list->entries,
				     &list->order, err);
	if (r == 0)
		r = add_entries(job, err);
	if (r == 0)
		mark_next(list);
	return r;
}

static int add_state(void *arg, const char *where, const struct cfs_digest *id,
		     struct cfs_err *err)
{
	struct job *job = arg;
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
	if (strcmp(where + strlen(CFS_STATE_DIR "/"), hex) != 0)
		report(job, where, "its name is not in lower case");
	else if (!has_state(job, id))
		report(job, where, "not a directory");
	else if (!get(job->to, id))
		return cfs_no_memory(err);
	return 0;
}

static int read_state(struct job *job, struct cfs_err *err)
{
	const struct cfs_boot_visitor visitor = { add_state, report, job };

	job->dir = job->params->sysroot;
	return cfs_boot_deployments(job->sysroot, &visitor, err);
}

/* The marker says what was booted, or else the mount of the root. */
static int add_running(void *arg, const char *where,
		       const struct cfs_digest *id, struct cfs_err *err)
{
	struct job *job = arg;

	(void)err;
	if (strcmp(where, CFS_BOOT_MARKER) == 0 ||
	    (!job->has_booted && strcmp(where, "/") == 0)) {
		job->booted = *id;
		job->has_booted = true;
	}
	return 0;
}

static int read_running(struct job *job, struct cfs_err *err)
{
	const struct cfs_boot_visitor visitor = { add_running, report, job };

	job->dir = job->params->root;
	return cfs_boot_running(job->root, &visitor, err);
}

static int verify(const struct job *job, struct cfs_deployment *d,
		  struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_err why = { 0 };
	int r;

	cfs_digest_to_hex(&d->id, hex);
	r = cfs_require_whole(job->repo, &d->id, hex, &why);
	d->verified = r == 0;
	if (r < 0)
		d->unverified = strdup(why.msg);
	return r == -ENOMEM || (r < 0 && !d->unverified) ? cfs_no_memory(err)
							 : 0;
}

/* @state: the directory of deployments, or -errno without one. */
static int look(struct job *job, struct cfs_deployment *d, int state,
		struct cfs_err *err)
{
	struct cfs_err why = { 0 };

	d->booted = job->has_booted && cfs_digest_equal(&d->id, &job->booted);
	d->pinned = cfs_is_pinned(job->repo, &d->id);
	d->has_state = has_state(job, &d->id);
	if (verify(job, d, err) < 0)
		return -err->code;
	if (state < 0 ||
	    cfs_origin_file_read(state, &d->id, &d->origin, &why) >= 0)
		return 0;
	if (why.code == ENOMEM)
		return cfs_no_memory(err);
	report(job, CFS_STATE_DIR, why.msg);
	return 0;
}

static int look_at_all(struct job *job, struct cfs_err *err)
{
	CFS_AUTOFD int state = cfs_open_beneath(job->sysroot, CFS_STATE_DIR,
						O_PATH | O_DIRECTORY);
	int r = 0;

	job->dir = job->params->sysroot;
	for (size_t i = 0; r == 0 && i < job->to->n; i++)
		r = look(job, &job->to->v[i], state, err);
	return r;
}

static int read_all(struct job *job, struct cfs_err *err)
{
	int r = read_running(job, err);

	if (r == 0)
		r = read_boot(job, err);
	if (r == 0)
		r = read_state(job, err);
	return r < 0 ? r : look_at_all(job, err);
}

static int open_dir(const char *path, const char *what, struct cfs_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? cfs_fail_errno(err, "%s %s", what, path) : fd;
}

int cfs_deployments_read(const struct cfs_repo *repo,
			 const struct cfs_deployments_params *params,
			 struct cfs_deployments *ret, struct cfs_err *err)
{
	CFS_AUTODEPLOYMENTS struct cfs_deployments list = { 0 };
	CFS_AUTOFD int sysroot = -EBADF, boot = -EBADF, root = -EBADF;
	struct job job = { .repo = repo, .params = params, .to = &list };
	int r;

	sysroot = open_dir(params->sysroot, "the physical root", err);
	if (sysroot >= 0)
		root = open_dir(params->root, "the root directory", err);
	if (sysroot < 0 || root < 0)
		return -err->code;
	if (params->boot) {
		boot = open_dir(params->boot, "the boot partition", err);
		if (boot < 0)
			return boot;
	}
	job.sysroot = sysroot;
	job.boot = boot;
	job.root = root;
	r = read_all(&job, err);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct cfs_deployments){ 0 };
	return 0;
}

bool cfs_deployment_boots(const struct cfs_deployments *list,
			  const struct cfs_deployment *d, size_t *ret)
{
	if (!d->verified || !d->has_state)
		return false;
	for (size_t i = 0; i < d->entries.n; i++) {
		const struct cfs_boot_entry *entry =
			&list->entries.v[d->entries.v[i]];

		if (entry->offered && !entry->staged &&
		    entry->tries_left != 0) {
			*ret = d->entries.v[i];
			return true;
		}
	}
	return false;
}

static int name_by_digits(const struct cfs_deployments *list, const char *text,
			  struct cfs_digest *ret, struct cfs_err *err)
{
	enum cfs_alg alg;
	const char *digits = cfs_name_digits(text, &alg);
	size_t n = strlen(digits);
	unsigned matches = 0;

	for (size_t i = 0; n >= CFS_FIND_DIGITS_MIN && i < list->n; i++) {
		char hex[CFS_DIGEST_HEX_MAX];

		cfs_digest_to_hex(&list->v[i].id, hex);
		if (strncasecmp(hex, digits, n) == 0) {
			*ret = list->v[i].id;
			matches++;
		}
	}
	return matches > 1 ? cfs_fail(err, ENOTUNIQ,
				      "%u deployments have digests that begin "
				      "with %s",
				      matches, digits)
			   : (int)matches;
}

int cfs_deployments_name(const struct cfs_deployments *list,
			 const struct cfs_repo *repo, const char *text,
			 struct cfs_digest *ret, struct cfs_err *err)
{
	struct cfs_digest id;
	int r = cfs_image_find(repo, text, &id, err);

	/* The image may be gone, so that only entries or state have its
	 * digest. */
	if (r == 0)
		r = name_by_digits(list, text, &id, err);
	if (r <= 0 || !cfs_deployments_find(list, &id))
		return r < 0 ? r : 0;
	*ret = id;
	return 1;
}
